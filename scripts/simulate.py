"""Simulate the paper's figures, the same as `yolo simulate`.

python scripts/simulate.py setup=1
python scripts/simulate.py field=focal_eiou
"""

import sys

from yolo_feiou.cli import main

sys.argv.insert(1, "simulate")
main()

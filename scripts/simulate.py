"""Simulate the paper's figures: `yolo simulate`, for a checkout that is not installed.

python scripts/simulate.py setup=1
python scripts/simulate.py field=focal_eiou
"""

import sys

from yolo_feiou.cli import main

sys.argv.insert(1, "simulate")
main()

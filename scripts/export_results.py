"""Evaluate finished runs, the same as `yolo export-results`.

python scripts/export_results.py runs/coco/ciou runs/coco/focal_eiou out=runs/coco
python scripts/export_results.py runs/coco/focal_eiou onnx=True submission=focal_eiou
"""

import sys

from yolo_feiou.cli import main

sys.argv.insert(1, "export-results")
main()

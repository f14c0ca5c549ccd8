"""Evaluate finished runs: rows for `yolo report`, model cards, and on demand ONNX and a submission to COCO's server.

python scripts/export_results.py runs/coco/ciou runs/coco/focal_eiou out=runs/coco
python scripts/export_results.py runs/coco/focal_eiou onnx=True submission=focal_eiou
"""

from yolo_feiou.export.command import main

main()

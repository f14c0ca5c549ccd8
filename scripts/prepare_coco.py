"""Make COCO 2017, or a data set of your own with COCO-style JSON, ready for Ultralytics; see data/README.md.

python scripts/prepare_coco.py out=datasets/coco
python scripts/prepare_coco.py out=datasets/coco source=/data/coco
python scripts/prepare_coco.py out=datasets/mine train=train.json val=val.json images=photos
"""

from yolo_feiou.datasets.coco.command import main

main()

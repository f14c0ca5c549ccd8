"""Make COCO 2017, or a data set of your own with COCO-style JSON, ready, the same as `yolo prepare coco`.

python scripts/prepare_coco.py out=datasets/coco
python scripts/prepare_coco.py out=datasets/coco source=/data/coco
python scripts/prepare_coco.py out=datasets/mine train=train.json val=val.json images=photos
"""

import sys

from yolo_feiou.cli import main

sys.argv[1:1] = ["prepare", "coco"]
main()

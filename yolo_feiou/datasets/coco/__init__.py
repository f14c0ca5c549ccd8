"""COCO 2017, and any data set with COCO-style JSON, made ready for Ultralytics: `scripts/prepare_coco.py`."""

"""COCO 2017, and any data set with COCO-style JSON, made ready for Ultralytics: `yolo prepare coco`."""

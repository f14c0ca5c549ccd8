"""Data sets with VOC XML, made ready for Ultralytics: `yolo prepare voc`."""

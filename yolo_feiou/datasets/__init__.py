"""Data sets: COCO and COCO-style JSON, and the synthetic `shapes`."""

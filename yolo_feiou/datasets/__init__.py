"""Data sets: COCO in whatever form it comes, and the synthetic `shapes`."""

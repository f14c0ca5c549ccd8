"""Data sets, models and detections, see `tests/detection.py`."""

from tests.detection import bccd, coco_tiny, detecting, model  # noqa: F401  # fixtures

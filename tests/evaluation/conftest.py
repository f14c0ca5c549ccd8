"""Data sets, models and detections, see `tests/detection.py` and `three_images.py`."""

from tests.detection import bccd, coco_tiny, detecting, model  # noqa: F401  # fixtures
from tests.evaluation.three_images import given, row_of  # noqa: F401  # fixtures

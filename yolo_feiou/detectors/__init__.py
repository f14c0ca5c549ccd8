"""Detectors that aren't YOLO, on torchvision's: positives, their box loss, and how detections are merged."""

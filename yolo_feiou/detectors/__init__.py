"""Detectors of torchvision and in its manner: which anchors learn which object, and how detections are merged."""

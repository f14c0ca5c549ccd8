"""`yolo check`: check a box loss for the known mistakes of public code.

A new check is a function from a `CheckedLoss` to a `Finding` or None, and a line in `catalogue.CHECKS`.
"""

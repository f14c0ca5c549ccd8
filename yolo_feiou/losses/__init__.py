"""The mathematics: losses of a pair of boxes, and weights to focus them. Nothing here knows of Ultralytics.

`iou.py`, `l1.py` and `focal.py` have the formulas on the geometry of `boxes.py`, `rotated.py` those of rotated boxes on
that of `rotated_boxes.py`, `table.py` a row for each loss: a new one is a function and a row. `spec.py` parses a spec,
`build.py` makes a loss of it, `box_loss.py` has its mean over a batch.
"""

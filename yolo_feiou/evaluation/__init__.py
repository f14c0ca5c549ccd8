"""One row of official COCO metrics for a trained model: ground truth, detections, evaluator, row.

`run.evaluate` does it all; `saved.evaluate_again` does it from the files that the first one leaves, without the model,
the data set or Ultralytics. `labels.py`, `detections.py` and `quiet.py` alone know Ultralytics.
"""

"""Box-regression losses per pair of boxes, and focal weights. Nothing here imports Ultralytics."""

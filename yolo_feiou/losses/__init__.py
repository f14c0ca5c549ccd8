"""The mathematics: losses of a pair of boxes, and weights to focus them. Nothing here knows of Ultralytics."""

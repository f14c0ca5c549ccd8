"""Training of the detectors in `detectors/` by PyTorch Lightning, on the data that `yolo/` reads."""

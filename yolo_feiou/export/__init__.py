"""From finished runs of Ultralytics' to what is handed on: rows for a report, model cards, ONNX, and submissions.

`command.export` does it all: `runs` reads a run's folder, `measured` evaluates it once, `results` puts its row beside
those of other runs, `card`, `onnx` and `submission` write the files beside the weights.
"""

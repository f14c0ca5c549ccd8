"""From finished runs to what is handed on: rows for a report, model cards, ONNX, and submissions.

`command.export` does it all: `runs.py` reads a run's folder, `kept_evaluation.py` evaluates it once, `results.py` puts
its row beside those of other runs, `card.py`, `onnx.py` and `submission.py` write the files beside the weights.
What differs between YOLO and detectors beside it is asked of a `framework.ExportFramework`.
"""

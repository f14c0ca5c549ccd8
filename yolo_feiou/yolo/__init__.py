"""All that knows Ultralytics: models, trainers, criteria, data sets and the command as Ultralytics has them.

`command.py` is `yolo train` and its siblings, `model.py` and `trainer.py` are `YOLO` and its trainers, `criterion.py`
swaps the box loss, `proof.py` proves that it was computed, `resume_state.py` makes a resume exact, `framework.py` is
what `ablation/` asks for.
"""

"""One row of official COCO metrics: ground truth, predictions, evaluator, row. No framework is imported here.

`source.py` says which ground truth a split has, `objects.py` checks its objects, `truth.py` holds them in COCO's form,
`metrics.py` makes the row with one of `evaluators.py`, and `matched.py` adds the IoU of matched predictions. `saved.py`
keeps all of it as files, from which `evaluate_again` recomputes the row; `rehearsal.py` does the checks before a model
is there.
"""

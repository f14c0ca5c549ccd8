"""The options of an evaluation name what there is."""

import pytest

from yolo_feiou.errors import ArgumentError
from yolo_feiou.evaluation.evaluators import FASTER, REFERENCE, find_evaluator_version
from yolo_feiou.evaluation.options import EVALUATION_OPTIONS
from yolo_feiou.parameters import read_arguments

DEFAULTS = {option.name: option.default for option in EVALUATION_OPTIONS}


def test_without_a_word_best_weights_are_evaluated_on_val_by_the_fast_evaluator():
    assert DEFAULTS == {"split": "val", "weights": "best", "evaluator": FASTER, "annotations": ""}


@pytest.mark.parametrize("name", [FASTER, REFERENCE])
def test_each_evaluator_can_be_named(name):
    assert read_arguments("it", [f"evaluator={name}"], EVALUATION_OPTIONS) == {"evaluator": name}
    assert find_evaluator_version(name)


@pytest.mark.parametrize("word", ["evaluator=coco", "weights=first"])
def test_no_other_is_taken(word):
    with pytest.raises(ArgumentError, match=f"{word} is not one of"):
        read_arguments("it", [word], EVALUATION_OPTIONS)

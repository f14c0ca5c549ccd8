"""The training arguments that are known by name are those of the Ultralytics that is installed."""

from ultralytics.cfg import DEFAULT_CFG_DICT

from yolo_feiou.results.arguments import (
    DETECTOR_ARGUMENTS,
    DETECTOR_USUAL_VALUES,
    EXTRA_ARGUMENTS,
    LOCATION_ARGUMENTS,
    NEUTRAL_ARGUMENTS,
    NUMERIC_ARGUMENTS,
    OTHER_ARGUMENTS,
    USUAL_VALUES,
    get_usual_values,
)
from yolo_feiou.results.published import PAPER_SETUP

KNOWN = {*NUMERIC_ARGUMENTS, *OTHER_ARGUMENTS, "seed", "device", "loss"}


def test_all_arguments_are_known_by_name():
    assert {*DEFAULT_CFG_DICT, *EXTRA_ARGUMENTS} <= KNOWN
    assert {*NEUTRAL_ARGUMENTS, *LOCATION_ARGUMENTS} <= {*KNOWN, "save_dir", "session"}


def test_arguments_with_a_number_as_their_default_are_numeric_and_have_that_default():
    """An older release has multi_scale=False, which is 0."""
    numbers = {k: v for k, v in DEFAULT_CFG_DICT.items() if isinstance(v, int | float) and not isinstance(v, bool)}
    del numbers["seed"]
    assert numbers.keys() <= NUMERIC_ARGUMENTS.keys()
    there = NUMERIC_ARGUMENTS.keys() & DEFAULT_CFG_DICT.keys()
    assert {name: NUMERIC_ARGUMENTS[name] for name in there} == {name: DEFAULT_CFG_DICT[name] for name in there}


def test_detectors_have_arguments_and_usual_values_of_their_own():
    """A detector never counts as trained with mosaic, and what it shares with YOLO by name has its own default."""
    assert not DETECTOR_ARGUMENTS.keys() & KNOWN
    assert DETECTOR_USUAL_VALUES.keys() <= {*KNOWN, *DETECTOR_ARGUMENTS}
    assert get_usual_values("atss") is DETECTOR_USUAL_VALUES and get_usual_values(None) is USUAL_VALUES
    assert "mosaic" not in get_usual_values("atss") and get_usual_values("")["mosaic"] == 1
    assert {name: get_usual_values("paa")[name] for name in ("iterations", "imgsz", "batch")} == {
        name: PAPER_SETUP[name] for name in ("iterations", "imgsz", "batch")
    }

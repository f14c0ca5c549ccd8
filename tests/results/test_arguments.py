"""The training arguments that are known by name are those of the Ultralytics that is installed."""

from ultralytics.cfg import DEFAULT_CFG_DICT

from yolo_feiou.results.arguments import (
    EXTRA_ARGUMENTS,
    LOCATION_ARGUMENTS,
    NEUTRAL_ARGUMENTS,
    NUMERIC_ARGUMENTS,
    OTHER_ARGUMENTS,
)

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

"""What makes a run what it is, in one spelling."""

import pytest

from yolo_feiou.results.settings import TrainingSettings, digest_settings

DEFAULTS = {"epochs": 100, "box": 7.5, "lr0": 0.01, "cos_lr": False, "patience": 1, "workers": 8, "loss": "stock"}


def identify(*, gain="same", contents=None, **arguments):
    return TrainingSettings(arguments, gain=gain, contents=contents or {}).identify(DEFAULTS)


@pytest.mark.parametrize(
    "arguments",
    [{}, {"epochs": 100}, {"epochs": 100.0}, {"box": 7.5}, {"cos_lr": False}, {"workers": 2}, {"plots": False}],
    ids=str,
)
def test_a_default_and_what_has_no_effect_make_no_other_run(arguments):
    assert identify(loss="eiou", **arguments) == {"loss": "eiou", "gain": "same"}


def test_a_whole_number_has_one_spelling():
    assert identify(epochs=50.0) == {"epochs": 50, "gain": "same"} and type(identify(epochs=50.0)["epochs"]) is int


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [({"cos_lr": 0}, {"cos_lr": 0}), ({"patience": True}, {"patience": True}), ({"new": None}, {})],
    ids=str,
)
def test_true_and_false_are_no_numbers(arguments, kept):
    """0 is not False, and 1 not True: equal in Python, other settings. An unknown argument is None by default."""
    found = identify(**arguments)
    assert found == {**kept, "gain": "same"} and [type(one) for one in found.values()] == [
        *map(type, kept.values()),
        str,
    ]


def test_contents_of_files_and_a_matched_gain_are_settings():
    assert identify(gain="matched", contents={"data": "0123456789"}) == {"data holds": "0123456789", "gain": "matched"}


def test_a_digest_is_of_all_settings_in_any_order():
    one = digest_settings({"loss": "eiou", "seed": 0})
    assert len(one) == 10 and int(one, 16) >= 0
    assert digest_settings({"seed": 0, "loss": "eiou"}) == one
    assert (
        len({one, digest_settings({"loss": "eiou", "seed": False}), digest_settings({"loss": "eiou", "seed": "0"})})
        == 3
    )

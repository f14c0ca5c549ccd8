"""What all statistics of a report agree on."""

from yolo_feiou.results.levels import ALPHA, ROUNDING


def test_they_are_what_messages_and_captions_say():
    """ "95 %" and "p < .05" are written out there; metrics lie on disk with 7 significant digits."""
    assert (ALPHA, ROUNDING) == (0.05, 1e-7)

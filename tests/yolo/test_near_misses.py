"""What is said of words and arguments that `yolo` doesn't know, and what Ultralytics logs with it."""

import sys

import pytest
from ultralytics import cfg
from ultralytics.utils import LOGGER

from yolo_feiou.errors import ArgumentError
from yolo_feiou.yolo.near_misses import tell_unknown_words


@pytest.fixture
def read(monkeypatch, caplog):
    """Lets Ultralytics read a command within the block, and returns what it logged."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["yolo", *words])
        monkeypatch.setattr(cfg, "ARGV", sys.argv)
        with tell_unknown_words(["losses", "ablate"]):
            cfg.entrypoint()
        return caplog.text

    return run


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["loses"], "unknown word 'loses': did you mean 'losses'?"),
        (["trian"], "unknown word 'trian': did you mean 'train'?"),
        (["detect", "vla"], "unknown word 'vla': did you mean 'val'?"),
        (["xyzzyx"], "unknown word 'xyzzyx'. 'yolo help'"),
        (["val", "mdoel=x"], "unknown argument mdoel=: did you mean 'model'?"),
        (["val", "--mdoel=x"], "unknown argument mdoel=: did you mean 'model'?"),
        (["val", "qqq=x"], "unknown argument qqq=. 'yolo train --help'"),
        (["train", "epochs"], "'epochs' lacks its value: give it as epochs=…."),
    ],
)
def test_what_is_unknown_is_said_in_one_line_and_no_help_is_logged(read, caplog, words, message):
    with pytest.raises(ArgumentError) as told:
        read(*words)
    assert str(told.value).startswith(message) and "\n" not in str(told.value)
    assert "yolo TASK MODE ARGS" not in caplog.text


@pytest.mark.parametrize("words", [[], ["help"], ["--help"], ["-h"], ["predict", "help"]])
def test_help_that_is_asked_for_is_logged(read, words):
    assert "yolo TASK MODE ARGS" in read(*words)


def test_other_errors_stay_what_they_are_and_the_log_is_as_before():
    before = [*LOGGER.filters]
    for error in (SyntaxError("not this way"), SyntaxError("'a' is not a valid", ("a.py", 1, 1, "x"))):
        with pytest.raises(SyntaxError) as told, tell_unknown_words():
            raise error
        assert told.value is error
    assert LOGGER.filters == before


def test_the_colours_of_older_releases_are_no_part_of_a_word():
    said = "'\x1b[31m\x1b[1mtrian\x1b[0m' is not a valid YOLO argument."
    with pytest.raises(ArgumentError, match="^unknown word 'trian': did you mean 'train'"), tell_unknown_words():
        raise SyntaxError(said)

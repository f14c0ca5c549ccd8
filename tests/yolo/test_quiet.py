"""Inside the block Ultralytics says nothing but errors; afterwards all is as before."""

import logging

import pytest
from ultralytics.utils import LOGGER

from yolo_feiou.yolo.quiet import quiet


@pytest.fixture
def said():
    """The levels of what Ultralytics' logger hands on."""
    levels, before = [], LOGGER.level
    handler = logging.Handler()
    handler.emit = lambda record: levels.append(record.levelname)
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    yield levels
    LOGGER.removeHandler(handler)
    LOGGER.setLevel(before)


def speak():
    LOGGER.info("reading")
    LOGGER.warning("%d images are damaged", 3)
    LOGGER.error("no images")


def test_warnings_are_kept_and_errors_alone_are_said(said):
    with quiet() as warnings:
        speak()
    assert said == ["ERROR"] and warnings == ["3 images are damaged"]


def test_after_the_block_it_speaks_as_before(said):
    with pytest.raises(ValueError, match="inside"), quiet() as warnings:
        raise ValueError("inside")
    speak()
    assert said == ["INFO", "WARNING", "ERROR"] and warnings == []


def test_a_block_within_another_keeps_its_own_warnings(said):
    with quiet() as outer:
        LOGGER.warning("first")
        with quiet() as inner:
            LOGGER.error("second")
        LOGGER.warning("third")
    assert (outer, inner, said) == (["first", "third"], [], ["ERROR"])

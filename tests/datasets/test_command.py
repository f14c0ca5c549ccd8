"""`yolo prepare` hands on to what prepares a kind of data set."""

import pytest

from yolo_feiou.datasets.command import KINDS, prepare_data_set
from yolo_feiou.errors import ArgumentError


@pytest.mark.parametrize("words", [[], ["help"], ["--help"], ["-h"]])
def test_help_names_the_kinds(capsys, words):
    prepare_data_set(words)
    out = capsys.readouterr().out
    assert out.startswith("yolo prepare KIND") and all(f"\n    {kind} " in out for kind in KINDS)


@pytest.mark.parametrize("kind", [*KINDS, *map(str.upper, KINDS)])
def test_each_kind_has_help(capsys, kind):
    prepare_data_set([kind, "--help"])
    assert f"yolo prepare {kind.lower()} " in capsys.readouterr().out


@pytest.mark.parametrize(("word", "near"), [("cooc", ": did you mean 'coco'?"), ("out=x", ".")])
def test_an_unknown_kind_is_told_with_the_nearest(word, near):
    with pytest.raises(ArgumentError, match=f"makes coco or voc data ready, got '{word}'{near}".replace("?", r"\?")):
        prepare_data_set([word])

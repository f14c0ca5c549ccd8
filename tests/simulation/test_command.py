"""`yolo simulate` from end to end: its files, what it says, and what is left after a mistake or Ctrl-C."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.quick import FILES, QUICK, names
from yolo_feiou.errors import Interrupted
from yolo_feiou.escape import make_visible
from yolo_feiou.simulation import field, run
from yolo_feiou.simulation.command import EXPERIMENTS, find_free, simulate
from yolo_feiou.storage.tables import read_csv


def test_a_simulation_from_end_to_end(command, tmp_path):
    done = command("simulate", "setup=2", "points=20", f"out={tmp_path / 'results'}")
    assert (done.returncode, done.stderr) == (0, "")
    assert names(tmp_path / "results") == FILES
    rows = read_csv(tmp_path / "results" / "steps.csv")
    assert [(row["loss"], row["step"]) for row in rows] == [(loss, i) for loss in run.FIGURE_LOSSES for i in range(201)]
    lines = done.stdout.splitlines()
    assert lines[0] == "Setup 2, literal reading, 540 pairs, after 200 steps:"
    assert lines[5].split() == ["eiou", *(f"{rows[804 - 1][key]:.4f}" for key in lines[1].split())]
    assert lines[-1] == f"Results are in {tmp_path / 'results'}"
    statements = lines[7:-1]
    assert len(statements) == 6 and all(line.startswith(("holds  ", "fails  ")) for line in statements)
    assert statements[1].startswith("fails  Focal-EIoU has the lowest error (error after the last step: focal_eiou 10.")
    settings = json.loads((tmp_path / "results" / "settings.json").read_text())
    assert settings["losses"] == [*run.FIGURE_LOSSES]
    assert {key: settings[key] for key in ("setup", "points", "steps", "seed", "device", "dtype", "pairs")} == {
        **{"setup": 2, "points": 20, "steps": 200, "seed": 0, "device": "cpu", "dtype": "float32", "pairs": 540}
    }
    assert settings["reading"]["batch"] == "all" and set(settings["versions"]) == {"yolo_feiou", "torch", "python"}


def test_a_function_of_the_users_is_simulated(yolo, tmp_path):
    """It is IoU's, under another name: the rows of both are alike."""
    (tmp_path / "my.py").write_text("def f(pair):\n    return 1 - pair.iou\n")
    assert yolo("simulate", "setup=1", *QUICK, f"losses=iou,{tmp_path / 'my.py'}:f", "out=both") == 0
    rows = read_csv(tmp_path / "both" / "steps.csv")
    named = [[{**row, "loss": ""} for row in rows if (row["loss"] == "iou") is stock] for stock in (True, False)]
    assert named[0] == named[1] != []


def test_the_same_command_gives_the_same_bytes(yolo, tmp_path):
    for out in ("one", "two"):
        assert yolo("simulate", "setup=1", *QUICK, "losses=eiou,focal_eiou", f"out={out}") == 0
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize(
    ("words", "files"),
    [
        (["figure=1", "steps=1"], ["figure1.csv", "figure1.png"]),
        (["figure=2", "beta=0.5"], ["figure2.csv", "figure2.png"]),
        (["figure=3", "beta=0.5"], ["figure3.csv", "figure3.png"]),
        (["figure=5", "seed=1"], ["figure5.csv", "figure5.png"]),
        (["figure=6", *QUICK, "losses=iou"], FILES),
        (["figure=7", *QUICK, "losses=iou"], FILES),
        (["field=giou", "points=3"], ["field.csv", "field.png"]),
        (["field=focal_eiou:gamma=1,norm=tal", "points=3"], ["field.csv", "field.png"]),
        (["field=kld:focal=1", "points=3", "ratio=2"], ["field.csv", "field.png"]),
    ],
    ids=lambda words: words[0],
)
def test_each_subject_has_its_files(yolo, tmp_path, capsys, words, files):
    assert yolo("simulate", *words, "--out=results") == 0
    assert names("results") == files
    assert capsys.readouterr().out.endswith("Results are in results\n")
    assert names(tmp_path) == ["results"]


def test_the_figures_of_the_simulations_are_their_setups(yolo, capsys):
    """Figure 6 is of setup 1, figure 7 of setup 2."""
    for figure, setup, pairs in ((6, 1, 343), (7, 2, 27)):
        assert yolo("simulate", f"figure={figure}", *QUICK, "losses=iou", f"out={setup}") == 0
        assert capsys.readouterr().out.startswith(f"Setup {setup}, literal reading, {pairs} pairs, after 2 steps:")
        assert json.loads((Path(str(setup)) / "settings.json").read_text())["setup"] == setup


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["figure=1", "losses=eiou,kld"],
            "loss 'kld' is of rotated boxes, and the paper's simulations have axis-aligned",
        ),
        (
            ["setup=1", "losses=gwd:tau=2"],
            "loss 'gwd' is of rotated boxes, and the paper's simulations have axis-align",
        ),
        (["field=eiou", "ratio=2"], "ratio"),
        (["field=kld", "image=480,640"], "image"),
    ],
)
def test_what_is_of_other_boxes_is_refused(yolo, tmp_path, capsys, words, message):
    """Before anything is written."""
    assert yolo("simulate", *words, "out=results") == 2
    assert message in capsys.readouterr().err and names(tmp_path) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["feild=eiou"], "got no experiment, but feild=eiou: did you mean 'field'? Expected one of setup=1, "),
        (["points=3", "figur=1"], "got no experiment, but figur=1: did you mean 'figure'? Expected one of setup=1, "),
        (["setup=1", "figure=1"], "got setup=1 figure=1: expected one of setup=1, "),
        (["qqq=3"], "got no experiment: expected one of setup=1, "),
    ],
)
def test_a_near_miss_of_an_experiment_is_told(yolo, capsys, words, message):
    assert yolo("simulate", *words) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["help"], ["--help"], ["-h"]])
def test_help_lists_everything_there_is(yolo, tmp_path, capsys, words):
    """Each subject, and each of its arguments with its default and what it expects."""
    assert yolo("simulate", *words) == 0
    shown = capsys.readouterr().out
    assert {len(line) - len(line.lstrip()) for line in shown.splitlines()} == {0, 4, 33}  # one column of meanings
    sections = re.sub("\n {33}", " ", shown).split("\n\n")
    assert "out=                         the folder of the results; by default runs/simulate/NAME" in sections[0]
    titles = [section.splitlines()[0].partition(": ") for section in sections[1:]]
    assert [title for title, _, _ in titles] == [*EXPERIMENTS, "field=LOSS", "field=LOSS of rotated boxes"]
    assert len({meaning for _, _, meaning in titles if meaning}) == len(titles)
    for section, subject in zip(
        sections[1:], [*EXPERIMENTS.values(), *map(field.make_field_experiment, ("eiou", "kld"))], strict=True
    ):
        lines = section.splitlines()[1:]
        assert [line.split("=")[0].strip() for line in lines] == [argument.name for argument in subject.arguments]
        for line, argument in zip(lines, subject.arguments, strict=True):
            default, told = line.split(maxsplit=1)
            assert told in (argument.expected, f"{argument.meaning} ({argument.expected})")
            read = argument.read(default.partition("=")[2])  # as the user would copy it
            assert read == argument.default or read == pytest.approx(argument.default, rel=1e-3)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["figure=2", "--help"], ["figure=2"]),
        (["figure=7", "-h"], ["setup=2"]),
        (["readings", "--help"], ["readings=all"]),
        (["field=eiou", "--help"], ["field=LOSS", "field=LOSS of rotated boxes"]),
    ],
)
def test_help_on_an_experiment_is_of_it_alone(yolo, capsys, words, told):
    assert yolo("simulate", *words) == 0
    sections = capsys.readouterr().out.split("\n\n")[1:]
    assert [section.partition(": ")[0] for section in sections] == told


def test_without_out_results_go_to_a_new_folder_each_time(yolo, tmp_path):
    for _ in range(2):
        assert yolo("simulate", "setup=2", *QUICK, "losses=iou") == 0
    first, second = sorted((tmp_path / "runs" / "simulate").iterdir())
    assert first.name == "setup2" and second.name.startswith("setup2")
    assert names(first) == names(second) == FILES


def test_results_go_into_a_folder_that_is_there_and_replace_none(yolo, tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    assert yolo("simulate", "figure=2", "out=mine") == 0
    assert names("mine") == ["figure2.csv", "figure2.png", "notes.txt"]
    assert yolo("simulate", "figure=2", "out=mine") == 2
    assert "mine holds figure2.csv, figure2.png, which would be overwritten" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("unbuffered", "words"),
    [
        ("1", ["losses"]),  # the first line fails, then
        ("", ["losses"]),  # nothing fails before the end
        ("", ["simulate", "figure=1", "steps=1", "losses=iou", "out=results"]),
    ],
)
def test_a_reader_who_has_seen_enough_is_no_error(tmp_path, unbuffered, words):
    """As `yolo losses | head -1` does; here the pipe is closed before the first line."""
    ours, theirs = os.pipe()
    os.close(ours)
    line = [sys.executable, "-m", "yolo_feiou", *words]
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(
        line, cwd=tmp_path, stdout=theirs, stderr=subprocess.PIPE, text=True, timeout=300, env=environment, check=False
    )
    os.close(theirs)
    assert (done.returncode, done.stderr) == (0, "")
    assert words == ["losses"] or names(tmp_path / "results") == ["figure1.csv", "figure1.png"]


def test_results_of_another_simulation_in_the_folder_go_where_they_may_be_replaced(tmp_path, monkeypatch):
    for name in ("steps.csv", "error.png", "mine.txt"):
        (tmp_path / name).write_text("old")

    def interrupted(*boxes):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "measure_boxes", interrupted)
    with pytest.raises(Interrupted):
        simulate(["setup=2", "points=1", f"out={tmp_path}"], replace=True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("word", ["figure=2", "figure=3", "figure=5", "field=eiou", "setup=2"])
def test_a_subject_writes_the_files_that_it_names(word, tmp_path):
    words = {"field=eiou": ["points=3"], "setup=2": ["points=1", "steps=1", "losses=iou"]}.get(word, [])
    simulate([word, *words, f"out={tmp_path}"])
    subject = EXPERIMENTS.get(word) or field.make_field_experiment("eiou")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(subject.files)


def test_odd_names_of_files_and_folders_are_kept(yolo, tmp_path, capsys):
    """A function's file is named in the picture and the lines; a folder is where it was asked for."""
    for name in ("my$x$.py", "it's $\\frac{.py", "a[red]\x1b[1m.py"):
        (tmp_path / name).write_text("def f(pred, target):\n    return (pred - target).abs().sum(1)\n")
        assert yolo("simulate", f"field={name}:f", "points=3", f"out=out {name}") == 0
        out = capsys.readouterr().out
        assert names(f"out {name}") == ["field.csv", "field.png"] and "\x1b" not in out
        assert yolo("simulate", f"field={name}:f", "points=3") == 0
        assert f"{make_visible(name)}:f, plane offset: " in capsys.readouterr().out


def test_results_go_to_a_folder_that_is_not_there_as_those_of_ultralytics(tmp_path):
    from ultralytics.utils.files import increment_path

    path = tmp_path / "setup1"
    for _ in range(3):
        assert find_free(path).name.replace("-", "") == increment_path(path).name.replace("-", "")
        find_free(path).mkdir()
    assert names(tmp_path) == ["setup1", "setup1-2", "setup1-3"]

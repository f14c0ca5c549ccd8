"""`yolo simulate` from end to end: its files, what it says, and what is left after a mistake or Ctrl-C."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from yolo_feiou import cli
from yolo_feiou.errors import ArgumentError
from yolo_feiou.escape import visible
from yolo_feiou.simulation import field, run
from yolo_feiou.simulation.command import EXPERIMENTS, find_free, simulate
from yolo_feiou.storage.tables import atomic_file, read_csv
from yolo_feiou.yolo import framework

QUICK = ("points=1", "steps=2")
FILES = ["error.png", "iou.png", "settings.json", "steps.csv"]


def names(folder):
    """What a folder holds."""
    return sorted(path.name for path in Path(folder).iterdir())


@pytest.fixture
def yolo(monkeypatch, tmp_path):
    """A function that runs our command in this process, in `tmp_path`, and returns its exit status."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(framework, "RUNS_DIR", tmp_path / "runs")

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["yolo", *words])
        try:
            cli.main()
        except SystemExit as stop:
            return stop.code
        return 0

    return call


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


@pytest.mark.parametrize("words", [[], ["help"], ["--help"], ["-h"]])
def test_help_lists_everything_there_is(yolo, tmp_path, capsys, words):
    """Each subject, and each of its arguments with its default and what it expects."""
    assert yolo("simulate", *words) == 0
    sections = capsys.readouterr().out.split("\n\n")
    assert [section.splitlines()[0] for section in sections[1:]] == [*EXPERIMENTS, "field=LOSS"]
    for section, subject in zip(sections[1:], [*EXPERIMENTS.values(), field.make_experiment("eiou")], strict=True):
        lines = section.splitlines()[1:]
        assert [line.split("=")[0].strip() for line in lines] == [argument.name for argument in subject.arguments]
        for line, argument in zip(lines, subject.arguments, strict=True):
            default, expected = line.split(maxsplit=1)
            assert expected == argument.expected
            read = argument.read(default.partition("=")[2])  # as the user would copy it
            assert read == argument.default or read == pytest.approx(argument.default, rel=1e-3)
    assert names(tmp_path) == []


def test_without_out_results_go_to_a_new_folder_each_time(yolo, tmp_path):
    for _ in range(2):
        assert yolo("simulate", "setup=2", *QUICK, "losses=iou") == 0
    first, second = sorted((tmp_path / "runs" / "simulate").iterdir())
    assert first.name == "setup2" and second.name.startswith("setup2")
    assert names(first) == names(second) == FILES


def test_results_go_into_a_folder_that_is_there(yolo, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    assert yolo("simulate", "figure=2", "out=mine") == 0
    assert names("mine") == ["figure2.csv", "figure2.png", "notes.txt"]


EXPECTED = "expected one of setup=1, setup=2, figure=1,"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["points=3"], f"got no experiment: {EXPECTED}"),
        (["setup=1", "figure=2"], f"got setup=1 figure=2: {EXPECTED}"),
        (["setup=2", "setup=2"], f"got setup=2 setup=2: {EXPECTED}"),
        (["setup=3"], f"unknown experiment setup=3: {EXPECTED}"),
        (["setup"], f"unknown experiment setup: {EXPECTED}"),
        (["figure=8"], f"unknown experiment figure=8: {EXPECTED}"),
        (["field=eoiu"], "unknown loss 'eoiu': did you mean 'eiou'?"),
        (["field="], "can't read loss ''"),
        (["setup=1", "reading=worst"], "reading=worst is not one of literal, best."),
        (["setup=1", "batch=alll"], "batch=alll is not one of all, point, anchor, target."),
        (["setup=1", "losses=iou,eoiu"], "unknown loss 'eoiu': did you mean 'eiou'?"),
        (["setup=1", "losses=stock"], "'stock' is Ultralytics' own box loss"),
        (["setup=1", "losses=focal_eiou:gamma=x"], "loss 'focal_eiou': gamma=x is not a number from 0 to 10."),
        (["setup=1", "losses=,"], "got no loss: expected some"),
        (["setup=1", "losses=iou,iou"], "the list of losses has 'iou' twice"),
        (["setup=1", "losses="], "losses= is not a list of losses"),
        (["setup=1", "device=gpu"], "device=gpu can't compute in float32 here"),
        (["setup=1", "device=999"], "device=cuda:999 can't compute in float32 here"),
        (["setup=1", "points=0"], "points=0 is not a whole number from 1 to 50000."),
        (["setup=1", "points=2.5"], "points=2.5 is not a whole number"),
        (["setup=1", "area=0"], "area=0 is not a number from 0.0001 to 1e+08."),
        (["setup=1", "points"], "'yolo simulate setup=1' takes arguments like losses=…, got 'points'."),
        (["setup=1", "seed=1", "seed=2"], "'yolo simulate setup=1' got seed= twice: give it once."),
        (["setup=1", "sed=1"], "'yolo simulate setup=1' has no argument 'sed': did you mean 'seed'?"),
        (["figure=2", "losses=iou"], "'yolo simulate figure=2' has no argument 'losses'. It has beta, out."),
        (["figure=2", "beta=0.5,2"], "beta=0.5,2 is not a list of numbers from 0.3679 to 1"),
        (["figure=1", "factor=2"], "factor=2 is not one of 1, 2-iou."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_line_and_leaves_nothing(yolo, tmp_path, capsys, words, message):
    assert yolo("simulate", *words, "out=deep/down/results") == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith(f"error: {message}") and error.count("\n") == 1
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("out", "reason"),
    [
        ("file", "(File exists)"),
        ("file/below", "(Not a directory)"),
        ("/proc/x", "(No such file or directory)"),
        ("/proc/x/deep", "(No such file or directory)"),
        ("new/" + 300 * "x", "(File name too long)"),
        (300 * "x", "(File name too long)"),
    ],
)
def test_a_place_that_cannot_be_written_to_is_one_line(yolo, tmp_path, capsys, out, reason):
    (tmp_path / "file").write_text("here first")
    assert yolo("simulate", "setup=1", *QUICK, f"out={out}") == 2
    printed, error = capsys.readouterr()
    assert printed == ""
    assert error == f"error: can't write results to {out} {reason}: name another folder with out=.\n"
    assert names(tmp_path) == ["file"] and (tmp_path / "file").read_text() == "here first"


def test_out_given_twice_is_refused(yolo, tmp_path, capsys):
    assert yolo("simulate", "setup=1", "out=a", "out=b") == 2
    assert "got out= twice" in capsys.readouterr().err
    assert names(tmp_path) == []


@pytest.fixture
def interrupt(monkeypatch):
    """A function that has Ctrl-C come at the n-th measurement; there are three a loss with `QUICK`."""

    def at(n):
        calls, plain = [], run.measure_boxes

        def stop(boxes, target):
            calls.append(1)
            if len(calls) == n:
                raise KeyboardInterrupt
            return plain(boxes, target)

        monkeypatch.setattr(run, "measure_boxes", stop)

    return at


def test_ctrl_c_keeps_what_is_finished(yolo, interrupt, tmp_path):
    """The eighth measurement is in the third loss."""
    interrupt(8)
    assert yolo("simulate", "setup=2", *QUICK, "out=deep/results") == (
        f"interrupted; finished, in {Path('deep/results')}: settings.json, steps.csv"
    )
    assert names("deep/results") == ["settings.json", "steps.csv"]
    rows = read_csv(tmp_path / "deep" / "results" / "steps.csv")
    assert [(row["loss"], row["step"]) for row in rows] == [(loss, i) for loss in ("iou", "giou") for i in range(3)]
    assert json.loads((tmp_path / "deep" / "results" / "settings.json").read_text())["losses"] == ["iou", "giou"]


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("out", [["out=deep/down"], []])
def test_ctrl_c_before_the_first_loss_is_finished_leaves_nothing(yolo, interrupt, tmp_path, n, out):
    interrupt(n)
    assert yolo("simulate", "setup=2", *QUICK, *out) == "interrupted; nothing is kept"
    assert names(tmp_path) == []


def test_ctrl_c_leaves_a_folder_that_was_there(yolo, interrupt, tmp_path):
    (tmp_path / "mine").mkdir()
    interrupt(1)
    assert yolo("simulate", "setup=2", *QUICK, "out=mine") == "interrupted; nothing is kept"
    assert names(tmp_path) == ["mine"] and names("mine") == []


def test_ctrl_c_while_a_picture_is_drawn_leaves_none(yolo, monkeypatch):
    """The table is finished; the picture is not there, nor half of it."""

    def stop(figure, path):
        with atomic_file(path) as part:
            part.write_bytes(b"half a picture")
            raise KeyboardInterrupt

    monkeypatch.setattr("yolo_feiou.simulation.figures_6_7.save_figure", stop)
    assert yolo("simulate", "setup=2", *QUICK, "losses=iou", "out=results").startswith("interrupted; finished, in")
    assert names("results") == ["settings.json", "steps.csv"]


@pytest.mark.parametrize("error", [MemoryError, RuntimeError])
def test_a_failure_leaves_no_empty_folder(monkeypatch, tmp_path, error):
    def fail(boxes, target):
        raise error

    monkeypatch.setattr(run, "measure_boxes", fail)
    with pytest.raises(error):
        simulate(["setup=2", *QUICK, f"out={tmp_path / 'deep' / 'results'}"])
    assert names(tmp_path) == []


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


@pytest.mark.parametrize("subject", ["figure=4", "readings=all"])
def test_an_interrupted_table_keeps_its_finished_rows(subject, tmp_path, monkeypatch, capsys):
    """The third run is interrupted: two rows are there, and nothing of the file that lay there before."""
    from yolo_feiou.simulation import figure4, readings

    def rows(*arguments, **options):
        yield from [{"row": 1.0}, {"row": 2.0}]
        raise KeyboardInterrupt

    monkeypatch.setattr(figure4, "run_sweep", rows)
    monkeypatch.setattr(readings, "judge_readings", rows)
    (tmp_path / "old.png").write_text("of another simulation")
    with pytest.raises(SystemExit) as stop:
        simulate([subject, f"out={tmp_path}"])
    (table,) = tmp_path.glob("*.csv")
    assert table.read_text() == "row\n1\n2\n"
    assert str(stop.value) == f"interrupted; finished, in {tmp_path}: {table.name}"


def test_results_of_another_simulation_in_the_folder_go_where_they_may_be_replaced(tmp_path, monkeypatch):
    for name in ("steps.csv", "error.png", "mine.txt"):
        (tmp_path / name).write_text("old")

    def interrupted(*boxes):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "measure_boxes", interrupted)
    with pytest.raises(SystemExit):
        simulate(["setup=2", "points=1", f"out={tmp_path}"], replace=True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("word", [*EXPERIMENTS, "field=eiou"])
def test_no_file_of_the_users_is_overwritten(word, tmp_path):
    """A folder with settings.json and figure5.png of a project's own: each is named, and all stay."""
    subject = EXPERIMENTS.get(word) or field.make_experiment("eiou")
    before = {name: f"mine {name}" for name in (*subject.files, "mine.txt")}
    for name, text in before.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ArgumentError, match=rf"{subject.files[0]}.*, which would be overwritten: move them elsewhere"):
        simulate([word, f"out={tmp_path}"])
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("word", ["figure=2", "figure=3", "figure=5", "field=eiou", "setup=2"])
def test_a_subject_writes_the_files_that_it_names(word, tmp_path):
    words = {"field=eiou": ["points=3"], "setup=2": ["points=1", "steps=1", "losses=iou"]}.get(word, [])
    simulate([word, *words, f"out={tmp_path}"])
    subject = EXPERIMENTS.get(word) or field.make_experiment("eiou")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(subject.files)


def test_odd_names_of_files_and_folders_are_kept(yolo, tmp_path, capsys):
    """A function's file is named in the picture and the lines; a folder is where it was asked for."""
    for name in ("my$x$.py", "it's $\\frac{.py", "a[red]\x1b[1m.py"):
        (tmp_path / name).write_text("def f(pred, target):\n    return (pred - target).abs().sum(1)\n")
        assert yolo("simulate", f"field={name}:f", "points=3", f"out=out {name}") == 0
        out = capsys.readouterr().out
        assert names(f"out {name}") == ["field.csv", "field.png"] and "\x1b" not in out
        assert yolo("simulate", f"field={name}:f", "points=3") == 0
        assert f"{visible(name)}:f, plane offset: " in capsys.readouterr().out


def test_results_go_to_a_folder_that_is_not_there_as_those_of_ultralytics(tmp_path):
    from ultralytics.utils.files import increment_path

    path = tmp_path / "setup1"
    for _ in range(3):
        assert find_free(path).name.replace("-", "") == increment_path(path).name.replace("-", "")
        find_free(path).mkdir()
    assert names(tmp_path) == ["setup1", "setup1-2", "setup1-3"]

"""`yolo report` from end to end: its files, what it prints, and what is left after a mistake."""

import html
import re
import sys
import types
from pathlib import Path

import pytest

from tests.odd_names import FORBIDDEN, ODD
from tests.report.factories import LOSSES, row, write
from yolo_feiou import cli
from yolo_feiou.escape import escape_latex, escape_markdown, make_visible
from yolo_feiou.report import command as module
from yolo_feiou.storage.tables import read_csv, write_csv

TABLES = [f"{name}.{ending}" for name in ("comparison", "fit", "table") for ending in ("md", "tex")]
SEEDS, DIFFERENCES = (tuple(f"{name}.{ending}" for ending in ("pdf", "png")) for name in ("seeds", "differences"))
FILES = sorted([*TABLES, *SEEDS, *DIFFERENCES, "index.html", "summary.csv", "table.csv"])
#: Where there is nothing to compare.
NOT_COMPARED = sorted({*FILES} - {*DIFFERENCES})


def names(folder):
    """What a folder holds."""
    return sorted(path.name for path in Path(folder).iterdir())


@pytest.fixture
def yolo(monkeypatch, tmp_path):
    """A function that runs our command in this process, in `tmp_path`, and returns its exit status."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["yolo", *map(str, words)])
        try:
            cli.main()
        except SystemExit as stop:
            return stop.code
        return 0

    return call


def small(folder, losses=("ciou", "eiou"), seeds=2, **changes):
    """Results with nothing but AP."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        row(loss, seed, AP=0.4 + 0.01 * i + 0.001 * seed * (i + 1), **changes)
        for i, loss in enumerate(losses)
        for seed in range(seeds)
    ]
    write_csv(folder / "results.csv", rows)
    return folder


def test_a_report_writes_its_files_and_prints_what_the_summary_says(command, tmp_path):
    """In a process of its own; what is printed is what the summary says."""
    write(tmp_path / "ablation")
    done = command("report", "ablation")
    assert (done.returncode, done.stderr) == (0, "")
    made = ("thresholds", "matched_iou", "training", "positives")
    pictures = [f"{name}.{ending}" for name in made for ending in ("png", "pdf")]
    assert names(tmp_path / "ablation" / "report") == sorted({*FILES, *pictures})
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Against ciou, ") and "iou is worse in AP" in lines[0]
    assert lines[1].startswith("Seed variance: over 5 seeds the AP of ciou is ")
    header = lines.index("")
    assert lines[header + 1].split() == ["Method", "result", "AP", "ΔAP", "95", "%,", "t", "p,", "Holm"]
    assert [line.split()[0] for line in lines[header + 2 : header + 2 + len(LOSSES)]] == list(LOSSES)
    rows = {row["loss"]: row for row in read_csv(tmp_path / "ablation" / "report" / "summary.csv")}
    mean, sd = (f"{100 * rows['iou'][name]:.1f}" for name in ("AP_mean", "AP_sd"))
    assert lines[header + 3].split()[:5] == ["iou", "worse", mean, "±", sd]
    assert f"−{-100 * rows['iou']['difference']:.2f}" in lines[header + 3]
    assert lines[-2].startswith("warning: At the same gain the gradient of eiou is 2.75 times")
    assert lines[-1] == "The report is ablation/report/index.html"


def test_a_baseline_and_a_folder_may_be_chosen(yolo, tmp_path, capsys):
    small(tmp_path / "a")
    assert yolo("report", "a", "baseline=eiou", "out=b/c") == 0
    assert names("b/c") == FILES and names("a") == ["results.csv"]
    assert capsys.readouterr().out.startswith("Against eiou, ciou is worse in AP (")
    assert "yolo report a baseline=eiou out=b/c" in Path("b/c/index.html").read_text(encoding="utf-8")


def test_several_folders_are_one_report(yolo, tmp_path, capsys):
    """Their runs have the same names; the report goes into the first folder. A name may have = in it."""
    small(tmp_path / "a")
    small(tmp_path / "b=1", losses=("giou", "diou"), seeds=2)
    assert yolo("report", "a", "b=1") == 0
    assert names("a/report") == FILES and names("b=1") == ["results.csv"]
    assert (
        "a/ciou_0" in Path("a/report/index.html").read_text()
        and "b=1/diou_0" in Path("a/report/index.html").read_text()
    )
    capsys.readouterr()
    assert yolo("report", "a", tmp_path / "a") == 2
    error = capsys.readouterr().err
    assert f"runs a/ciou_0 and {tmp_path / 'a'}/ciou_0 are the same variant with the same seed 0" in error


def test_pictures_of_earlier_results_go(yolo, tmp_path):
    write(tmp_path / "a", losses=("ciou", "eiou"), seeds=range(1), box=(5.0, 7.5))
    assert yolo("report", "a") == 0
    Path("a/report/mine.png").write_text("x")
    assert {"over_box.png", "over_box.pdf", "training.png", "training.pdf"} < {*names("a/report")}
    for name in ("curves", "box_stats", "preflight"):
        Path(f"a/{name}.csv").unlink()
    small(tmp_path / "a")
    assert yolo("report", "a") == 0
    assert names("a/report") == sorted([*FILES, "mine.png"])


def test_an_ablation_gathers_its_results_first(yolo, tmp_path, monkeypatch, capsys):
    """Only a folder that is one: results that someone copied are taken as they are."""
    called = []

    def collect(folder):
        called.append(folder)
        small(folder)
        return ["a run is left out."]

    monkeypatch.setitem(sys.modules, "yolo_feiou.ablation.collect", types.SimpleNamespace(collect_results=collect))
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "ablation.json").write_text("{}")
    small(tmp_path / "b", losses=("giou",))
    assert yolo("report", "a", "b") == 0
    assert called == [Path("a")]
    assert capsys.readouterr().out.startswith("warning: a run is left out.\nAgainst ciou, ")
    assert "<li>a run is left out.</li>" in Path("a/report/index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "nowhere is not a folder: expected one that 'yolo ablate' or 'yolo evaluate' wrote to."),
        (["a", ""], "got '' in the place of a folder of results: is a variable of the shell empty?"),
        (["empty"], "empty has no results.csv: give a folder that 'yolo ablate' or 'yolo evaluate' wrote to."),
        (["baseline=ciou"], "'yolo report' takes folders of results: 'yolo report runs/ablate/first'."),
        (
            ["a", "basline=ciou"],
            "'yolo report' has no argument 'basline': did you mean 'baseline'? It has",
        ),
        (["a", "baseline="], "baseline= is not a loss, as ciou or ciou@box=7.5."),
        (["a", "baseline=giou"], "baseline=giou: no finished run has that loss"),
        (["a", "out=file"], "can't write results to file (File exists): name another folder with out=."),
        (["broken"], "row 1 has 1 cells and the header 2"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(yolo, tmp_path, capsys, words, message):
    small(tmp_path / "a")
    for name in ("empty", "broken"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").write_text("x")
    (tmp_path / "broken" / "results.csv").write_text("run,status\nx\n")
    assert yolo("report", *words) == 2
    out, error = capsys.readouterr()
    assert out == "" and len(error.splitlines()) == 1 and error.startswith("error: ") and message in error
    assert names(tmp_path) == ["a", "broken", "empty", "file"] and names("a") == ["results.csv"]


def test_a_training_is_no_ablation_and_is_told_how_to_be_evaluated(yolo, tmp_path, capsys):
    """Its results.csv has epochs. A folder of trainings has no rows yet; once it has some they are reported."""
    for name in ("a", "b c"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "args.yaml").write_text("epochs: 1\n")
    (tmp_path / "runs" / "a" / "results.csv").write_text("epoch,time\n1,2\n")
    assert yolo("report", "runs/a") == 2
    told = "runs/a is a training, whose results.csv has its epochs: first yolo evaluate runs/a OTHER_RUN, then"
    assert capsys.readouterr().err == f"error: {told} yolo report runs\n"
    assert yolo("report", "runs") == 2
    told = "runs has trainings, and no rows of them to compare: first yolo evaluate runs/a 'runs/b c', then"
    assert capsys.readouterr().err == f"error: {told} yolo report runs\n"
    small(tmp_path / "runs")
    assert yolo("report", "runs") == 0


@pytest.mark.parametrize("words", [[], ["help"], ["--help"]])
def test_help_shows_the_usage(yolo, capsys, words):
    assert yolo("report", *words) == 0
    assert capsys.readouterr().out.startswith("yolo report FOLDER [FOLDER ...] [baseline=LOSS] [out=FOLDER]")


@pytest.mark.parametrize(
    "cells",
    [
        {"AP": None},
        {"axes": None, "gain": None, "device": None},
        {"loss": "my_loss.py:a b", "run": "x"},
        {"seed": 12345678901},
    ],
)
def test_what_is_missing_or_odd_is_no_reason_to_fail(yolo, tmp_path, cells):
    write_csv(tmp_path / "results.csv", [row(**cells)])
    assert yolo("report", ".") == 0
    assert names("report") == NOT_COMPARED


def test_a_folder_is_made_only_if_it_can_be(tmp_path, monkeypatch):
    """What can't be written shows before the pictures are drawn."""
    monkeypatch.setattr(module, "write_report", lambda *_: pytest.fail("drawn"))
    (tmp_path / "out").write_text("a file")
    with pytest.raises(module.ArgumentError):
        module.report([str(small(tmp_path / "a")), f"out={tmp_path / 'out'}"])


def odd(folder):
    """Results in which everything that has a name has an odd one, written to a folder that has one too."""
    names = iter(ODD * 3)
    given = {name: {"model": next(names), "data": next(names), "device": next(names)} for name in ODD}
    rows = [
        row(loss, seed, **{**given[loss], "run": f"{loss}_{seed}", "AP": 0.4 + 0.01 * i + 0.001 * seed * i})
        | {"reason": next(iter(ODD)), "command": f"yolo train\nloss={loss}", "axes": "loss box"}
        for i, loss in enumerate(ODD)
        for seed in range(2)
    ]
    folder.mkdir()
    write_csv(folder / "results.csv", rows)
    return folder


def test_odd_names_are_told_as_they_are_everywhere(yolo, tmp_path, capsys):
    """Of losses, models, data, devices, runs and folders: in the page, the tables, the pictures and the terminal."""
    odd(tmp_path / "it's\n$x$ <b>")
    assert yolo("report", "it's\n$x$ <b>", f"baseline={ODD[0]}") == 0
    out = capsys.readouterr().out
    folder = tmp_path / "it's\n$x$ <b>" / "report"
    assert names(folder) == NOT_COMPARED
    page = (folder / "index.html").read_text(encoding="utf-8")
    seen = html.unescape(re.sub(r"<wbr>", "", page))
    csv_losses = {line["loss"] for line in read_csv(folder / "summary.csv", ["loss"])}
    for name in ODD:
        kept = name.replace("\udcff", "\\udcff")  # as a CSV has it
        assert f">{make_visible(kept)}<" in seen and kept.strip("\r") in {loss.strip("\r") for loss in csv_losses}
        assert escape_markdown(kept) in (folder / "table.md").read_text(encoding="utf-8")
        assert escape_latex(kept) in (folder / "table.tex").read_text(encoding="utf-8")
        assert make_visible(kept) in out
    assert not set(out.replace("\n", "")) & set(FORBIDDEN) and not set(page.replace("\n", "")) & set(FORBIDDEN)
    assert "<b>&" not in page and "Box losses compared: it&#39;s\\n$x$ &lt;b&gt;</title>" in page


def test_a_report_is_written_whole_or_not_at_all(yolo, tmp_path, monkeypatch):
    """Whatever comes in between, the files of an earlier report are as they were, and those of others too."""
    small(tmp_path / "a")
    assert yolo("report", "a") == 0
    Path("a/report/mine.txt").write_text("x")
    before = {path.name: path.read_bytes() for path in Path("a/report").iterdir()}
    small(tmp_path / "a", losses=("ciou", "giou", "diou"))
    for name in ("render_page", "make_spreadsheet_rows", "save_figure"):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                yolo("report", "a")
        assert {path.name: path.read_bytes() for path in Path("a/report").iterdir()} == before
    assert yolo("report", "a") == 0
    assert names("a/report") == sorted([*FILES, "mine.txt"])
    assert "diou" in Path("a/report/table.md").read_text() and Path("a/report/mine.txt").read_text() == "x"


@pytest.mark.parametrize("mine", ["index.html", "summary.csv"])
def test_files_of_others_are_not_overwritten_and_an_earlier_report_is(yolo, tmp_path, capsys, mine):
    small(tmp_path / "a")
    Path("site").mkdir()
    Path("site", mine).write_text("mine")
    assert yolo("report", "a", "out=site") == 2
    assert f"site holds {mine}, which would be overwritten: move them elsewhere, or" in capsys.readouterr().err
    assert names("site") == [mine] and Path("site", mine).read_text() == "mine"
    assert yolo("report", "a", "out=other") == 0 == yolo("report", "a", "out=other")


def test_a_folder_in_the_place_of_a_file_is_told_before_anything_changes(yolo, tmp_path, capsys):
    small(tmp_path / "a")
    Path("a/report/table.md").mkdir(parents=True)
    assert yolo("report", "a") == 2
    assert "table.md is a folder, and a file of that name is to be written: move it." in capsys.readouterr().err
    assert names("a/report") == ["table.md"]


def test_the_name_of_a_swept_argument_leads_to_no_other_folder(yolo, tmp_path):
    """A column that somebody added and listed among the swept arguments names a picture, in the report's own folder."""
    rows = [row(seed=i, AP=0.4 + i / 100, axes="loss ../x", **{"../x": value}) for value in (1.0, 2.0) for i in (0, 1)]
    write_csv(tmp_path / "results.csv", rows)
    assert yolo("report", ".") == 0
    assert names("report") == sorted([*NOT_COMPARED, "over_..-x.pdf", "over_..-x.png"]) and names(tmp_path) == [
        "report",
        "results.csv",
    ]

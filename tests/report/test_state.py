"""Tables that don't tell of all runs in their folder."""

import os
import shutil

import pytest

from tests.ablation.factories import row, run, trained
from yolo_feiou import compare
from yolo_feiou.ablation.collect import collect_results
from yolo_feiou.errors import DataError
from yolo_feiou.report import state
from yolo_feiou.report.command import report
from yolo_feiou.report.read import read_results
from yolo_feiou.storage.locks import hold_lock
from yolo_feiou.storage.tables import write_json

LATER = 2**31 * 10**9


def finish(folder, time, **columns):
    """Write the row of a run, which was done at some time, after all else."""
    folder.write_row(row(folder, finished=time, **columns))
    make_newest(folder.path / "row.json")


def make_newest(*files):
    for file in files:
        os.utime(file, ns=(LATER, LATER))


@pytest.fixture
def ablation(tmp_path):
    """The folder of an ablation of two runs that are done, with its tables."""
    write_json(tmp_path / "ablation.json", {"commands": []})
    for loss in ("ciou", "eiou"):
        folder = trained(tmp_path / loss, run(loss=loss))
        folder.write_row(row(folder, finished="2026-01-01T00:00:00+00:00"))
    collect_results(tmp_path)
    return tmp_path


def notes(ablation):
    return read_results([ablation]).notes


def test_tables_of_all_runs_need_no_word(ablation):
    """A copy has the same runs, whenever its files were written."""
    assert notes(ablation) == []
    make_newest(*ablation.glob("*/*.json"))
    assert notes(ablation) == []


def test_runs_that_began_or_ended_since_are_told(ablation):
    """Another evaluation, a run that is not in the tables, and one that failed."""
    finish(trained(ablation / "giou", run(loss="giou")), "2026-01-02T00:00:00+00:00")
    begun = trained(ablation / "iou", run(loss="iou")).path
    make_newest(begun / "run.json")
    again = ablation / "eiou"
    write_json(again / "failed.json", {"reason": "no memory", "time": "2026-01-03T00:00:00+00:00"})
    make_newest(again / "failed.json")
    line = (
        f"The tables in {ablation} are older than 3 runs there (eiou, giou and iou): 'yolo report {ablation}' makes "
        "them anew."
    )
    assert notes(ablation) == [line]
    assert f"warning: {line}" in str(compare(ablation))
    collect_results(ablation)
    make_newest(ablation / "results.csv")
    assert notes(ablation) == []


def test_of_several_folders_each_is_told(ablation):
    other = ablation.parent / "other"
    shutil.copytree(ablation, other)
    finish(trained(other / "giou", run(loss="giou")), "2026-01-02T00:00:00+00:00")
    (line,) = read_results([ablation, other]).notes
    assert line.startswith(f"The tables in {other} are older than 1 run there (giou)")


def test_a_folder_in_use_is_told(ablation, capsys, monkeypatch):
    """By the Python function and by the command, whose tables are new."""
    line = f"{ablation} is in use (eiou): what ends there from now on is not in these numbers."
    with hold_lock(ablation / "eiou" / "lock"):
        assert notes(ablation) == [line]
        assert f"warning: {line}" in str(compare(ablation))
        report([str(ablation)], collect_results)
    assert f"warning: {line}" in capsys.readouterr().out.splitlines()
    assert f"{ablation.name} is in use" in (ablation / "report" / "index.html").read_text()
    assert (ablation / "eiou" / "lock").exists() and notes(ablation) == [], "a lock that nobody holds"
    monkeypatch.setattr(state, "is_locked", lambda path: os.stat("/nowhere/lock"))
    assert notes(ablation) == [], "in a folder that may not be written to"


def test_runs_without_tables_are_told_with_what_makes_them(ablation):
    (ablation / "results.csv").unlink()
    with pytest.raises(DataError, match=f"has runs that are done, and no tables of them yet: 'yolo report {ablation}'"):
        compare(ablation)


def test_a_damaged_run_is_left_to_the_report(ablation):
    for content in ("{", "[]"):
        (ablation / "eiou" / "row.json").write_text(content)
        make_newest(ablation / "eiou" / "row.json")
        assert notes(ablation) == []

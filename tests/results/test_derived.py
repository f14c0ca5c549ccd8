"""A table that was edited by hand is kept when it is made anew."""

import pytest

from tests.ablation.factories import run
from tests.ablation.test_collect import finished
from yolo_feiou.ablation import collect as module
from yolo_feiou.ablation.collect import collect_results
from yolo_feiou.results.derived import SUMS


def names(folder):
    return {path.name for path in folder.glob("*.csv")}


def test_tables_that_nobody_edited_are_made_anew_without_a_word(tmp_path):
    for seed in (0, 1, 2):
        finished(tmp_path / str(seed), run(seed=seed))
        assert collect_results(tmp_path) == []
    assert names(tmp_path) == {"results.csv", "arguments.csv", "curves.csv"}


def test_an_edited_table_is_kept_and_named(tmp_path):
    finished(tmp_path / "a", run(seed=0))
    collect_results(tmp_path)
    edited = []
    for number in (1, 2):
        path = tmp_path / "results.csv"
        edited.append(path.read_text().replace("eiou", f"eio{number}"))
        path.write_text(edited[-1])
        (note,) = collect_results(tmp_path)
        assert note == (
            f"{path} was edited, or is of an earlier version: kept as results-edited-{number}.csv, and written again."
        )
    assert [(tmp_path / f"results-edited-{number}.csv").read_text() for number in (1, 2)] == edited
    assert "eio1" not in (tmp_path / "results.csv").read_text()
    assert collect_results(tmp_path) == []


@pytest.mark.parametrize("sums", [None, "[]", "{", '{"results.csv": 7}'])
def test_tables_of_which_nothing_is_known_are_kept(tmp_path, sums):
    (tmp_path / "preflight.csv").write_text("mine")
    if sums:
        (tmp_path / SUMS).write_text(sums)
    (note,) = collect_results(tmp_path)
    assert "preflight-edited-1.csv" in note and (tmp_path / "preflight-edited-1.csv").read_text() == "mine"
    assert names(tmp_path) == {"preflight-edited-1.csv"}


def test_what_a_killed_command_wrote_is_its_own(tmp_path, monkeypatch):
    finished(tmp_path / "a", run(seed=0))
    collect_results(tmp_path)

    def stop(*arguments):
        raise KeyboardInterrupt

    finished(tmp_path / "b", run(seed=1))
    monkeypatch.setattr(module, "note_tables", stop)
    with pytest.raises(KeyboardInterrupt):
        collect_results(tmp_path)
    monkeypatch.undo()
    assert collect_results(tmp_path) == [] and names(tmp_path) == {"results.csv", "arguments.csv", "curves.csv"}


def test_a_folder_without_runs_stays_empty(tmp_path):
    assert collect_results(tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]

"""Folders of an ablation: what counts as what, and what is set aside."""

import json
import shutil

import pytest

from tests.ablation.factories import SESSION, row
from yolo_feiou.ablation.grid import Run, digest_settings
from yolo_feiou.ablation.store import Store, read_sequential, run_folders
from yolo_feiou.errors import ArgumentError

RUN = Run({"loss": "eiou", "seed": 0, "data": "d.yaml", "epochs": 3}, ("loss",))
ROW = {
    **{"run": RUN.name, "key": RUN.key, "status": "done", "loss": "eiou", "seed": 0},
    **{"AP": 0.5, "epochs_done": 3, "minutes": 1.0},
}


#: What no ablation writes, though each is JSON of the right type.
WRONG_FORMS = [
    ("run.json", {}),
    ("row.json", {}),
    ("row.json", {"AP": 0.5}),
    ("row.json", {**ROW, "AP": "0.5"}),
    ("row.json", {**ROW, "AP": 45.3}),
    ("row.json", {**ROW, "status": "failed"}),
    ("row.json", {**ROW, "key": "0123456789"}),
    ("row.json", {**ROW, "AP": 0.6, "sha256": digest_settings(ROW)}),
    ("sessions.json", [1]),
    ("sessions.json", [{}]),
    ("sessions.json", [{**SESSION, "first_epoch": "1"}]),
    ("sessions.json", [{**SESSION, "first_epoch": 0}]),
    ("failed.json", {}),
    ("failed.json", {"reason": "why"}),
    ("failed.json", {"reason": None, "time": "now"}),
]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "out", "yolo ablate …")


def test_a_run_is_what_was_written(store):
    folder, note = store.prepare(RUN)
    assert folder.path == store.path / RUN.name and note == ""
    assert folder.run() == RUN
    assert (folder.row(), folder.failure(), folder.sessions()) == (None, None, [])
    assert store.prepare(RUN) == (folder, "")
    assert run_folders(store.path) == [folder]


def test_a_loss_of_the_users_is_copied_as_it_was_when_the_run_was_made(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text("one")
    folder, _ = store.prepare(Run({**RUN.arguments, "loss": "own.py:f"}, ("loss",)))
    (tmp_path / "own.py").write_text("two")
    store.prepare(folder.run())
    (copied,) = folder.losses.glob("*/own.py")
    assert copied.read_text() == "one"
    assert not store.prepare(RUN)[0].losses.exists()
    folder.train.mkdir(parents=True)
    (folder.train / "loss").mkdir()
    (folder.train / "loss" / "sources.json").write_text("{}")
    assert folder.clear_training() == "" and not folder.train.exists(), "nothing that anybody would miss"


def test_a_run_of_another_grid_is_found_by_its_key(store):
    """In a grid over box too its folder would have another name."""
    folder, _ = store.prepare(RUN)
    again = Run({**RUN.arguments, "box": 7.5}, ("loss", "box"), defaults={"box": 7.5})
    assert again.name != RUN.name
    assert store.prepare(again) == (folder, "")


def test_other_settings_are_another_run(store):
    one, _ = store.prepare(RUN)
    other, _ = store.prepare(Run({**RUN.arguments, "epochs": 4}, ("loss",)))
    assert one.path != other.path and len(run_folders(store.path)) == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("run.json", '{"key": '),
        ("run.json", "[]"),
        (
            "run.json",
            json.dumps({"key": RUN.key, "gain": "same", "axes": [], "arguments": {"loss": "eiou", "seed": 1}}),
        ),
        ("row.json", '{"AP": 0.'),
        ("row.json", "[1]"),
        ("sessions.json", "{}"),
        ("sessions.json", "\x00\x00"),
        ("failed.json", ""),
        *((name, json.dumps(content)) for name, content in WRONG_FORMS),
    ],
)
def test_a_damaged_file_is_named_and_its_run_set_aside(store, name, content):
    folder, _ = store.prepare(RUN)
    folder.write_row(row(folder))
    folder.train.mkdir(parents=True)
    folder.results.write_text("epoch\n1\n")
    (folder.path / name).write_text(content)
    again, note = store.prepare(RUN)
    assert again.path == folder.path
    assert str(folder.path / name) in note and "set aside" in note and "repeated" in note
    assert again.run() == RUN and again.row() is None
    aside, trained = sorted((store.path / "set_aside").iterdir())
    assert (aside / name).read_text() == content and (trained / "results.csv").exists()
    assert not again.train.exists()
    assert run_folders(store.path) == [again]


def test_a_run_whose_folder_was_removed_begins_anew(store):
    folder, _ = store.prepare(RUN)
    folder.train.mkdir(parents=True)
    shutil.rmtree(folder.path)
    assert store.prepare(RUN) == (folder, "") and not folder.train.exists()


def test_what_is_set_aside_twice_is_kept_twice(store):
    for _ in range(2):
        folder, _ = store.prepare(RUN)
        (folder.path / "run.json").write_text("{")
    store.prepare(RUN)
    assert len(list((store.path / "set_aside").iterdir())) == 2


def test_a_folder_that_was_begun_and_no_more_is_taken(store):
    """Killed between making the folder and writing run.json, of which a hidden part may be left."""
    (store.path / RUN.name).mkdir()
    (store.path / RUN.name / ".run.json.part.json").write_text("{")
    folder, note = store.prepare(RUN)
    assert note == "" and folder.run() == RUN


def test_an_edited_run_is_set_aside(store):
    folder, _ = store.prepare(RUN)
    path = folder.path / "run.json"
    path.write_text(path.read_text().replace('"epochs": 3', '"epochs": 30'))
    assert "run.json was edited: it is not what an ablation wrote. The run is set aside" in store.prepare(RUN)[1]


@pytest.mark.parametrize("left", [".ablation.json.part.json", "set_aside/ablation.json-1"])
def test_a_folder_that_was_killed_while_it_was_opened_can_be_opened(tmp_path, left):
    (tmp_path / left).parent.mkdir(exist_ok=True)
    (tmp_path / left).write_text("{")
    Store(tmp_path, "yolo ablate …")
    assert (tmp_path / "ablation.json").exists()


def test_a_folder_in_which_a_run_was_begun_is_not_discarded(store):
    (store.path / "preflight").mkdir()
    (store.path / "preflight" / "lock").touch()
    folder, _ = store.prepare(RUN)
    store.discard_if_empty()
    assert folder.run() == RUN
    shutil.rmtree(folder.path)
    store.discard_if_empty()
    assert not store.path.exists()


def test_a_damaged_mark_loses_nothing(store):
    folder, _ = store.prepare(RUN)
    folder.write_row(row(folder))
    (store.path / "ablation.json").write_text('{"commands": [')
    again = Store(store.path, "yolo ablate …")
    assert "It is set aside in" in again.notes[0] and "ablation.json is not a complete JSON file" in again.notes[0]
    assert again.prepare(RUN)[0].row() == row(folder)
    assert json.loads((store.path / "ablation.json").read_text()) == {"commands": ["yolo ablate …"]}


def test_commands_are_kept_once_each(store):
    Store(store.path, "yolo ablate b")
    Store(store.path, "yolo ablate b")
    assert json.loads((store.path / "ablation.json").read_text()) == {"commands": ["yolo ablate …", "yolo ablate b"]}


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("…")
    with pytest.raises(ArgumentError, match=r"holds something else \(thesis.tex\) and no ablation"):
        Store(tmp_path, "")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ArgumentError, match="can't write results to"):
        Store(tmp_path / "file", "")


def test_an_ablation_to_which_seeds_were_added_stays_one(tmp_path):
    """Whatever commands on a fixed grid follow; a folder that is not there, or whose mark is damaged, has none."""
    record = {"until": 0.5, "max_seeds": 20, "race": True, "seeds": [0, 1]}
    assert read_sequential(tmp_path / "out") is None
    Store(tmp_path / "out", "a", {"evaluation": {}, "sequential": record})
    Store(tmp_path / "out", "b", {"evaluation": {}})
    assert read_sequential(tmp_path / "out") == record
    (tmp_path / "out" / "ablation.json").write_text('{"commands": ["a"], "sequential": {"until": 0.5}}')
    assert read_sequential(tmp_path / "out") is None
    store = Store(tmp_path / "out", "c", {"sequential": record})
    assert "ablation.json is not as it was written" in store.notes[0] and read_sequential(tmp_path / "out") == record

"""Files that are there as a whole or not at all, and numbers that come back."""

import csv
import json
import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.storage import tables
from yolo_feiou.storage.tables import (
    atomic_file,
    atomic_file_set,
    parse_number,
    read_csv,
    read_json,
    read_record,
    results_folder,
    write_csv,
    write_json,
    write_text,
)


class Commands(msgspec.Struct):
    """A form."""

    commands: list[str]


def names(folder):
    """What a folder holds."""
    return sorted(path.name for path in folder.iterdir())


def test_a_file_takes_its_place_when_it_is_finished(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with atomic_file(path) as part:
        part.write_text("new")
        assert part.parent == tmp_path and part.suffix == ".csv"  # on one disk; a picture's format is its suffix
        assert path.read_text() == "old"
    assert path.read_text() == "new" and names(tmp_path) == ["table.csv"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
@pytest.mark.parametrize("old", [None, "old"])
def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path, error, old):
    path = tmp_path / "table.csv"
    if old:
        path.write_text(old)

    def write():
        with atomic_file(path) as part:
            part.write_text("half")
            raise error

    with pytest.raises(error):
        write()
    assert names(tmp_path) == (["table.csv"] if old else [])
    assert not old or path.read_text() == old


def test_a_name_that_cannot_be_taken_leaves_no_part(tmp_path, monkeypatch):
    """As where a folder has it, or, on Windows, somebody has the file open."""

    def refuse(source, target):
        raise PermissionError(13, "in use")

    (tmp_path / "a.txt").write_text("old")
    monkeypatch.setattr(tables.os, "replace", refuse)
    with pytest.raises(PermissionError, match="in use"):
        write_text(tmp_path / "a.txt", "new")
    assert names(tmp_path) == ["a.txt"] and (tmp_path / "a.txt").read_text() == "old"


def test_nothing_is_written_where_the_folder_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_text(tmp_path / "no" / "a.txt", "new")
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("write", "content", "error"),
    [
        (write_json, {"ok": 1, "not ok": {1, 2}}, TypeError),
        (write_csv, [{"a": 1}, {"a": 2, "b": 3}], ValueError),
        (write_text, b"\x00", TypeError),
    ],
)
def test_content_that_cannot_be_written_leaves_the_old_file(tmp_path, write, content, error):
    (tmp_path / "a").write_text("old")
    with pytest.raises(error):
        write(tmp_path / "a", content)
    assert names(tmp_path) == ["a"] and (tmp_path / "a").read_text() == "old"


def test_text_is_utf_8_everywhere(tmp_path):
    write_text(tmp_path / "a.txt", "ℓ1 α")
    assert (tmp_path / "a.txt").read_bytes() == "ℓ1 α".encode()


def test_json_is_for_people_too(tmp_path):
    content = {"loss": "ℓ1", "reading": {"area": 100, "region": "disc"}, "losses": ["iou"]}
    write_json(tmp_path / "a.json", content)
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(text) == content
    assert text.startswith('{\n  "loss": "ℓ1",\n  "reading": {\n    "area": 100,') and text.endswith("\n}\n")


def test_floats_are_written_with_7_digits_and_all_else_as_it_is(tmp_path):
    """The first row's columns, whole numbers and words as they are, floats with 7 significant digits."""
    rows = [
        {"loss": "focal_eiou:gamma=1,norm=tal", "step": 0, "error": 1 / 3, "share": 0.5},
        {"step": 12345678901, "loss": "iou", "error": 2e10 / 3, "share": 1e-12 / 3},
    ]
    write_csv(tmp_path / "a.csv", rows)
    assert (tmp_path / "a.csv").read_bytes().decode() == (
        "loss,step,error,share\n"
        '"focal_eiou:gamma=1,norm=tal",0,0.3333333,0.5\n'
        "iou,12345678901,6.666667e+09,3.333333e-13\n"
    )


LOSSES = st.sampled_from(
    ["iou", "focal_eiou:gamma=1,norm=tal", 'a "b"', "two\nlines", "a\rb", "c\r\nd", "", "=1", "'=1", "-a"]
)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None)
@given(st.lists(st.tuples(LOSSES, st.integers(-(10**15), 10**15), FLOATS), min_size=1))
def test_what_is_written_is_read_back(tmp_path_factory, values):
    """Words and whole numbers as they were, floats to 7 significant digits; and again the same bytes."""
    rows = [dict(zip(("loss", "step", "error"), row, strict=True)) for row in values]
    path = tmp_path_factory.mktemp("tables") / "a.csv"
    write_csv(path, rows)
    again = read_csv(path)
    assert [list(row) for row in again] == [["loss", "step", "error"]] * len(rows)
    for row, back in zip(rows, again, strict=True):
        assert (back["loss"], back["step"]) == (row["loss"], row["step"])
        assert math.isclose(back["error"], row["error"], rel_tol=5.1e-7, abs_tol=5e-324)
    text = path.read_bytes()
    write_csv(path, [{**row, "step": int(row["step"])} for row in again])
    assert path.read_bytes() == text


def test_columns_of_text_are_read_as_text(tmp_path):
    (tmp_path / "a.csv").write_text("version,commit,n\n3.10,12e45,3.10\n\n")
    assert read_csv(tmp_path / "a.csv", ("version", "commit")) == [{"version": "3.10", "commit": "12e45", "n": 3.1}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n3\n", "row 2 has 1 cells and the header 2: it was cut or edited."),
        (b"a,b\n1,2,3\n", "row 1 has 3 cells and the header 2"),
        (b"a\n\xff\n", "is not a CSV in UTF-8"),
        (b"a\n" + b"1" * 200_000, "is not a CSV in UTF-8 (field larger than field limit"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, content, message):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as error:
        read_csv(path)
    assert str(path) in str(error.value) and message in str(error.value)


def test_a_file_without_rows_is_read_as_none(tmp_path):
    for content in ("", "a,b\n"):
        (tmp_path / "a.csv").write_text(content)
        assert read_csv(tmp_path / "a.csv") == []


@pytest.mark.parametrize(
    ("text", "value"), [("1", 1.0), ("-2.5e-3", -0.0025), ("iou", "iou"), ("", ""), ("1,2", "1,2"), ("2-iou", "2-iou")]
)
def test_what_reads_as_a_number_is_one(text, value):
    assert parse_number(text) == value and type(parse_number(text)) is type(value)


def test_a_folder_that_cannot_be_written_to_is_left_as_it_was(tmp_path, monkeypatch):
    """Whoever may write anywhere needs it simulated."""

    def refuse(dir):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tables.tempfile, "TemporaryFile", refuse)
    (tmp_path / "there").mkdir()
    for out in ("there", "there/new", "other/new"):
        with pytest.raises(ArgumentError, match=r"\(Permission denied\)"), results_folder(tmp_path / out):
            pass
        assert names(tmp_path) == ["there"] and names(tmp_path / "there") == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "x.json can't be read: No such file or directory"),
        (b'[{"image_id": 1, "bb', "x.json is not a complete JSON file: .*line 1"),
        (b"", "x.json is not a complete JSON file"),
        (b"\xff\xfe\x00", "x.json is not a complete JSON file"),
    ],
)
def test_a_json_that_cannot_be_read_is_refused(tmp_path, content, message):
    path = tmp_path / "x.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message) as refused:
        read_json(path)
    assert "\n" not in str(refused.value)


def test_a_json_nested_too_deeply_is_a_mistake_in_one_line(tmp_path):
    (tmp_path / "a.json").write_text("[" * 100_000 + "]" * 100_000)
    with pytest.raises(DataError, match="a.json is not a complete JSON file: maximum recursion depth"):
        read_json(tmp_path / "a.json")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(DataError, match="can't be read: Is a directory"):
        read_json(tmp_path)


def test_a_file_name_that_is_no_unicode_is_written_and_read_back(tmp_path):
    """As Linux allows it: in a JSON it comes back, elsewhere it is spelled."""
    write_json(tmp_path / "a.json", {"path": "x\udcff"})
    assert read_json(tmp_path / "a.json") == {"path": "x\udcff"}
    write_csv(tmp_path / "a.csv", [{"path": "x\udcff"}])
    assert read_csv(tmp_path / "a.csv") == [{"path": "x\\udcff"}]


def write_set(folder, *files):
    """Write these files as a set."""
    with atomic_file_set(folder) as part:
        for name in files:
            (part / name).write_text("new")


def test_a_set_of_files_is_there_together_or_not_at_all(tmp_path):
    """Files of other names stay; a folder in the way is told before anything changes."""
    for name in ("a", "mine"):
        (tmp_path / name).write_text("old")
    with pytest.raises(FileNotFoundError):
        write_set(tmp_path, "a", "nowhere/b")
    assert names(tmp_path) == ["a", "mine"] and (tmp_path / "a").read_text() == "old"
    write_set(tmp_path, "a", "b")
    assert names(tmp_path) == ["a", "b", "mine"]
    assert [(tmp_path / name).read_text() for name in names(tmp_path)] == ["new", "new", "old"]
    (tmp_path / "c").mkdir()
    (tmp_path / "a").write_text("newer")
    with pytest.raises(ArgumentError, match="c is a folder"):
        write_set(tmp_path, "a", "c")
    assert names(tmp_path) == ["a", "b", "c", "mine"] and (tmp_path / "a").read_text() == "newer"


def test_a_record_is_read_as_it_stands_if_it_has_its_form(tmp_path):
    """Fields that the form doesn't name may be there too, as a later version's."""
    path = tmp_path / "x.json"
    write_json(path, {"commands": ["a"], "more": 1})
    assert read_record(path, Commands) == {"commands": ["a"], "more": 1}


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ({}, "object missing required field `commands`"),
        ({"commands": [1]}, r"expected `str`, got `int` - at `\$.commands\[0\]`"),
        ([], "expected `object`, got `array`"),
    ],
)
def test_a_record_of_another_form_is_named_with_what_is_wrong(tmp_path, content, wrong):
    path = tmp_path / "x.json"
    write_json(path, content)
    with pytest.raises(DataError, match=rf"x\.json is not as it was written: {wrong}\.$"):
        read_record(path, Commands)


@pytest.mark.parametrize(
    "odd", ["\r", "\n", "\r\n", '"', "'", "$", ",", ";", "\x1b", "\x85", "\u2028", "\ufeff", " ", "\t"]
)
def test_cells_of_odd_characters_are_read_as_they_were_written(tmp_path, odd):
    rows = [{"a": f"x{odd}y", "b": "1"}, {"a": odd, "b": ""}]
    write_csv(tmp_path / "x.csv", rows)
    assert read_csv(tmp_path / "x.csv", ["a", "b"]) == rows


FORMULAS = ["=cmd|'/c calc'!A0", "+a.yaml", "-b", "@SUM(A1)", "\t=1", "'=c", "''@d"]


def test_names_are_no_formulas_of_a_spreadsheet_and_come_back_from_it(tmp_path):
    """A name like =cmd|… ran a command there, and was saved as its result; numbers are numbers, below zero too."""
    path = tmp_path / "a.csv"
    write_csv(path, [{"run": name, "data": name, "gain": -0.5, "step": -3} for name in FORMULAS])
    with path.open(newline="") as file:
        _, *cells = csv.reader(file)
    assert [row[0] for row in cells] == [f"'{name}" for name in FORMULAS] and cells[0][2:] == ["-0.5", "-3"]
    again = read_csv(path, ("run",))
    assert [(row["run"], row["data"], row["gain"]) for row in again] == [(name, name, -0.5) for name in FORMULAS]


def test_text_with_an_apostrophe_of_its_own_is_as_it_is(tmp_path):
    rows = [{"run": name} for name in ("'tis", "Bob's", "'", "a=b")]
    write_csv(tmp_path / "a.csv", rows)
    assert (tmp_path / "a.csv").read_text() == "run\n'tis\nBob's\n'\na=b\n"
    assert read_csv(tmp_path / "a.csv") == rows

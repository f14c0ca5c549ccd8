"""The tables in a folder of results are read by one rule: which columns are text stands in the schema."""

from yolo_feiou.results.read import read_cells, read_table


def test_what_is_text_is_never_a_number_and_what_has_no_value_is_none(tmp_path):
    """A commit 12e4567 would be infinite, and version 3.10 would be 3.1."""
    path = tmp_path / "results.csv"
    path.write_text("run,python,data_holds,git_commit,AP,AP_S,minutes\n7,3.10,12e4567890,12e4567,0.5,,inf\n")
    (row,) = read_table(path)
    text = {"run": "7", "python": "3.10", "data_holds": "12e4567890", "git_commit": "12e4567"}
    assert row == {**text, "AP": 0.5, "AP_S": None, "minutes": None}


def test_cells_are_as_they_are_written(tmp_path):
    path = tmp_path / "results.csv"
    assert read_cells(path) == []
    path.write_text("run,AP,box\na,0.50,7.5\n")
    assert read_cells(path) == [{"run": "a", "AP": "0.50", "box": "7.5"}]

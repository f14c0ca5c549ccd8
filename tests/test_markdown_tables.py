"""Tables of Markdown keep what they are given."""

from tests.scripts import load_script

markdown_tables = load_script("markdown_tables")


def test_a_table_has_titles_sides_and_a_blank_line_before_it():
    """Titles, a side for each column, rows; a blank line before the table and none of its own after it."""
    assert markdown_tables.format_table(("a", "b"), "lr", [("x", "1"), ("y", "2")]) == (
        "| a | b |\n|:--|--:|\n| x | 1 |\n| y | 2 |\n"
    )


def test_columns_of_a_csv_keep_their_cells_as_written(tmp_path):
    """Also trailing zeros and the order asked for; an empty cell is a dash, and a bar of a name divides no cells."""
    (tmp_path / "a.csv").write_text("what,seconds,left_out,ratio\na|b_c,1.50,7,0.90\nsecond,,8,1.00\n")
    table = markdown_tables.format_csv(tmp_path / "a.csv", "lrr", what="what", ratio="ratio", seconds="s")
    assert table == "| what | ratio | s |\n|:--|--:|--:|\n| a\\|b_c | 0.90 | 1.50 |\n| second | 1.00 | – |\n"

"""A CSV that a spreadsheet has saved says the same as before, or is refused in one line."""

import csv
import io

import pytest

from yolo_feiou.errors import DataError
from yolo_feiou.storage.tables import read_csv, write_csv

ROWS = [
    {"run": "ciou_0", "loss": "ciou", "device": "0,1", "seed": 0, "box": 7.5, "AP": 0.463, "minutes": 12, "reason": ""},
    {
        "run": "b;c",
        "loss": 'f:gamma=1,n="x"',
        "device": "2",
        "seed": 1,
        "box": 5,
        "AP": 0.4,
        "minutes": 0.5,
        "reason": "é",
    },
]
WORDS = ("run", "loss", "device", "reason")


def saved(delimiter=",", comma=False, ends="\r\n", quoting=csv.QUOTE_MINIMAL, first=""):
    """The rows as a spreadsheet writes them."""
    text = io.StringIO()
    table = csv.writer(text, delimiter=delimiter, lineterminator=ends, quoting=quoting)
    table.writerow(ROWS[0])
    for row in ROWS:
        cells = [str(value) for value in row.values()]
        number = [name not in WORDS for name in row]
        table.writerow(
            cell.replace(".", ",") if comma and is_one else cell for cell, is_one in zip(cells, number, strict=True)
        )
    return first + text.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        saved(ends="\n").encode(),
        saved().encode("utf-8-sig"),  # Excel's CSV UTF-8
        saved(";", comma=True).encode("utf-8-sig"),  # where it is German, French, Spanish …
        saved(";", comma=True, first="sep=;\r\n").encode(),
        saved(";").encode(),
        saved("\t").encode("utf-16"),  # Excel's Unicode text, with its mark
        saved("\t", comma=True).encode("utf-16"),
        b"\xfe\xff" + saved("\t").encode("utf-16-be"),
        saved(quoting=csv.QUOTE_ALL).encode(),
        saved(";", comma=True, quoting=csv.QUOTE_ALL).encode(),
        (saved(";", comma=True) + ";;;;;;;\r\n" * 3).encode(),  # rows that were looked at
        "\r\n".join(line + ";;" if line else line for line in saved(";").split("\r\n")).encode(),  # and columns
        saved().replace("0.463", " 0.463\u00a0").encode(),
    ],
)
def test_the_same_rows_are_read(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    assert read_csv(tmp_path / "a.csv", WORDS) == ROWS


def test_decimal_commas_in_quotes_are_read(tmp_path):
    """Parted by commas too, as LibreOffice does it."""
    (tmp_path / "a.csv").write_text('loss,AP,n\nciou,"0,463",3\neiou,"0,4",4\n')
    assert [row["AP"] for row in read_csv(tmp_path / "a.csv")] == [0.463, 0.4]


def test_a_minus_sign_is_a_minus(tmp_path):
    (tmp_path / "a.csv").write_text("x\n−0.5\n")
    assert read_csv(tmp_path / "a.csv") == [{"x": -0.5}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("loss;AP;n\nciou;0,463;1.5\n", "row 1 has AP='0,463' with a decimal comma, and row 1 n='1.5' with a point."),
        ("loss;n\nciou;1,234\neiou;2,345\n", "row 1 has n='1,234', which may be a fraction or thousands."),
        ("loss,n\nciou,1\neiou,1 234\n", "row 2 has n='1 234', expected a plain number like 0.463."),
        ("loss,n\nciou,1'234.5\n", 'row 1 has n="1\'234.5", expected a plain number'),
        ("loss;n\nciou;1.234,5\n", "row 1 has n='1.234,5', expected a plain number"),
        ("loss,n\nciou,1.234.567\n", "row 1 has n='1.234.567', expected a plain number"),
        ("loss,AP\nciou,46.3%\n", "row 1 has AP='46.3%', expected a plain number"),
        ("loss;AP\nciou;46,3 %\n", "row 1 has AP='46,3 %', expected a plain number"),
        ('"loss,AP"\n"ciou,0.5"\n', "has all its columns in one, 'loss,AP'."),
        ("loss,AP,AP\nciou,0.4,0.5\n", "has the column 'AP' twice"),
        ("loss;AP\nciou;0,4;5\n", "row 1 has 3 cells and the header 2"),
        (b"PK\x03\x04rest", "is a workbook, expected a CSV: save it from the spreadsheet as 'CSV UTF-8'."),
        ("run,é\na,1\n".encode("cp1252"), "is not a CSV in UTF-8"),
        ("run,x\na,1\n".encode("utf-16")[:-1], "is not a CSV in UTF-8"),
    ],
)
def test_what_may_mean_two_things_is_one_line(tmp_path, content, message):
    path = tmp_path / "a.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError) as error:
        read_csv(path)
    assert message in str(error.value) and str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_a_list_of_ours_is_no_number(tmp_path):
    """0,1 beside numbers with points, in a file that we wrote, is what somebody gave: two GPUs, or two classes."""
    write_csv(tmp_path / "a.csv", [{"classes": "0,1", "AP": 0.5}, {"classes": "640,480", "AP": 0.25}])
    assert [row["classes"] for row in read_csv(tmp_path / "a.csv")] == ["0,1", "640,480"]

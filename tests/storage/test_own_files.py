"""Files of the user's own are named, and stay."""

import os

import pytest

from yolo_feiou.errors import ArgumentError
from yolo_feiou.storage.own_files import SEAL, check_not_overwritten, is_sealed, write_sealed


def test_what_is_in_the_way_is_named(tmp_path):
    names = ["a.csv", "b.csv", "c.csv", "d.csv", "e.csv"]
    check_not_overwritten(tmp_path, names)
    check_not_overwritten(tmp_path / "nowhere", names)
    for name in names[:4]:
        (tmp_path / name).touch()
    (tmp_path / "e.csv").symlink_to("nowhere")  # a link to what isn't there is in the way too
    with pytest.raises(ArgumentError, match=r"holds a.csv, b.csv, c.csv and 2 more, which would be overwritten"):
        check_not_overwritten(tmp_path, names)
    with pytest.raises(ArgumentError, match=r"holds e.csv, which"):
        check_not_overwritten(tmp_path, ["e.csv", "f.csv"])


def test_a_file_is_replaced_while_it_is_as_it_was_written(tmp_path):
    path = tmp_path / "card.md"
    write_sealed(path, "one\n")
    assert path.read_text().startswith("one\n<!-- ") and path.read_text().endswith(" -->\n") and is_sealed(path)
    write_sealed(path, "two: ä\n")
    assert path.read_text().startswith("two: ä\n<!-- ") and is_sealed(path)


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace("two", "too"),  # of the same length
        lambda text: text + "\nmine\n",
        lambda text: "mine\n" + text,
        lambda text: text[: text.index(SEAL[0])],  # without its seal
        lambda text: "mine",
        lambda text: "",
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text + text,
    ],
)
def test_a_file_that_was_edited_stays(tmp_path, edit):
    path = tmp_path / "card.md"
    write_sealed(path, "one\ntwo\n")
    path.write_bytes(edit(path.read_text()).encode())
    before = path.read_bytes()
    assert not is_sealed(path)
    with pytest.raises(ArgumentError, match=r"card.md was edited, or is not from yolo-feiou, and would be overwritten"):
        write_sealed(path, "three\n")
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["card.md"]


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_what_is_no_text_stays(tmp_path, content):
    path = tmp_path / "card.md"
    path.write_bytes(content) if content else path.symlink_to("nowhere")
    with pytest.raises(ArgumentError, match="rename it"):
        write_sealed(path, "one\n")
    assert os.path.lexists(path)

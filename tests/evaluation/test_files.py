"""Files that are not there or not whole: one clear line each."""

import pytest

from yolo_feiou.errors import DataError
from yolo_feiou.evaluation.files import read_json


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "x.json can't be read: No such file or directory"),
        (b'[{"image_id": 1, "bb', "x.json is no whole JSON file: .*line 1"),
        (b"", "x.json is no whole JSON file"),
        (b"\xff\xfe\x00", "x.json is no whole JSON file"),
    ],
)
def test_unreadable(tmp_path, content, message):
    path = tmp_path / "x.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message) as refused:
        read_json(path)
    assert "\n" not in str(refused.value)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(DataError, match="can't be read: Is a directory"):
        read_json(tmp_path)

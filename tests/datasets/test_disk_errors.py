"""Errors of the disk are messages that name what could not be written."""

import errno
import os
from pathlib import Path

import pytest

from yolo_feiou.datasets.disk_errors import disk_errors_as_messages
from yolo_feiou.errors import DataError


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_says_what_to_do(number):
    with pytest.raises(DataError, match="there is no space left for labels/1.txt .*: free some"), into("out"):
        raise OSError(number, os.strerror(number), "labels/1.txt")


def test_another_error_names_the_folder_where_it_names_no_file():
    with pytest.raises(DataError, match="^out can't be read or written: Permission denied"), into("out"):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def into(name):
    return disk_errors_as_messages(Path(name))

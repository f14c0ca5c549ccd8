"""Downloads from a server that behaves, and from ones that don't."""

import hashlib
import os

import pytest

from tests.datasets.coco.server import serving
from yolo_feiou.datasets.coco.download import MAX_TRIES, download
from yolo_feiou.errors import DataError

CONTENT = os.urandom(100_000)
MD5 = hashlib.md5(CONTENT).hexdigest()


@pytest.fixture
def server():
    with serving({"a.zip": CONTENT}) as one:
        yield one


def get(server, tmp_path, size=100_000, md5=MD5, name="a.zip", pauses=None):
    download(f"{server.url}/{name}", tmp_path / "new" / "a.zip", size, md5, ([] if pauses is None else pauses).append)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.zip"]
    return (tmp_path / "new" / "a.zip").read_bytes()


def part(tmp_path, content):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "a.zip.part").write_bytes(content)


@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_a_file_is_fetched_in_one_request(server, tmp_path, size):
    assert get(server, tmp_path, size) == CONTENT
    assert server.requests == [("/a.zip", None)]


@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_a_download_resumes_where_it_broke_off(server, tmp_path, size):
    part(tmp_path, CONTENT[:30_000])
    assert get(server, tmp_path, size) == CONTENT
    assert server.requests == [("/a.zip", "bytes=30000-")]


@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_connections_that_break_are_made_anew(server, tmp_path, size):
    server.cut = 30_000  # so there are four
    assert get(server, tmp_path, size) == CONTENT
    assert [wanted for _, wanted in server.requests] == [None, "bytes=30000-", "bytes=60000-", "bytes=90000-"]


def test_a_server_that_sends_no_parts_sends_the_whole_file_again(server, tmp_path):
    server.ranges = False
    part(tmp_path, b"x" * 30_000)
    assert get(server, tmp_path) == CONTENT


def test_a_server_without_parts_whose_connections_break_is_asked_again(server, tmp_path):
    server.ranges, server.cut, server.healthy_after = False, 30_000, 3
    assert get(server, tmp_path) == CONTENT


def test_a_download_without_progress_is_given_up_and_kept(server, tmp_path):
    server.ranges, server.cut = False, 30_000
    pauses = []
    with pytest.raises(DataError, match="broke off after 30,000 of 100,000 bytes .* it resumes there"):
        get(server, tmp_path, pauses=pauses)
    assert len(server.requests) == 1 + MAX_TRIES and pauses == [2, 4, 8, 16]
    assert (tmp_path / "new" / "a.zip.part").read_bytes() == CONTENT[:30_000]


@pytest.mark.parametrize("size", [len(CONTENT), None])
@pytest.mark.parametrize("there", [CONTENT, CONTENT + b"x"])
def test_a_part_that_is_the_whole_file_or_more_ends_in_the_file(server, tmp_path, size, there):
    part(tmp_path, there)
    if size is None and len(there) > len(CONTENT):  # only the checksum tells; the second time it is fetched anew
        with pytest.raises(DataError, match="It was removed"):
            get(server, tmp_path, size)
    assert get(server, tmp_path, size) == CONTENT


@pytest.mark.parametrize("size", [len(CONTENT), len(CONTENT) + 5, None])
def test_another_file_than_expected_is_removed_and_named(server, tmp_path, size):
    md5 = MD5 if size == len(CONTENT) + 5 else "0" * 32
    with pytest.raises(DataError, match="a.zip came with 100,000 bytes and MD5 .*, expected .* It was removed"):
        get(server, tmp_path, size, md5)
    assert not list((tmp_path / "new").iterdir())


def test_a_file_that_the_server_does_not_have_is_a_message(server, tmp_path):
    with pytest.raises(DataError, match="b.zip can't be downloaded: the server answered 404 Not Found. .* source="):
        get(server, tmp_path, name="b.zip")
    assert len(server.requests) == 1


def test_a_server_in_trouble_is_asked_again(server, tmp_path):
    server.status = 503
    with pytest.raises(DataError, match="broke off after 0 of 100,000 bytes .the server answered 503"):
        get(server, tmp_path)
    assert len(server.requests) == MAX_TRIES


def test_a_server_that_is_not_there_is_a_message(tmp_path):
    with pytest.raises(DataError, match="Connection refused"):
        download("http://127.0.0.1:9/a.zip", tmp_path / "a.zip", 10, MD5, sleep=lambda seconds: None)

"""Checksums of files."""

from yolo_feiou.storage.checksums import file_sha256


def test_a_file_of_several_blocks_has_the_sha256_of_its_whole_contents(tmp_path):
    """FIPS 180-4's example of 56 bytes, in blocks of 7."""
    path = tmp_path / "a"
    path.write_bytes(b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
    assert file_sha256(path, block_bytes=7) == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"

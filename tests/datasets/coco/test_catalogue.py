"""What is known of COCO 2017, against what Ultralytics says of it in its own data YAML."""

import re
from pathlib import Path

import pytest
import yaml
from ultralytics.utils import ROOT

from yolo_feiou.datasets.coco.catalogue import COCO_2017, TEST, TEST_DEV, TRAIN, URL, VAL

THEIRS = (ROOT / "cfg" / "datasets" / "coco.yaml").read_text(encoding="utf-8")
SPLITS = (*COCO_2017, TEST_DEV)


@pytest.mark.parametrize("published", SPLITS, ids=lambda published: published.split)
def test_lists_and_numbers_of_images_are_those_of_ultralytics(published):
    """As in `val: val2017.txt # val images (relative to 'path') 5000 images`, and `20288 of 40670 images`."""
    assert yaml.safe_load(THEIRS)[published.split] == published.listing
    (count,) = re.findall(rf"^{published.split}:.*?(\d+) (?:of \d+ )?images", THEIRS, re.MULTILINE)
    assert int(count) == published.counts[0]


def test_ultralytics_own_yaml_names_no_json():
    assert "annotations" not in yaml.safe_load(THEIRS)


@pytest.mark.parametrize("archive", [TRAIN, VAL], ids=lambda archive: archive.name)
def test_archives_are_where_ultralytics_finds_them(archive):
    assert f'"{URL}/{archive.path}"' in THEIRS


def test_archives_are_named_by_their_path_and_hold_what_is_extracted():
    archives = {archive for one in SPLITS for archive in (one.images, one.annotations)}
    assert len(archives) == len({archive.md5 for archive in archives}) == 5
    for archive in archives:
        assert Path(archive.path).name == archive.name and re.fullmatch(r"[0-9a-f]{32}", archive.md5)
    for archive in (TRAIN, VAL, TEST):  # JPEGs, which a zip doesn't make smaller
        assert archive.size <= archive.extracted < 1.01 * archive.size


def test_the_small_split_comes_first():
    sizes = [published.images.size for published in COCO_2017]
    assert sizes == sorted(sizes)

"""Data sets to prepare: one of one's own, and COCO 2017 with four images."""

import hashlib
from dataclasses import replace

import pytest

from tests.datasets.coco.factories import annotation, image, own_data, write_json, write_zip
from yolo_feiou.datasets.coco import catalogue


@pytest.fixture
def out(tmp_path):
    return tmp_path / "data" / "mine"


@pytest.fixture
def own(tmp_path, out):
    """The words that prepare a small data set of one's own."""
    return [f"out={out}", *own_data(tmp_path / "own")]


@pytest.fixture
def coco(tmp_path):
    """COCO 2017 as its authors would publish four images of it: contents by path, and the splits."""
    files, published, jsons = {}, [], {}
    for split, numbers in ((catalogue.COCO_2017[0], (1,)), (catalogue.COCO_2017[1], (2, 3, 4))):
        images = [image(n, f"{n:012}.jpg") for n in numbers]
        jsons[f"annotations/{split.json}"] = write_json(
            tmp_path / "x.json", images, [annotation(n, n) for n in numbers]
        ).read_bytes()
        members = {f"{split.folder}/{one['file_name']}": f"image {one['id']}".encode() for one in images}
        files[split.images.path] = write_zip(tmp_path / "x.zip", members).read_bytes()
        published.append(replace(split, counts=(len(numbers), len(numbers))))
    jsons["annotations/captions_train2017.json"] = b"{}"
    files[catalogue.ANNOTATIONS.path] = write_zip(tmp_path / "x.zip", jsons).read_bytes()
    (tmp_path / "x.json").unlink()
    (tmp_path / "x.zip").unlink()
    known = {path: (len(content), hashlib.md5(content).hexdigest()) for path, content in files.items()}

    def small(archive):
        size, md5 = known[archive.path]
        return replace(archive, size=size, md5=md5, extracted=size)

    return files, [replace(s, images=small(s.images), annotations=small(s.annotations)) for s in published]

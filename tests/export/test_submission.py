"""What goes to COCO's evaluation server."""

import json
import zipfile

import numpy as np
import pytest
import yaml
from pycocotools.coco import COCO

from tests.export.factories import CATEGORIES, errors
from yolo_feiou.errors import ArgumentError
from yolo_feiou.export import submission
from yolo_feiou.export.command import export
from yolo_feiou.export.submission import keep_best

pytestmark = pytest.mark.slow
ENTRY = "detections_test-dev2017_mine_results.json"


def submitted(run):
    with zipfile.ZipFile(run / "weights" / "submission.zip") as archive:
        assert archive.namelist() == [ENTRY]
        return json.loads(archive.read(ENTRY))


def test_a_submission_is_what_coco_loads(copy, squares, detecting, tmp_path, capsys):
    """120 detections an image of the split without labels, of which the 100 best count: scores from 1 down, each second
    of class 1, whose official id is 90; box k from x = k / 2 on is 10 × 8."""
    found = [[k / 2, 5, k / 2 + 10, 13, 1 - k / 200, k % 2] for k in range(120)]
    images = squares.parent / "images"
    detecting({str(path): found for split in ("val", "test") for path in (images / split).glob("*.jpg")})
    run = copy("run")
    assert export([str(run), "device=cpu", "submission=mine"]) == 0
    assert "submission.zip: 400 detections in 4 images\n" in capsys.readouterr().out
    records = submitted(run)
    assert sorted({record["image_id"] for record in records}) == [1000, 2000, 3000, 4000]
    of_one = [record for record in records if record["image_id"] == 3000]
    assert len(of_one) == 100 and min(record["score"] for record in of_one) == pytest.approx(1 - 99 / 200, abs=1e-6)
    assert [record["category_id"] for record in of_one[:4]] == [3, 90, 3, 90]
    assert of_one[7]["bbox"] == pytest.approx([3.5, 5, 10, 8], abs=0.02)
    assert set(of_one[0]) == {"image_id", "category_id", "bbox", "score"}

    (tmp_path / ENTRY).write_text(json.dumps(records))
    coco = COCO(str(squares.parent / "annotations" / "image_info_test-dev2017.json"))
    loaded = coco.loadRes(str(tmp_path / ENTRY))
    assert len(loaded.anns) == 400 and {a["category_id"] for a in loaded.anns.values()} == {c["id"] for c in CATEGORIES}


def test_a_trained_model_submits_and_the_same_twice(copy, squares):
    """The real thing, and no label was made for the split."""
    run = copy("run")
    assert export([str(run), "device=cpu", "submission=mine"]) == 0
    content = (run / "weights" / "submission.zip").read_bytes()
    records = submitted(run)
    assert records and max(record["score"] for record in records) > 0.01
    assert not list((squares.parent / "labels" / "test").glob("*.txt"))
    assert export([str(run), "device=cpu", "submission=mine"]) == 0
    assert (run / "weights" / "submission.zip").read_bytes() == content


def test_a_data_yaml_without_a_list_of_images_is_refused(copy, squares, tmp_path, capsys):
    run = copy("run")
    content = yaml.safe_load(squares.read_text())
    for change, message in (
        ({"annotations": {"val": content["annotations"]["val"]}}, "names no image list for its split 'test'"),
        ({"annotations": {**content["annotations"], "test": "none.json"}}, "none.json can't be read"),
        ({"test": None}, "has no split 'test'"),
    ):
        data = tmp_path / "other.yaml"
        data.write_text(yaml.safe_dump({**content, **change}))
        assert export([str(run), "device=cpu", f"data={data}", "submission=mine"]) == 1
        (line,) = errors(capsys.readouterr().err)
        assert "has no submission" in line and message in line
        assert {path.name for path in (run / "weights").iterdir()} == {"best.pt", "last.pt", "model_card.md"}


def test_images_that_the_split_lacks_are_told(copy, squares, tmp_path, capsys):
    official = json.loads((squares.parent / "annotations" / "image_info_test-dev2017.json").read_text())
    official["images"].append({"id": 9, "file_name": "missing.jpg", "width": 96, "height": 64})
    (tmp_path / "more.json").write_text(json.dumps(official))
    content = yaml.safe_load(squares.read_text())
    content["annotations"]["test"] = str(tmp_path / "more.json")
    (tmp_path / "data.yaml").write_text(yaml.safe_dump(content))
    run = copy("run")
    assert export([str(run), "device=cpu", f"data={tmp_path / 'data.yaml'}", "submission=mine"]) == 0
    assert "1 of the 5 images of more.json are not in the split" in capsys.readouterr().out


@pytest.mark.parametrize("content", [{"mine.json": "[]"}, {"a": "", "b": ""}, None, "link"])
def test_another_file_of_its_name_is_not_replaced(tmp_path, content):
    path = tmp_path / "submission.zip"
    if content == "link":
        path.symlink_to("nowhere")
    elif content is None:
        path.write_bytes(b"mine")
    else:
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in content.items():
                archive.writestr(name, text)
    with pytest.raises(ArgumentError, match="submission.zip is there and no submission of this command"):
        submission.check_own_submission(path)


def test_a_submission_of_before_is_replaced(tmp_path):
    submission.check_own_submission(tmp_path / "submission.zip")
    with zipfile.ZipFile(tmp_path / "submission.zip", "w") as archive:
        archive.writestr("detections_test-dev2017_ours_results.json", "[]")
    submission.check_own_submission(tmp_path / "submission.zip")


@pytest.fixture
def changed(squares, tmp_path):
    """A function that makes a data YAML with another JSON of the split `test`."""

    def make(change):
        official = json.loads((squares.parent / "annotations" / "image_info_test-dev2017.json").read_text())
        change(official)
        (tmp_path / "changed.json").write_text(json.dumps(official))
        content = yaml.safe_load(squares.read_text())
        content["annotations"]["test"] = str(tmp_path / "changed.json")
        (tmp_path / "data.yaml").write_text(yaml.safe_dump(content))
        return tmp_path / "data.yaml"

    return make


def test_detections_carry_the_ids_of_the_json_whatever_they_are(copy, changed, squares, detecting):
    def change(official):
        for n, image in enumerate(official["images"]):
            image["id"] = (2**63 + 1, "0001", "x", 7)[n]
        official["categories"][1]["id"] = "red"

    found = [[1, 5, 11, 13, 0.9, 0], [20, 5, 31, 13, 0.8, 1]]
    images = squares.parent / "images"
    detecting({str(path): found for split in ("val", "test") for path in (images / split).glob("*.jpg")})
    run = copy("run")
    assert export([str(run), "device=cpu", f"data={changed(change)}", "submission=mine"]) == 0
    records = submitted(run)
    assert {record["image_id"] for record in records} == {2**63 + 1, "0001", "x", 7}
    assert [record["category_id"] for record in records] == [3, "red"] * 4


def test_images_of_another_size_than_in_the_json_are_not_submitted(copy, changed, capsys):
    def halved(official):
        for image in official["images"]:
            image["width"], image["height"] = 2 * image["width"], 2 * image["height"]

    run = copy("run")
    for change, words in (
        (halved, "are 0.5 times as large as"),
        (lambda official: official["images"][0].update(width=64, height=96), "Width and height are swapped"),
    ):
        assert export([str(run), "device=cpu", f"data={changed(change)}", "submission=mine"]) == 1
        (line,) = errors(capsys.readouterr().err)
        assert words in line
        assert not (run / "weights" / "submission.zip").exists()


def test_the_best_of_each_image_are_kept_rounded():
    rng = np.random.default_rng(0)
    scores = rng.permutation(300) / 300
    records = [
        {"image_id": n // 150, "category_id": 1, "bbox": [1 / 3, 0, 2, 3], "score": s} for n, s in enumerate(scores)
    ]
    kept = keep_best(records, most=100)
    for image in (0, 1):
        of_image = sorted(scores[150 * image : 150 * image + 150])[50:]
        assert sorted(r["score"] for r in kept if r["image_id"] == image) == pytest.approx(of_image, abs=1e-6)
    assert kept[0]["bbox"] == [0.33, 0, 2, 3]
    assert records[0]["bbox"] == [1 / 3, 0, 2, 3], "what is handed in stays as it is"

"""Labels are exact, and those of Ultralytics' converter where that has no say of its own."""

import json
import multiprocessing
import os
import subprocess
import sys
import time
from fractions import Fraction

import numpy as np
import pytest

from tests.datasets.coco.factories import CATEGORIES, TINY, annotation, image, labels, write_json
from yolo_feiou.datasets.coco.annotations import read_coco_columns
from yolo_feiou.datasets.coco.convert import LabelCounts, make_label_name, make_label_rows, write_labels
from yolo_feiou.errors import DataError

real = pytest.mark.skipif(not TINY.is_dir(), reason="the real data sets don't lie beside this checkout")


def written(tmp_path, images, objects, **how):
    """The label files and the counts of a synthetic JSON."""
    columns = read_coco_columns(write_json(tmp_path / "a.json", images, objects))
    counts = write_labels(columns, tmp_path / "labels", **how)
    return labels(tmp_path / "labels"), counts


def test_a_label_has_centre_and_size_as_shares_of_the_image(tmp_path):
    # Centre (10 + 30/2, 20 + 40/2) = (25, 40) of 200 × 100: 0.125, 0.4; sides 30/200 = 0.15, 40/100 = 0.4.
    # The float32 nearest to 0.4 is 0.4000000059604645, to 0.15 it is 0.1500000059604645.
    files, counts = written(tmp_path, [image(1)], [annotation(1)])
    assert files == {"1.txt": "0 0.125 0.400000006 0.150000006 0.400000006\n"}
    assert counts == LabelCounts(images=1, objects=1, bytes=len(files["1.txt"]))


@pytest.mark.parametrize(
    ("box", "expected", "clipped", "degenerate"),
    [
        ((-10, -20, 30, 40), (0.05, 0.1, 0.1, 0.2), True, False),  # 0 to 20 and 0 to 20, of 200 × 100
        ((190, 90, 30, 40), (0.975, 0.95, 0.05, 0.1), True, False),  # 190 to 200, 90 to 100
        ((0, 0, 200, 100), (0.5, 0.5, 1, 1), False, False),
        ((10, 10, 1e308, 1e308), (0.525, 0.55, 0.95, 0.9), True, False),
        ((10, 10, 0, 5), None, False, True),
        ((10, 10, 5, 0), None, False, True),
        ((-10, 10, 10, 5), None, True, True),  # ends where the image begins
        ((250, 10, 10, 5), None, True, True),
    ],
)
def test_boxes_are_clipped_to_the_image(box, expected, clipped, degenerate):
    row, cut, empty = make_label_rows(np.array([box], float), np.array([[200.0, 100.0]]))
    assert (cut.item(), empty.item()) == (clipped, degenerate)
    if expected:
        np.testing.assert_allclose(row[0], expected, rtol=1e-12)


def test_rounding_is_no_reason_to_clip():
    # A label 0.892747 0.5 0.214486 1, in an image of 773 pixels, as a program writes it back to COCO's form.
    x, width = 607.2023220000001, 165.79767800000002
    assert x + width > 773
    row, clipped, _ = make_label_rows(np.array([[x, 0, width, 480]]), np.array([[773.0, 480.0]]))
    assert not clipped.any() and row[0, 2] == width / 773


def test_what_is_left_out_and_clipped_is_counted(tmp_path):
    objects = [
        annotation(1),
        annotation(2),  # the same label again
        annotation(3, category_id=7),  # the same box, another class
        annotation(4, bbox=(-5, 0, 10, 10)),
        annotation(5, bbox=(0, 0, 0, 10)),
        annotation(6, iscrowd=1),
        annotation(7, 2, iscrowd=1),
    ]
    files, counts = written(tmp_path, [image(1), image(2), image(3)], objects, digits=6)
    assert files["2.txt"] == files["3.txt"] == ""
    assert files["1.txt"] == "0 0.125 0.4 0.15 0.4\n1 0.125 0.4 0.15 0.4\n0 0.0125 0.05 0.025 0.1\n"
    size = len(files["1.txt"])
    assert counts == LabelCounts(
        3, objects=3, crowds=2, clipped=1, degenerate=1, duplicates=1, without_objects=2, bytes=size
    )


def test_labels_lie_as_the_images_do_and_are_found_by_ultralytics():
    from ultralytics.data.utils import img2label_paths

    for name in ("a.jpg", "a/b.c.JPG", "a.b/c.png", "a/.hidden.jpg"):
        assert img2label_paths([f"/data/images/train/{name}"]) == [f"/data/labels/train/{make_label_name(name)}"]


@real
def test_real_labels_are_exact(tmp_path):
    # The exact value from the decimals of the JSON, as fractions; its nearest float32 is that of the label.
    path = TINY / "annotations" / "instances_val2017.json"
    write_labels(read_coco_columns(path), tmp_path / "labels")
    content = json.loads(path.read_text(), parse_float=Fraction, parse_int=Fraction)
    checked = 0
    for info in content["images"]:
        sizes = (info["width"], info["height"])
        mine = [a for a in content["annotations"] if a["image_id"] == info["id"] and not a["iscrowd"]]
        lines = (tmp_path / "labels" / make_label_name(info["file_name"])).read_text().splitlines()
        for one, line in zip(mine, lines, strict=True):
            box = [Fraction(value) for value in one["bbox"]]
            exact = [(box[i] + box[i + 2] / 2) / sizes[i] for i in (0, 1)] + [box[i + 2] / sizes[i] for i in (0, 1)]
            for value, text in zip(exact, line.split()[1:], strict=True):
                near = np.float32(text)
                around = [np.nextafter(near, np.float32(side)) for side in (-1, 2)]
                off = abs(Fraction(float(near)) - value)
                assert all(off < abs(Fraction(float(other)) - value) for other in around)
                checked += 1
    assert checked == 4 * 135


def stock(folder, out):
    """The labels that Ultralytics' own converter makes of the JSON in a folder."""
    from ultralytics.data.converter import convert_coco

    convert_coco(str(folder), str(out), cls91to80=True)
    return {path.name: labels(path) for path in (out / "labels").iterdir()}


@real
def test_with_six_digits_the_bytes_are_those_of_ultralytics(tmp_path):
    for split, theirs in stock(TINY / "annotations", tmp_path / "stock").items():
        columns = read_coco_columns(TINY / "annotations" / f"instances_{split}.json")
        assert not make_label_rows(columns.boxes, np.repeat(columns.sizes, np.diff(columns.starts), axis=0))[1].any()
        write_labels(columns, tmp_path / split, digits=6)
        ours = labels(tmp_path / split)
        assert theirs == {name: ours[name] for name in theirs} and len(theirs) > 5
        assert not any(ours[name] for name in ours.keys() - theirs.keys())  # nothing is on those images


def test_the_bytes_are_those_of_ultralytics_with_repeated_and_empty_boxes_too(tmp_path):
    rng = np.random.default_rng(0)
    boxes = (rng.uniform(0, 50, (300, 4)).round(2) * rng.integers(0, 2, (300, 1))).tolist()
    objects = [annotation(n, n % 7 + 1, box, 1 + n % 2, iscrowd=int(n % 11 == 0)) for n, box in enumerate(boxes)]
    objects += [{**one, "id": 1000 + one["id"]} for one in objects[::3]]
    names = [{"id": 1, "name": "person"}, {"id": 2, "name": "bicycle"}]
    path = write_json(tmp_path / "json" / "instances_a.json", [image(n) for n in range(1, 8)], objects, names)
    counts = write_labels(read_coco_columns(path), tmp_path / "labels", digits=6)
    assert stock(tmp_path / "json", tmp_path / "stock") == {"a": labels(tmp_path / "labels")}
    assert counts.duplicates > 20 and counts.degenerate > 100 and counts.crowds > 20


def test_many_processes_write_what_one_does(tmp_path):
    rng = np.random.default_rng(1)
    images = [image(n, f"{n % 3}/{n}.jpg") for n in range(50)]
    objects = [annotation(n, int(rng.integers(50)), rng.uniform(0, 90, 4).tolist()) for n in range(400)]
    columns = read_coco_columns(write_json(tmp_path / "a.json", images, objects))
    seen = []
    one = write_labels(columns, tmp_path / "one", workers=1, task_size=7)
    two = write_labels(columns, tmp_path / "two", workers=3, task_size=7, progress=seen.append)
    assert one == two and labels(tmp_path / "one") == labels(tmp_path / "two") and sum(seen) == 50


def test_a_worker_that_is_killed_is_a_message(tmp_path):
    """All are, when the first of 300 labels is written."""

    def kill(images):
        for worker in multiprocessing.active_children():
            worker.kill()

    columns = read_coco_columns(write_json(tmp_path / "a.json", [image(n) for n in range(300)], []))
    with pytest.raises(DataError, match="was killed"):
        write_labels(columns, tmp_path / "labels", workers=2, task_size=1, progress=kill)


def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    script = f"""
import os, time, pathlib
from yolo_feiou.datasets.coco import convert
from yolo_feiou.datasets.coco.annotations import read_coco_columns
def work(*arguments):
    pathlib.Path({str(tmp_path)!r}, f"worker{{os.getpid()}}").touch()
    time.sleep(60)
convert.write_task = work
columns = read_coco_columns(pathlib.Path({str(tmp_path / "a.json")!r}))
convert.write_labels(columns, pathlib.Path("labels"), workers=2, task_size=1)
"""
    write_json(tmp_path / "a.json", [image(n) for n in range(1, 9)], [], CATEGORIES)
    child = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path)
    wait(lambda: len(list(tmp_path.glob("worker*"))) == 2)
    workers = [int(path.name.removeprefix("worker")) for path in tmp_path.glob("worker*")]
    child.kill()
    child.wait()
    wait(lambda: not any(os.path.exists(f"/proc/{pid}/cwd") for pid in workers))


def wait(condition):
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)

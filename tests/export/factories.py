"""A data set in COCO's form, easy to learn: one or two squares of two colours in each image, and a crowd."""

import json

import cv2
import numpy as np
import yaml

#: As in COCO, ids have gaps, and the classes of the data YAML are in their order.
CATEGORIES = [{"id": 3, "name": "white"}, {"id": 90, "name": "red"}]
COLOURS = {3: (255, 255, 255), 90: (0, 0, 255)}
WIDTH, HEIGHT = 96, 64


def errors(text):
    """The lines of stderr that are ours; older releases show their progress there."""
    return [line for line in text.splitlines() if line.startswith("error: ")]


def coco_form(root, counts):
    """Write images, labels, JSONs with ids of their own and a data YAML; return its path.

    The split `test` has images and an image_info JSON alone. The first image of the others has a crowd, a third square,
    which labels leave out.
    """
    rng = np.random.default_rng(0)
    for split, count in counts.items():
        (root / "images" / split).mkdir(parents=True)
        (root / "labels" / split).mkdir(parents=True)
        images, annotations = [], []
        for number in range(count):
            image = {"id": 1000 * (number + 1), "file_name": f"{number:012d}.jpg", "width": WIDTH, "height": HEIGHT}
            images.append(image)
            annotations += _draw(root, split, image, crowd=number == 0, rng=rng)
        for number, annotation in enumerate(annotations, 1):
            annotation["id"] = number
        content = {"images": images, "annotations": annotations, "categories": CATEGORIES}
        if split == "test":
            content.pop("annotations")
        (root / "annotations").mkdir(exist_ok=True)
        (root / "annotations" / _name(split)).write_text(json.dumps(content))
    said = {split: f"images/{split}" for split in counts}
    names = [category["name"] for category in CATEGORIES]
    official = {split: f"annotations/{_name(split)}" for split in counts}
    path = root / "squares.yaml"
    path.write_text(yaml.safe_dump({"path": str(root), **said, "names": names, "annotations": official}))
    return path


def _name(split):
    return "image_info_test-dev2017.json" if split == "test" else f"instances_{split}2017.json"


def _draw(root, split, image, crowd, rng):
    canvas = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    annotations, lines = [], []
    for column, category in enumerate((3, 90, 3) if crowd else (3, 90)):
        side = int(rng.integers(20, 28))
        x, y = column * 32 + int(rng.integers(0, 32 - side)), int(rng.integers(0, HEIGHT - side))
        cv2.rectangle(canvas, (x, y), (x + side - 1, y + side - 1), COLOURS[category], -1)
        is_crowd = column == 2
        box = [x, y, side, side]
        annotations.append(
            {"image_id": image["id"], "category_id": category, "bbox": box, "area": side**2, "iscrowd": int(is_crowd)}
        )
        centre = ((x + side / 2) / WIDTH, (y + side / 2) / HEIGHT)
        if not is_crowd:
            lines.append(f"{int(category == 90)} {centre[0]} {centre[1]} {side / WIDTH} {side / HEIGHT}\n")
    cv2.imwrite(str(root / "images" / split / image["file_name"]), canvas)
    if split != "test":
        (root / "labels" / split / image["file_name"]).with_suffix(".txt").write_text("".join(lines))
    return annotations

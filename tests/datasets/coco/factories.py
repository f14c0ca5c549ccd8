"""Small synthetic data sets in COCO's form."""

import json
import zipfile

from PIL import Image

from tests.runs import SHARED_DATA

TINY = SHARED_DATA / "coco_tiny"
CATEGORIES = [{"id": 7, "name": "cat"}, {"id": 3, "name": "dog"}]


def image(number, name=None, width=200, height=100, **more):
    """An image of a JSON."""
    return {"id": number, "file_name": name or f"{number}.jpg", "width": width, "height": height, **more}


def annotation(number, image_id=1, bbox=(10, 20, 30, 40), category_id=3, **more):
    """An object of a JSON."""
    return {"id": number, "image_id": image_id, "category_id": category_id, "bbox": list(bbox), "iscrowd": 0, **more}


def write_json(path, images, annotations, categories=CATEGORIES, **more):
    """Write a JSON of COCO's kind; returns its path."""
    content = {"info": {"year": 2017}, "images": images, "annotations": annotations, "categories": categories, **more}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def write_images(folder, names, size=(200, 100), **how):
    """Write JPEGs, each with other bytes."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size).save(folder / name, "JPEG", comment=name, **how)
    return folder


def own_data(folder, images=None, objects=None):
    """A data set with JSON and images; returns the words of the command that prepares it, but for out=."""
    train = images or [image(1), image(2)], objects or [annotation(1), annotation(2, 2)]
    words = []
    for split, (images, annotations) in {"train": train, "val": ([image(1)], [annotation(1)])}.items():
        path = write_json(folder / f"{split}.json", images, annotations)
        write_images(folder / split, [one["file_name"] for one in images])
        words += [f"{split}={path}", f"{split}_images={folder / split}"]
    return words


def write_zip(path, members, compression=zipfile.ZIP_STORED):
    """Write a zip of names and contents; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def labels(folder):
    """The content of the label files in a folder, by name."""
    return {path.relative_to(folder).as_posix(): path.read_text() for path in sorted(folder.rglob("*.txt"))}


def change_json(tmp_path, split="train"):
    """Change the JSON of a split, so that all has to be made anew."""
    path = tmp_path / "own" / f"{split}.json"
    path.write_text(path.read_text().replace("[10, 20, 30, 40]", "[10, 20, 40, 30]"))

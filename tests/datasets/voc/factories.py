"""Small data sets with VOC XML."""

import cv2
import numpy as np

SIZE = (40, 20)  # width and height


def make_object(name, corners, difficult=0, more=""):
    """The XML of an object."""
    box = "".join(
        f"<{key}>{value}</{key}>" for key, value in zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True)
    )
    return f"<object><name>{name}</name><difficult>{difficult}</difficult><bndbox>{box}</bndbox>{more}</object>"


def write_xml(folder, key, objects=(), size=SIZE, filename=None):
    """Write an XML, and return its path."""
    told = "" if size is None else f"<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>"
    path = folder / f"{key}.xml"
    name = f"{key}.png" if filename is None else filename
    path.write_text(f"<annotation><filename>{name}</filename>{told}{''.join(objects)}</annotation>", encoding="utf-8")
    return path


def write_image(folder, name, size=SIZE):
    """Write an image of a size."""
    (folder / name).write_bytes(cv2.imencode(".png", np.zeros((size[1], size[0], 3), np.uint8))[1].tobytes())


def write_voc(folder, contents, lists=None):
    """Write a data set: the objects of each image by its name, and the lists of ImageSets/Main by theirs."""
    for name in ("Annotations", "JPEGImages"):
        (folder / name).mkdir(parents=True)
    for key, objects in contents.items():
        write_xml(folder / "Annotations", key, objects)
        write_image(folder / "JPEGImages", f"{key}.png")
    for name, keys in (lists or {}).items():
        (folder / "ImageSets" / "Main").mkdir(parents=True, exist_ok=True)
        (folder / "ImageSets" / "Main" / f"{name}.txt").write_text("".join(f"{key}\n" for key in keys))
    return folder

"""What is read of VOC XML, and what is refused, three at a time."""

import math

import pytest

from tests.datasets.voc.factories import make_object, write_image, write_voc, write_xml
from yolo_feiou.datasets.voc.annotations import VocObject, find_voc_source, list_classes, read_voc_images
from yolo_feiou.errors import ArgumentError, DataError

PART = "<part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></part>"


def read(folder, **how):
    return read_voc_images(find_voc_source(folder), **how)


def test_size_and_objects_are_those_of_the_xml_and_parts_are_none(tmp_path):
    objects = [make_object("cat", (1, 2, 3.5, 4), more=PART), make_object(" dog ", (5, 6, 7, 8), 1)]
    (image,), missing = read(write_voc(tmp_path / "d", {"a": objects}))
    assert (image.key, image.file, image.size, missing) == ("a", "a.png", (40, 20), [])
    assert image.objects == (VocObject("cat", (1, 2, 3.5, 4)), VocObject("dog", (5, 6, 7, 8), True))
    assert list_classes([image]) == ["cat", "dog"]


def test_xml_and_images_may_lie_side_by_side(tmp_path):
    write_xml(tmp_path, "a")
    write_image(tmp_path, "a.png")
    (image,), _ = read(tmp_path)
    assert image.file == "a.png"


@pytest.mark.parametrize(
    ("filename", "files", "found"),
    [
        ("a.png", ["a.png"], "a.png"),
        ("wrong.png", ["a.png", "wrong.png"], "a.png"),  # of a copied XML: the name of the XML tells
        ("b.png", ["b.png"], "b.png"),
        ("C:\\photos\\b.png", ["b.png"], "b.png"),
        ("a.png", ["a.jpg", "a.png"], "a.png"),
        ("", ["a.png"], "a.png"),
    ],
)
def test_the_image_is_that_of_the_xmls_name_or_else_the_named_one(tmp_path, filename, files, found):
    source = write_voc(tmp_path / "d", {})
    write_xml(source / "Annotations", "a", filename=filename)
    for file in files:
        write_image(source / "JPEGImages", file)
    (image,), _ = read(source)
    assert image.file == found


@pytest.mark.parametrize("size", [None, (0, 0), (40, 0), ("x", 20)])
def test_a_size_that_is_none_is_unknown(tmp_path, size):
    source = write_voc(tmp_path / "d", {})
    write_xml(source / "Annotations", "a", size=size)
    write_image(source / "JPEGImages", "a.png")
    (image,), _ = read(source)
    assert all(map(math.isnan, image.size))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<annotation>", "a.xml is not XML"),
        ("<annotation><object/></annotation>", "a.xml: object 1 has no <name>"),
        ("<annotation><object><name>x</name></object></annotation>", "a.xml: object 1 has no <bndbox> of four numbers"),
        (f"<annotation>{make_object('x', (1, 2, 'nan', 4))}</annotation>", "a.xml: object 1 has no <bndbox> of four"),
    ],
)
def test_xml_that_cant_be_used_is_named(tmp_path, text, message):
    source = write_voc(tmp_path / "d", {"a": [], "b": []})
    (source / "Annotations" / "a.xml").write_text(text)
    with pytest.raises(DataError, match=f"1 of 2 XML can't be used: {message}"):
        read(source)


def test_two_xml_of_one_label_file_are_refused(tmp_path):
    source = write_voc(tmp_path / "d", {"a": []})
    write_xml(source / "Annotations", "b", filename="a.png")
    with pytest.raises(DataError, match=r"b\.xml and a\.xml are both of a\.png"):
        read(source)


def test_xml_without_image_is_refused_or_left_out(tmp_path):
    source = write_voc(tmp_path / "d", {"a": []})
    write_xml(source / "Annotations", "b")
    with pytest.raises(DataError, match=r"1 of 2 XML have no image in .*: b\.xml.*missing=skip"):
        read(source)
    images, missing = read(source, skip=True)
    assert ([image.key for image in images], missing) == (["a"], ["b.xml"])
    (source / "JPEGImages" / "a.png").unlink()
    for skip in (True, False):
        with pytest.raises(DataError, match=r"no XML in .* has an image in .*: a\.xml, b\.xml"):
            read(source, skip=skip)


def test_the_folder_of_the_xml_alone_is_sent_back_to_the_one_above(tmp_path):
    source = write_voc(tmp_path / "d", {"a": []})
    with pytest.raises(ArgumentError, match=r"d/Annotations has XML, and the images are in .*: give source=.*/d\.$"):
        find_voc_source(source / "Annotations")


def test_a_folder_without_xml_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="there is no such folder"):
        find_voc_source(tmp_path / "nope")
    with pytest.raises(ArgumentError, match=r"has no Annotations/\*\.xml"):
        find_voc_source(tmp_path)

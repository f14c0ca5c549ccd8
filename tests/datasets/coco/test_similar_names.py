"""File names that differ in their spelling alone."""

import unicodedata

import pytest

from yolo_feiou.datasets.coco.similar_names import suggest_name

NFD = unicodedata.normalize("NFD", "ünï.jpg")


@pytest.mark.parametrize(
    ("name", "there", "words"),
    [
        ("IMG_1.JPG", "IMG_1.jpg", "did you mean 'IMG_1.jpg'? It differs in case"),
        (NFD, "ünï.jpg", "It differs in its Unicode form"),
        ("a%20b.jpg", "a b.jpg", "It differs in %-escapes"),
        ("a b.jpg", "val/a%20b.jpg", "did you mean 'val/a%20b.jpg'? It differs in %-escapes"),
        ("a\\B.jpg", "b.jpg", "It differs in case"),
        (f"A%20{NFD}", "a ünï.jpg", "It differs in its spelling"),
    ],
)
def test_a_hint_says_in_what_the_nearest_name_differs(name, there, words):
    assert words in suggest_name(name, ["x.jpg", there])


def test_other_names_are_no_hint():
    assert suggest_name("7.jpg", ["8.jpg", "17.jpg", "7.png"]) == ""

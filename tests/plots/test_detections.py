"""What the picture of detections shows: the objects of each image, and of each model its boxes, in their places."""

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from yolo_feiou.plots.detections import FoundRow, draw_detections
from yolo_feiou.plots.style import save_figure

IMAGES = [np.full((64, 96, 3), shade, np.uint8) for shade in (0, 255)]
TRUTH = [[(20, 10, 40, 30)], [(0, 0, 8, 8), (50, 40, 10, 20)]]
MODELS = [
    FoundRow("CIoU", "#E69F00", [[(22, 10, 40, 30)], []]),
    FoundRow("Focal-EIoU", "#D55E00", [[], [(50, 42, 10, 20), (1, 0, 8, 8)]]),
]


@pytest.fixture
def figure():
    return draw_detections(IMAGES, TRUTH, MODELS, "two trainings", "dashed: the objects")


def read_boxes(axis, dashed):
    """The boxes of a panel with one kind of line: x, y, width and height in pixels, from the image's corner."""
    found = [patch for patch in axis.patches if isinstance(patch, Rectangle)]
    kind = "--" if dashed else "-"
    return [
        (patch.get_x() + 0.5, patch.get_y() + 0.5, patch.get_width(), patch.get_height())
        for patch in found
        if patch.get_linestyle() == kind
    ]


def test_each_row_has_all_images_in_their_order(figure):
    """Image 0 is black and image 1 is white; the corner of the first pixel is at −0.5."""
    shown = [axis.images[0] for axis in figure.axes]
    assert [image.get_array().mean() for image in shown] == [0, 255] * 3
    assert all(tuple(image.get_extent()) == (-0.5, 95.5, 63.5, -0.5) for image in shown)


def test_the_objects_are_alone_in_the_first_row_and_dashed_below(figure):
    for image in (0, 1):
        panels = figure.axes[image::2]
        assert read_boxes(panels[0], dashed=False) == TRUTH[image] and read_boxes(panels[0], dashed=True) == []
        assert [read_boxes(panel, dashed=True) for panel in panels[1:]] == [TRUTH[image]] * 2


def test_a_model_has_its_boxes_and_label(figure):
    for number, model in enumerate(MODELS, 1):
        panels = figure.axes[2 * number : 2 * number + 2]
        assert [read_boxes(panel, dashed=False) for panel in panels] == [*model.boxes]
        assert (panels[0].get_ylabel(), panels[1].get_ylabel()) == (model.label, "")
    assert figure.axes[0].get_ylabel() == "truth"


def test_the_picture_fits_a_screen_and_shows_each_pixel_of_small_images(figure, tmp_path):
    """Six images of 128 pixels: no wider than 1920, and at least 1.8 pixels of the picture for one of an image."""
    images, boxes = [np.zeros((128, 128, 3), np.uint8)] * 6, [[]] * 6
    models = [FoundRow(f"{name}, mAP50 0.71", "#E69F00", boxes) for name in ("CIoU", "Focal-EIoU")]
    figure = draw_detections(images, boxes, models, "title", "note")
    save_figure(figure, tmp_path / "picture.png")
    width, height = figure.get_size_inches() * 110
    assert width < 1920 and height < 1080
    assert all(axis.get_window_extent().width / figure.dpi * 110 > 1.8 * 128 for axis in figure.axes)

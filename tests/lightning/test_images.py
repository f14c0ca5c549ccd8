"""Images and objects as torchvision's detectors take them, flipped as seed, step and index say."""

import pickle
import re

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from tests.lightning.factories import label, split, write_image
from yolo_feiou.errors import DataError
from yolo_feiou.lightning.batches import Batches
from yolo_feiou.lightning.images import ImageError, Images, collate
from yolo_feiou.lightning.masks import read_masks
from yolo_feiou.yolo.splits import read_split

SHAPE = (40, 60)
BOXES = [(3, 5, 10, 20), (30, 0, 30, 40)]


@pytest.fixture
def one(tmp_path):
    """A split of one image with two objects, and its pixels."""
    pixels = write_image(tmp_path / "1.png", SHAPE)
    triangles = [[(3, 5), (13, 5), (3, 25)], [(30, 0), (60, 0), (30, 40)]]
    return split(tmp_path, [label(tmp_path / "1.png", SHAPE, BOXES, [1, 0], triangles)]), pixels


def equal(first, second):
    """Whether two items are the same, bit for bit."""
    (image, objects), (other, others) = first, second
    tensors = [key for key in objects if key != "image_id"]
    return (
        torch.equal(image, other)
        and objects.keys() == others.keys()
        and objects["image_id"] == others["image_id"]
        and all(torch.equal(objects[key], others[key]) for key in tensors)
    )


@pytest.mark.parametrize("first_label", [0, 1])
def test_an_item_is_an_image_and_its_objects(one, first_label):
    data, pixels = one
    image, objects = Images(data, first_label=first_label, fliplr=0)[0]
    assert image.dtype == torch.float32 and type(image) is torch.Tensor
    np.testing.assert_array_equal(image.permute(1, 2, 0).numpy(), pixels.astype(np.float32) / 255)
    assert set(objects) == {"boxes", "labels", "image_id"} and objects["image_id"] == 0
    assert objects["labels"].dtype == torch.int64 and type(objects["boxes"]) is torch.Tensor
    assert objects["labels"].tolist() == [1 + first_label, first_label]
    torch.testing.assert_close(objects["boxes"], torch.tensor([[3.0, 5, 13, 25], [30, 0, 60, 40]]))


def test_a_flip_mirrors_image_boxes_and_masks(one):
    """x becomes 60 − x, and the edges of a box change places."""
    data, pixels = one
    masks = read_masks(data, "none.yaml", "train")
    image, objects = Images(data, fliplr=1, masks=masks)[0]
    np.testing.assert_array_equal(image.permute(1, 2, 0).numpy(), pixels[:, ::-1].astype(np.float32) / 255)
    torch.testing.assert_close(objects["boxes"], torch.tensor([[47.0, 5, 57, 25], [0, 0, 30, 40]]))
    assert objects["masks"].dtype == torch.uint8 and type(objects["masks"]) is torch.Tensor
    assert torch.equal(objects["masks"], torch.from_numpy(masks.decode(0)[:, :, ::-1].copy()))


def test_flips_are_a_function_of_seed_step_and_index(one):
    data, _ = one

    def flipped(seed, step, fliplr=0.5):
        return Images(data, seed=seed, fliplr=fliplr)[step, 0][1]["boxes"][0, 0].item() > 30

    first = [flipped(0, step) for step in range(200)]
    assert 70 < sum(first) < 130  # 100 ± 7
    assert first == [flipped(0, step) for step in range(200)] != [flipped(1, step) for step in range(200)]
    assert 20 < sum(flipped(0, step, 0.2) for step in range(200)) < 60  # 40 ± 6
    twice = split(data.root, data.labels * 200)
    assert 70 < sum(Images(twice)[0, n][1]["boxes"][0, 0].item() > 30 for n in range(200)) < 130


def test_an_image_without_objects_has_empty_tensors(tmp_path):
    write_image(tmp_path / "1.png", SHAPE)
    data = split(tmp_path, [label(tmp_path / "1.png", SHAPE)])
    for fliplr in (0, 1):
        _, objects = Images(data, fliplr=fliplr, masks=read_masks(data, "none.yaml", "train"))[0]
        assert {key: objects[key].shape for key in ("boxes", "labels", "masks")} == {
            "boxes": (0, 4),
            "labels": (0,),
            "masks": (0, *SHAPE),
        }
        assert [objects[key].dtype for key in ("boxes", "labels")] == [torch.float32, torch.int64]


def test_boxes_are_clipped_and_those_without_area_left_out(tmp_path):
    """So are their masks; `counts` is of those that stay."""
    write_image(tmp_path / "1.png", SHAPE)
    boxes = [(-5, 10, 10, 10), (20, 10, 0, 10), (20, 10, 10, 0.001), (70, 10, 5, 5), (30, 20, 20, 30)]
    points = [[(n, 0), (n + 1, 0), (n + 1, 40), (n, 40)] for n in range(5)]
    data = split(
        tmp_path,
        [
            label(tmp_path / "1.png", SHAPE, boxes, range(5), points),
            label(tmp_path / "1.png", SHAPE, boxes[1:2], [0], points[:1]),
            label(tmp_path / "1.png", SHAPE, boxes[:1], [0], points[:1]),
        ],
        names=map(str, range(5)),
    )
    images = Images(data, fliplr=0, masks=read_masks(data, "none.yaml", "train"))
    assert images.counts.tolist() == [2, 0, 1] and images.shapes.tolist() == [[*SHAPE]] * 3
    _, objects = images[0]
    torch.testing.assert_close(objects["boxes"], torch.tensor([[0.0, 10, 5, 20], [30, 20, 50, 40]]))
    assert objects["labels"].tolist() == [0, 4]
    assert objects["masks"][:, 0].argmax(1).tolist() == [0, 4]


def test_an_image_is_turned_as_its_labels(tmp_path):
    """EXIF orientation 6: the file's right edge is the top of the image that labels are of."""
    exif = Image.Exif()
    exif[274] = 6
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:20] = 255
    Image.fromarray(pixels).save(tmp_path / "1.jpg", exif=exif, quality=95)
    image, _ = Images(split(tmp_path, [label(tmp_path / "1.jpg", (60, 40))]), fliplr=0)[0]
    assert image.shape == (3, 60, 40) and image[:, :, :18].max() < 0.1 and image[:, :, 22:].min() > 0.9


def test_an_image_of_another_size_than_its_labels_is_refused(tmp_path):
    write_image(tmp_path / "1.png", SHAPE)
    with pytest.raises(DataError, match=r"another size than its header has \(header 40 × 60, read 60 × 40\)"):
        Images(split(tmp_path, [label(tmp_path / "1.png", SHAPE[::-1])]))[0]


@pytest.mark.parametrize(("content", "told"), [(None, "can't be read: No such file"), (b"", "decoded"), (b"x", "PNG")])
def test_an_image_that_cannot_be_read_is_told(tmp_path, content, told):
    if content is not None:
        (tmp_path / "1.png").write_bytes(content)
    with pytest.raises(ImageError, match=told):
        Images(split(tmp_path, [label(tmp_path / "1.png", SHAPE)]))[0]


def test_a_worker_tells_what_is_wrong_in_one_line(tmp_path):
    """torch puts a traceback of several lines before the message of a worker's error."""
    data = split(tmp_path, [label(tmp_path / "1.png", SHAPE)])
    with pytest.raises(ImageError) as alone:
        Images(data)[0]
    with pytest.raises(ImageError) as error:
        next(iter(DataLoader(Images(data), batch_sampler=[[0]], num_workers=1, collate_fn=collate)))
    assert str(error.value) == str(alone.value)
    assert str(pickle.loads(pickle.dumps(alone.value))) == str(alone.value)
    assert re.fullmatch(r"\S+1\.png can't be read: No such file or directory\.", str(alone.value))


def test_grey_images_have_three_channels(tmp_path):
    assert cv2.imwrite(str(tmp_path / "1.png"), np.full(SHAPE, 51, np.uint8))
    image, _ = Images(split(tmp_path, [label(tmp_path / "1.png", SHAPE)]))[0]
    assert image.shape == (3, *SHAPE) and torch.equal(image, torch.full_like(image, 0.2))


def load(data, first, workers):
    """The batches of steps `first` to 9, read by workers."""
    read = read_split(data, "train")
    images = Images(read, seed=3, masks=read_masks(read, data, "train"))
    batches = Batches(images.shapes, 4, 3, first, 10, chosen=images.counts > 0)
    return [*DataLoader(images, batch_sampler=batches, num_workers=workers, collate_fn=collate)]


def test_workers_and_a_resume_change_nothing(data):
    """24 images, 10 steps of 4: into the second epoch. Two workers, and a start at step 7, give the same items."""
    alone = load(data, 0, 0)
    assert len(alone) == 10 and all(len(images) == len(objects) == 4 for images, objects in alone)
    for others, first in ((load(data, 0, 2), 0), (load(data, 7, 2), 7)):
        assert len(others) == 10 - first
        for batch, other in zip(alone[first:], others, strict=True):
            assert all(map(equal, zip(*batch, strict=True), zip(*other, strict=True)))

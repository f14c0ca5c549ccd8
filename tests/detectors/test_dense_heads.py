"""Anchors and heads of ATSS and PAA."""

import pytest
import torch
from torchvision.models.detection.image_list import ImageList

from yolo_feiou.detectors.dense_heads import DenseHead, LevelCoder, QualityHead, SquareAnchors


def maps(height, width, dtype=torch.float32, channels=1):
    """Feature maps of an image of these sides, which each level halves, rounded up."""
    sizes = [(-(-height // stride), -(-width // stride)) for stride in (8, 16, 32, 64, 128)]
    return [torch.zeros(1, channels, *size, dtype=dtype) for size in sizes]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_anchors_are_squares_of_8_strides_in_the_middle_of_their_cells(dtype):
    """At 800 × 1344, where torchvision's own have strides of 61 and 114 at the coarse levels; in float32."""
    images = ImageList(torch.zeros(2, 3, 800, 1344), [(800, 1344), (800, 1000)])
    one, other = SquareAnchors()(images, maps(800, 1344, dtype))
    assert one is other or torch.equal(one, other)
    assert one.dtype == torch.float32 and len(one) == 100 * 168 + 50 * 84 + 25 * 42 + 13 * 21 + 7 * 11
    assert one[:2].tolist() == [[4 - 32, 4 - 32, 4 + 32, 4 + 32], [12 - 32, 4 - 32, 12 + 32, 4 + 32]]
    x, y = 64 + 10 * 128, 64 + 6 * 128
    assert one[-1].tolist() == [x - 512, y - 512, x + 512, y + 512]


def test_each_level_scales_its_deltas_and_they_may_be_negative():
    torch.manual_seed(0)
    head, features = QualityHead(64, 5), [torch.rand_like(level) for level in maps(96, 96, channels=64)]
    sizes = [level.shape[2] * level.shape[3] for level in features]
    plain, quality = head(features)
    assert plain.shape == (1, sum(sizes), 4) and quality.shape == (1, sum(sizes), 1) and plain.min() < 0
    head.scales.data = torch.tensor([1.0, 2, 3, 4, 5])
    for number, (before, after) in enumerate(
        zip(plain.split(sizes, 1), head(features)[0].split(sizes, 1), strict=True)
    ):
        torch.testing.assert_close(after, (number + 1) * before)


def test_places_are_in_the_order_of_the_anchors():
    """Row by row: the delta at the third place of a row of four is that of the third anchor."""
    head = QualityHead(32, 1)
    features = torch.rand(1, 32, 2, 4)
    tower = head.bbox_reg(head.conv(features))
    torch.testing.assert_close(head([features])[0][0, 6], tower[0, :, 1, 2])
    outputs = DenseHead(32, 3, 1)([features])
    assert outputs["cls_logits"].shape == (1, 8, 3)


def test_boxes_are_decoded_in_float32_with_the_weights_of_the_paper():
    """A delta of 10 in x is a side, and 5 in width a factor e."""
    anchors = torch.tensor([[1000.0, 1000, 1064, 1064]])
    decoded = LevelCoder().decode(torch.tensor([[10.0, 0, 5, 0]]).bfloat16(), anchors)
    half = 32 * torch.e
    assert decoded.dtype == torch.float32
    torch.testing.assert_close(decoded, torch.tensor([[1096 - half, 1000, 1096 + half, 1064]]))

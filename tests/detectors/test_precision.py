"""Anchors and outputs of heads in float32."""

import pytest
import torch
from torch import nn
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList

from yolo_feiou.detectors.precision import FloatAnchors, FloatP6P7, raise_outputs

SHAPES = ((32, 64, 128), (45, 90, 181)), ((0.5, 1.0, 2.0),) * 2


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_anchors_are_torchvisions_of_float32(dtype):
    """At 1,200 pixels, where those of bfloat16 are off by pixels."""
    images = ImageList(torch.zeros(1, 3, 800, 1216), [(800, 1216)] * 2)
    maps = [torch.zeros(2, 1, 100, 152, dtype=dtype), torch.zeros(2, 1, 50, 76, dtype=dtype)]
    expected = AnchorGenerator(*SHAPES)(images, [level.float() for level in maps])
    found = FloatAnchors(*SHAPES)(images, maps)
    assert len(found) == len(expected) == 2
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == torch.float32 and torch.equal(one, other)
    if dtype == torch.bfloat16:
        assert (AnchorGenerator(*SHAPES)(images, maps)[0].float() - found[0]).abs().max() > 1


class Head(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind

    def forward(self, x):
        return {"tensor": x, "list": [x, x], "tuple": (x,), "dict": {"a": x}}[self.kind]


@pytest.mark.parametrize("kind", ["tensor", "list", "tuple", "dict"])
def test_outputs_are_raised_in_whatever_they_come(kind):
    head, x = Head(kind), torch.rand(3).half()
    plain = head(x)
    raise_outputs(head)
    found = head(x)
    assert type(found) is type(plain)
    tensors = [found] if kind == "tensor" else list(found.values()) if kind == "dict" else found
    assert all(one.dtype == torch.float32 and torch.equal(one, x.float()) for one in tensors)


def test_float32_is_the_same_tensor():
    head, x = Head("tensor"), torch.rand(3)
    raise_outputs(head)
    assert head(x) is x


def test_the_smallest_maps_have_a_gradient_of_their_own_alone():
    """Under bfloat16 that of a single cell is otherwise what lay in memory, here NaN; values are those of float32."""
    torch.manual_seed(0)
    block, last = FloatP6P7(256, 256), torch.randn(2, 256, 2, 2)
    (expected, _), grads = block([last], [last], ["p5"]), []
    for _ in range(5):
        block.zero_grad()
        for dtype in (torch.float32, torch.bfloat16):
            rubbish = [torch.full((2**size,), torch.nan, dtype=dtype) for size in range(6, 20) for _ in range(12)]
            del rubbish
        with torch.autocast("cpu", torch.bfloat16):
            maps, names = block([last.bfloat16()], [last.bfloat16()], ["p5"])
        assert names == ["p5", "p6", "p7"] and [one.shape[-1] for one in maps] == [2, 1, 1]
        torch.stack([one.float().sum() for one in maps]).sum().backward()
        grads.append(block.p7.weight.grad.clone())
    assert all(grad.isfinite().all() and torch.equal(grad, grads[0]) for grad in grads)
    torch.testing.assert_close(maps[1], expected[1], rtol=0.05, atol=0.05)

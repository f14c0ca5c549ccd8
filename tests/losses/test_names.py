"""Names of the literature are losses of the table, or are refused with their source."""

import re

import pytest

from yolo_feiou.errors import LossSpecError
from yolo_feiou.losses.build import build_loss, shorten_spec
from yolo_feiou.losses.names import PREFIXES, SPELLINGS, UNBUILT, find_unbuilt, normalise_name, resolve_name
from yolo_feiou.losses.table import LOSSES, MODIFIERS


@pytest.mark.parametrize(
    ("published", "spec"),
    [
        ("inner_eiou", "eiou:inner=0.75"),
        ("Inner-MPDIoU", "mpdiou:inner=0.75"),
        ("inner_mpdiou:inner=1.2", "mpdiou:inner=1.2"),
        ("focaler_ciou", "ciou:focaler=0.95"),
        ("focaler_ciou:focaler=0.9,focaler_low=0.1", "ciou:focaler=0.9,focaler_low=0.1"),
        ("alpha_giou", "giou:power=3"),
        ("wise_ciou", "ciou:wise=true"),
        ("wise_inner_ciou", "ciou:inner=0.75,wise=true"),
        ("focal_siou", "siou:focal=0.5"),
        ("focal_eiou", "focal_eiou"),
        ("Focal-EIoU", "focal_eiou"),
        ("eiou:focal=1", "focal_eiou:gamma=1"),
        ("inner_focal_eiou", "focal_eiou:inner=0.75"),
        ("WIoU-v2", "wiou:version=2"),
        ("WIoUv3:version=3", "wiou"),
        ("wiseiou_ciou", "ciou:wise=true"),
        ("PIoUv2", "piou2"),
        ("complete_iou", "ciou"),
        ("Distance-IoU", "diou"),
        ("E-IoU", "eiou"),
        ("alphaciou", "ciou:power=3"),
        ("innerfocalereiou", "eiou:inner=0.75,focaler=0.95"),
        ("wiou3", "wiou"),
        ("piou_v2", "piou2"),
        ("SIoU Loss", "siou"),
        ("smooth_l1_loss", "smooth_l1"),
    ],
)
def test_a_published_name_is_shown_in_canonical_form(published, spec):
    assert shorten_spec(published) == spec
    assert build_loss(published).description == build_loss(spec).description


def test_the_default_that_a_name_stands_for_is_that_of_the_modifier():
    for key, value in PREFIXES.values():
        assert key == "wise" or MODIFIERS[key].read(value) == MODIFIERS[key].default


@pytest.mark.parametrize("name", UNBUILT)
def test_what_is_not_built_is_refused_with_its_source_and_a_reason(name):
    unbuilt = UNBUILT[name]
    message = f"'{name}' is not built ({unbuilt.source}): {unbuilt.reason}. 'yolo losses' lists all."
    with pytest.raises(LossSpecError, match=f"^{re.escape(message)}$"):
        build_loss(name)
    assert find_unbuilt(f"inner_{name}") is unbuilt


def test_no_loss_is_proposed_in_the_place_of_a_known_one():
    """`sdiou` is one letter from `siou`, and `biou` from `diou`."""
    for name in UNBUILT:
        with pytest.raises(LossSpecError) as error:
            build_loss(name)
        assert "did you mean" not in str(error.value)
    with pytest.raises(LossSpecError, match="did you mean 'siou'"):
        build_loss("siuo")


def test_a_name_has_one_meaning():
    assert not UNBUILT.keys() & (LOSSES.keys() | SPELLINGS.keys()) and not LOSSES.keys() & SPELLINGS.keys()
    names = [*UNBUILT, *SPELLINGS, *LOSSES]
    assert [normalise_name(name) for name in names] == names
    assert all(resolve_name(name) == (name, {}) for name in LOSSES)
    assert all(find_unbuilt(name) is None for name in (*LOSSES, *SPELLINGS))

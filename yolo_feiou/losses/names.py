"""Names of losses in the literature: other spellings of those of the table, and those that aren't built, with why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from yolo_feiou.losses.table import LOSSES

#: What a name in front of a loss's stands for, as `key=value`: 'inner_eiou' is 'eiou:inner=0.75'.
PREFIXES = {
    "inner": ("inner", "0.75"),
    "focaler": ("focaler", "0.95"),
    "alpha": ("power", "3"),
    "wise": ("wise", "true"),
    "focal": ("focal", "0.5"),
}
#: Other spellings of those.
PREFIX_SPELLINGS = {f"{prefix}_iou": prefix for prefix in ("inner", "focaler", "alpha", "wise")}
#: Other names of losses in the table, with parameters where the name implies them.
SPELLINGS = {
    "generalized_iou": ("giou", {}),
    "distance_iou": ("diou", {}),
    "complete_iou": ("ciou", {}),
    **{f"wiou_v{version}": ("wiou", {"version": str(version)}) for version in (1, 2, 3)},
    **{f"wiou{version}": ("wiou", {"version": str(version)}) for version in (1, 2, 3)},
    "wise_iou": ("wiou", {}),
    "piou_v2": ("piou2", {}),
    "piou_v1": ("piou", {}),
    "powerful_iou": ("piou", {}),
    "shape_iou": ("shapeiou", {}),
    "mpd_iou": ("mpdiou", {}),
    "interp_iou": ("interpiou", {}),
    "d_interpiou": ("dinterpiou", {}),
    "dynamic_interpiou": ("dinterpiou", {}),
    "unified_iou": ("uiou", {}),
    "scylla_iou": ("siou", {}),
    "smoothl1": ("smooth_l1", {}),
    "wasserstein": ("nwd", {}),
    "efficient_iou": ("eiou", {}),
    "prob_iou": ("probiou", {}),
    "kf_iou": ("kfiou", {}),
    "kullback_leibler": ("kld", {}),
    "gaussian_wasserstein": ("gwd", {}),
    "bhattacharyya": ("bd", {}),
    "bcd": ("bd", {}),
}


class Unbuilt(NamedTuple):
    """A loss of the literature that the table doesn't have.

    Attributes:
        source: Where it is defined.
        reason: Why it isn't here, and what to take.
    """

    source: str
    reason: str


_CLASSIFIES = "a term of the classification, not of the boxes: loss= changes the box term alone"
#: Those that aren't built, by their names.
UNBUILT = {
    **dict.fromkeys(
        ("dynamic_smooth_l1", "dynamic_smoothl1"),
        Unbuilt(
            "Zhang et al., Dynamic R-CNN, 2020, arXiv:2004.06002",
            "its beta follows a statistic of two-stage training; smooth_l1:beta=1..0.1 lowers it by a schedule",
        ),
    ),
    **dict.fromkeys(
        ("unitbox", "log_iou", "ln_iou", "iou_log", "iouloss_log"),
        Unbuilt("Yu et al., UnitBox, 2016, arXiv:1608.01471", "−ln IoU is infinite for boxes apart; iou is 1 − IoU"),
    ),
    **dict.fromkeys(
        ("pixels_iou", "pixel_iou"),
        Unbuilt(
            "Chen et al., PIoU Loss, 2020, arXiv:2007.09584",
            "it counts pixels of rotated boxes, in place of which probiou and kld have Gaussians; piou is Powerful-IoU",
        ),
    ),
    **dict.fromkeys(
        ("bounded_iou", "biou", "boundediou"),
        Unbuilt(
            "Tychsen-Smith and Petersson, Improving Object Localization, 2018, arXiv:1711.00164",
            "it bounds the IoU by each coordinate alone, and is asked for by few",
        ),
    ),
    **dict.fromkeys(
        ("sd_iou", "sdiou", "sd_loss", "sdiou_loss"),
        Unbuilt(
            "Yang et al., Pinwheel-shaped Convolution and Scale-based Dynamic Loss, 2025, arXiv:2412.16986",
            "it is CIoU for targets of 9 × 9 pixels and more, and the paper and its code differ in the unit of areas",
        ),
    ),
    "iciou": Unbuilt("Ultralytics YOLOv5, pull request 6977", "it was closed without evidence"),
    **dict.fromkeys(
        ("dciou", "fine_siou", "sciou"), Unbuilt("single forks of YOLO", "there is no publication that defines it")
    ),
    **dict.fromkeys(
        ("slide", "slideloss", "slide_loss", "emaslide", "ema_slide", "emaslideloss"),
        Unbuilt("Yu et al., YOLO-FaceV2, 2022, arXiv:2208.02019", _CLASSIFIES),
    ),
    **dict.fromkeys(
        ("vfl", "varifocal", "varifocal_loss"),
        Unbuilt("Zhang et al., VarifocalNet, 2021, arXiv:2008.13367", _CLASSIFIES),
    ),
    **dict.fromkeys(
        ("qfl", "gfl", "quality_focal_loss"),
        Unbuilt("Li et al., Generalized Focal Loss, 2020, arXiv:2006.04388", _CLASSIFIES),
    ),
    "focal_loss": Unbuilt("Lin et al., Focal Loss, 2017, arXiv:1708.02002", _CLASSIFIES),
    "mal": Unbuilt("Huang et al., DEIM, 2025, arXiv:2412.04234", _CLASSIFIES),
    "dfl": Unbuilt("Li et al., Generalized Focal Loss, 2020, arXiv:2006.04388", "it trains beside each loss, see dfl="),
    "gd_loss": Unbuilt(
        "Yang et al., 2021, arXiv:2101.11952", "it is MMRotate's name for several losses: choose gwd, kld or bd"
    ),
    "kl_loss": Unbuilt(
        "He et al., Bounding Box Regression with Uncertainty, 2019, arXiv:1809.08545",
        "its head predicts a variance for each coordinate; the divergence of rotated boxes is kld",
    ),
}


def normalise_name(name: str) -> str:
    """Return a name as the table spells names: in lower case, and with _ for - and for blanks."""
    return "_".join(name.lower().replace("-", "_").split())


def resolve_name(name: str) -> tuple[str, dict[str, str]] | None:
    """Return the name in the table, and the parameters, that a published name stands for; None for an unknown one.

    'wise_inner_ciou' is 'ciou' with the parameters of both. Case, _, - and blanks don't matter: 'WIoU-v3', 'alphaciou'.
    """
    if normalise_name(name) in LOSSES:
        return normalise_name(name), {}
    joined = _join(name)
    for spelled in (joined, joined.removesuffix("loss")):
        if spelled in _JOINED:
            known, parameters = _JOINED[spelled]
            return known, dict(parameters)
    for prefix, rest in _split_prefix(joined):
        if found := resolve_name(rest):
            key, value = PREFIXES[prefix]
            return found[0], {**found[1], key: value}
    return None


def find_unbuilt(name: str) -> Unbuilt | None:
    """Return what is known of a loss that isn't built, None of any other name; with a prefix, too."""
    joined = _join(name)
    unbuilt = _JOINED_UNBUILT.get(joined) or _JOINED_UNBUILT.get(joined.removesuffix("loss"))
    if unbuilt or joined in _JOINED:
        return unbuilt
    return next(filter(None, (find_unbuilt(rest) for _, rest in _split_prefix(joined))), None)


def _join(name: str) -> str:
    """Return a name without what is between its words: names are told apart by their letters and digits."""
    return normalise_name(name).replace("_", "")


def _split_prefix(joined: str) -> Iterator[tuple[str, str]]:
    """Yield each prefix that a name may begin with, with the rest of the name."""
    for spelling, prefix in _JOINED_PREFIXES.items():
        if joined.startswith(spelling) and joined != spelling:
            yield prefix, joined.removeprefix(spelling)


_JOINED = {_join(name): found for name, found in {**{name: (name, {}) for name in LOSSES}, **SPELLINGS}.items()}
_JOINED_UNBUILT = {_join(name): unbuilt for name, unbuilt in UNBUILT.items()}
_JOINED_PREFIXES = {_join(name): prefix for name, prefix in {**PREFIX_SPELLINGS, **{p: p for p in PREFIXES}}.items()}

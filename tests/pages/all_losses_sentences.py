"""What docs/losses.md claims of all losses, and what shows it."""

from __future__ import annotations

from tests.pages.claims import Claim, exempt, measured, row, shown

ADVICE = "it tells the reader what to do or where to look, and claims nothing"
PREFLIGHT = "results/bccd/preflight.csv"


def claims_on_all_losses() -> list[Claim]:
    """Return them."""
    return [*_losses(), *_losses_in_words()]


def _losses() -> list[Claim]:
    focal = row(PREFLIGHT, loss="focal_eiou")
    return [
        shown(
            "it pushes pairs of an IoU below about 0.3 apart (with γ = 0.5; the larger γ, the more of them).",
            "losses/test_focal.py::test_attached_weight_pushes_apart_below_a_threshold",
        ),
        shown("divides by the sum of the weights (Eq. 11);", "losses/test_box_loss.py::test_eq_11_is_exact"),
        shown(
            "Eq. 11 is 0/0 and its limit, the mean of EIoU by the scores alone, is used.",
            "losses/test_box_loss.py::test_eq_11_without_any_overlap_is_the_mean_of_eiou",
        ),
        shown("γ = 0 is EIoU, bit for bit.", "losses/test_box_loss.py::test_gamma_0_is_eiou_bit_for_bit"),
        shown("are scale-free, relative to the target:", "losses/test_l1.py::test_encoding_by_hand"),
        shown("All compute in float32 or better.", "losses/test_boxes.py::test_half_precision_is_raised"),
        shown(
            "Values and gradients are finite for boxes of any kind, without area, inverted or far apart too, "
            "wherever their coordinates are within ±3e18 (float16 ends before that);",
            *("test_every_loss.py::test_finite_for_every_kind_of_box",),
            *("test_every_loss.py::test_finite_for_boxes_drawn_from_the_whole_range",),
            *("test_every_loss.py::test_the_range_that_is_spoken_for_is_the_one_that_is_tested",),
        ),
        shown(
            "sides of the target below 1e-5 count as 1e-5.",
            "losses/test_boxes.py::test_sides_of_the_target_have_a_floor",
        ),
        measured(
            f"Focal-EIoU has {float(focal['loss_ratio']):.2f} times CIoU's "
            f"value and {float(focal['gradient_ratio']):.2f} times its gradient",
            PREFLIGHT,
        ),
    ]


def _losses_in_words() -> list[Claim]:
    return [
        exempt(
            "`paper unread`: the formula was not compared with the text of the paper.",
            "it says what the table's authors did not do",
        ),
        exempt("Of the losses that the paper compares;", "says what follows"),
        shown(
            "`yolo losses NAME` names the source of each.", "losses/test_listing.py::test_a_name_tells_all_of_its_loss"
        ),
        shown(
            "`norm=tal` by the sum of the target scores that YOLO's task-aligned assigner (TAL) gives,",
            "losses/test_box_loss.py::test_the_mean_divides_by_the_norm_of_its_row",
        ),
        shown(
            "`norm=mean` by the number of pairs, without scores.",
            "losses/test_box_loss.py::test_the_mean_divides_by_the_norm_of_its_row",
        ),
        shown("**The losses differ in size,", "ablation/test_gains.py::test_warnings_name_losses_that_are_far_off"),
        exempt("Compare losses at several gains and seeds before you believe a difference.", ADVICE),
    ]

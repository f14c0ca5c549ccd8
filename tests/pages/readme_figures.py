"""What the README claims in figures: on BCCD, of the losses, its limits, and speed."""

from __future__ import annotations

import re
from statistics import fmean

from tests.pages.claims import ROOT, Claim, exempt, measured, row, rows, shown
from yolo_feiou.report.comparison import SOUGHT_DIFFERENCE
from yolo_feiou.yolo.doctor import BROKEN_RELEASES, TESTED_RELEASES

BCCD, SUMMARY, PREFLIGHT = "results/bccd/results.csv", "results/bccd/report/summary.csv", "results/bccd/preflight.csv"
STEP, RANKS, PREPARED = "benchmarks/train_step.csv", "benchmarks/ranks.csv", "benchmarks/prepare_coco.csv"
BOXES = "benchmarks/simulation.csv"
PROOFS = (
    "test_a_loss_that_is_lost_in_the_only_epoch_ends_the_training_before_anything_of_it_is_written",
    "test_what_was_trained_before_the_loss_is_lost_stays_and_is_no_more_than_that",
)


def claims_in_figures() -> list[Claim]:
    """Return them."""
    return [*_bccd(), *_losses(), *_limits(), *_speed()]


def _bccd() -> list[Claim]:
    usual = [r for r in rows(BCCD) if float(r["box"]) == 7.5]
    (epochs,), (size,), (images,) = ({r[key] for r in rows(BCCD)} for key in ("epochs", "imgsz", "images"))
    numbers = {
        box: {r["pairs"] for r in rows(SUMMARY) if (r["box"] == "7.5") is box and r["pairs"]} for box in (True, False)
    }
    ciou = [100 * float(r["AP"]) for r in usual if r["loss"] == "ciou"]
    sd = 100 * float(row(SUMMARY, loss="ciou", box="7.5")["AP_sd"])
    tested = [r for r in rows(SUMMARY) if r["verdict"] != "baseline"]
    assert {r["verdict"].rpartition(" with ")[0] for r in tested} == {"not distinguishable"}
    needed = [int(float(r["seeds_needed"])) for r in tested]
    gradient = {r["loss"]: float(r["gradient_ratio"]) for r in rows(PREFLIGHT)}

    def lead(loss: str, metric: str) -> float:
        return 100 * (
            fmean(float(r[metric]) for r in usual if r["loss"] == loss)
            - fmean(float(r[metric]) for r in usual if r["loss"] == "ciou")
        )

    return [
        exempt("BCCD, 364 microscope images", "the count of the data set's own authors; see also data/README.md"),
        measured(
            f"{epochs} epochs at {size} px, {numbers[True].pop()} seeds "
            f"({numbers[False].pop()} where the gain `box` is not "
            f"the usual 7.5), on the {images} images of the split `test`",
            *(BCCD, SUMMARY),
        ),
        measured(f"made the {len(rows(BCCD))} runs", BCCD),
        measured(f"none of {len(tested)} variants is shown to differ in AP", SUMMARY),
        measured(
            f"over {len(ciou)} seeds CIoU's AP is {fmean(ciou):.1f} ± {sd:.1f}, its best seed "
            f"{max(ciou) - min(ciou):.1f} percentage points",
            *(BCCD, SUMMARY),
        ),
        measured(
            f"a difference of {100 * SOUGHT_DIFFERENCE:g} AP would take "
            f"{min(needed)} to {max(needed)} seeds, by the spreads seen.",
            SUMMARY,
        ),
        measured(
            f"Focal-EIoU's gradient is {gradient['focal_eiou']:.2f} times CIoU's "
            f"at the same gain, FocalL1's {gradient['focal_l1']:.2f} times",
            PREFLIGHT,
        ),
        measured(
            f"FocalL1 and smooth ℓ1 lie {lead('focal_l1', 'AP50'):.1f} and {lead('smooth_l1', 'AP50'):.1f} "
            f"percentage points above CIoU in AP50, and {-lead('focal_l1', 'AP85'):.1f} and "
            f"{-lead('smooth_l1', 'AP85'):.1f} below it in AP85",
            BCCD,
        ),
        shown(
            "the losses of the ℓ kind gain low-IoU boxes and lose high-IoU ones.",
            "test_readme.py::test_losses_of_the_l_kind_trade_high_iou_for_low_iou_boxes",
        ),
        shown(
            "under smooth ℓ1 they have less than their share.",
            "test_readme.py::test_high_iou_boxes_have_less_than_their_share_under_smooth_l1_alone",
        ),
    ]


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


def _limits() -> list[Claim]:
    (python,), (torch,) = ({".".join(r[key].split(".")[:2]) for r in rows(BCCD)} for key in ("python", "torch"))
    return [
        shown(
            "that the criterion holds anywhere (model and EMA copy) gives way to a subclass.",
            "yolo/test_criterion.py::test_every_head_of_every_generation_is_swapped",
        ),
        shown(
            "prove it in each epoch and validation, or training stops unsaved.",
            *(f"yolo/test_proof.py::{name}" for name in PROOFS),
        ),
        shown("from stock's code.", "yolo/test_bbox_loss.py::test_dfl_or_l1_term_is_stocks_own"),
        shown(
            "equal to stock Ultralytics' to the last digit;",
            "yolo/test_trainer.py::test_the_seam_changes_nothing_but_the_loss",
        ),
        shown(
            "so does stock's own CIoU function put through the seam.",
            "yolo/test_bbox_loss.py::test_stocks_own_function_through_the_seam_is_stock_bit_for_bit",
        ),
        shown(
            "refuse `loss=` with a clear error.",
            "yolo/test_model.py::test_models_without_a_box_term_refuse",
        ),
        shown(
            "our tests run its worker script on two CPU processes.",
            "yolo/test_distributed.py::test_ultralytics_launcher_rebuilds_our_trainer_in_its_workers",
        ),
        exempt("`results.csv` has rank 0's training loss", "the name of a process, in stock's code"),
        measured(f"Ultralytics {TESTED_RELEASES[0]} to {TESTED_RELEASES[1]} ", "yolo_feiou/yolo/doctor.py"),
        measured(f"on Python {python} and torch {torch}, on Linux, without a GPU;", BCCD),
        measured(
            f"the core tests on Python {_floor('requires-python = ')} too, with every dependency at its floor "
            f"(torch {_floor('torch')}).",
            "pyproject.toml",
        ),
        exempt(
            f"Before {TESTED_RELEASES[0]} Ultralytics itself fails on today's numpy",
            "seen once with releases that are not installed here",
        ),
        measured(f"{BROKEN_RELEASES[0]} to {BROKEN_RELEASES[-1]} diverge by themselves.", "yolo_feiou/yolo/doctor.py"),
        shown("Several data sets in one call need 8.4.76;", "yolo/test_model.py::test_several_data_sets_keep_the_loss"),
        shown(
            "tuning and several CPU processes 8.4.3.",
            "yolo/test_model.py::test_tuning_keeps_the_loss_in_the_processes_it_starts",
        ),
    ]


def _floor(name: str) -> str:
    """Return the first release of Python, or of a dependency, that pyproject.toml allows."""
    found = re.search(f'^ *"?{name}"?>=([0-9.]+)', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert found, name
    return found[1]


def _speed() -> list[Claim]:
    step = {r["loss"]: r["ratio"] for r in rows(STEP)}
    others = [ratio for loss, ratio in step.items() if loss not in ("stock", "focal_eiou", "stock again")]
    assert len(others) == 12
    ranks = {r["step"]: r["ratio"] for r in rows(RANKS)}
    whole, tenth = ([r for r in rows(BOXES) if r["pairs"] == pairs] for pairs in ("343000", "34300"))

    def span(of: list[dict[str, str]], key: str, digits: int = 0) -> str:
        values = sorted(float(r[key]) for r in of)
        return f"{values[0]:.{digits}f} to {values[-1]:.{digits}f}"

    one, two = rows("benchmarks/ablation.csv")
    each = (float(one["seconds"]) - float(one["runner_alone"])) / int(one["runs"])
    judged = row("benchmarks/evaluation.csv", what="the whole row")
    report = rows("benchmarks/report.csv")[0]
    made = row(PREPARED, what="ours, 9 digits, as prepared")
    return [
        shown(
            "One compiled loss serves every N from 2 on; 0 and 1 get a "
            "graph of their own, as torch.compile gives to any function, "
            "and so does `loss.mean` above 4,096 pairs on the CPU. Nothing else breaks a graph or is compiled again.",
            "test_every_loss.py::test_compiles_to_few_graphs",
        ),
        measured(
            f"takes {step['focal_eiou']} of stock's, where stock "
            f"against itself, in the same run, is {step['stock again']}",
            STEP,
        ),
        shown(
            "no difference that this can show",
            "test_readme.py::test_a_step_with_our_loss_takes_what_one_of_stock_takes",
        ),
        measured(f"Twelve other losses and sums take from {min(others)} to {max(others)}", STEP),
        shown("no difference here either", "test_readme.py::test_a_step_with_our_loss_takes_what_one_of_stock_takes"),
        measured(
            f"{int(whole[0]['pairs']):,} pairs and what is recorded of them, "
            f"takes {span(whole, 'milliseconds')} ms on two cores, which is "
            f"{span(whole, 'nanoseconds_a_pair')} ns a pair "
            f"({span(tenth, 'nanoseconds_a_pair')} at a tenth of the pairs) and "
            f"{span(whole, 'ratio_to_plain', 2)} of what plain eager code takes",
            BOXES,
        ),
        measured(
            f"Around four runs of {each:.0f} s, `yolo ablate` itself takes "
            f"{one['runner_alone']} s, once, which is {one['ratio']} of them",
            "benchmarks/ablation.csv",
        ),
        measured(f"takes {two['to_jobs_1']} of the time of `jobs=1` on two cores", "benchmarks/ablation.csv"),
        measured(
            f"of {int(judged['images']):,} images with "
            f"{int(judged['detections']) // int(judged['images'])} detections each takes "
            f"{judged['ratio_to_pycocotools']} of pycocotools' time",
            "benchmarks/evaluation.csv",
        ),
        measured(f"`yolo report` on {report['runs']} runs {report['seconds']} s", "benchmarks/report.csv"),
        measured(f"in {made['seconds']} s on two cores, {made['times_faster']} times as fast", PREPARED),
        shown(
            "whose files its own equal byte for byte",
            "datasets/coco/test_convert.py::test_with_six_digits_the_bytes_are_those_of_ultralytics",
        ),
        measured(f"memory grows by {made['memory_ratio']} times the JSON", PREPARED),
        exempt("in memory; a busy disk costs more).", "how it was measured, and a warning"),
        measured(
            f"takes {ranks['focal_eiou']} of stock DDP's, where stock against itself takes {ranks['stock again']}",
            RANKS,
        ),
        exempt("AGPL-3.0", "the name of a licence"),
    ]

"""What docs/benchmarks.md claims of speed, and what shows it."""

from __future__ import annotations

from tests.pages.claims import Claim, exempt, measured, row, rows, shown

STEP = "benchmarks/train_step.csv"
RANKS = "benchmarks/ranks.csv"
PREPARED = "benchmarks/prepare_coco.csv"
BOXES = "benchmarks/simulation.csv"


def claims_on_speed() -> list[Claim]:
    """Return them."""
    return [*_speed()]


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
        shown(
            "Forward and backward of a loss against stock's CIoU,",
            "test_make_docs.py::test_ratios_of_speed_are_those_of_the_csv",
        ),
        shown(
            "The last row is a compiled function that does next to nothing:",
            "test_make_docs.py::test_ratios_of_speed_are_those_of_the_csv",
        ),
    ]

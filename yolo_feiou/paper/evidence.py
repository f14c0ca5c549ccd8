"""The measurements, read from the files that the commands wrote."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from yolo_feiou.paper.coco_runs import CocoRuns
from yolo_feiou.simulation.claims import CLAIMS, Claim, LossCurve
from yolo_feiou.storage.tables import Row, read_csv

#: The simulations at full size: the name of a condition, the folder for setup 1 and 2, and the spec of Focal-EIoU
#: there.
CONDITIONS = (
    ("literal", "setup{}", "focal_eiou"),
    ("literal, attached weight", "setup{}", "focal_eiou:detach=false"),
    ("literal, Eq. 10 alone", "setup{}", "focal_eiou:norm=mean"),
    ("factor 2 − IoU", "setup{}-2iou", "focal_eiou"),
    ("2 − IoU, attached weight", "setup{}-2iou", "focal_eiou:detach=false"),
    ("2 − IoU, Eq. 10 alone", "setup{}-2iou", "focal_eiou:norm=mean"),
    ("best", "setup{}-best", "focal_eiou"),
    ("best, but `empty=mean`", "setup{}-best-mean", "focal_eiou"),
)


class Evidence:
    """The results in a folder, by name.

    Args:
        folder: Where the commands of `make paper` wrote them.
        results: The folder of exported results, for runs of the paper's detectors on COCO; None for no runs.
    """

    def __init__(self, folder: Path, results: Path | None = None) -> None:
        self.coco = CocoRuns(results)
        self.table = cache(lambda name: read_csv(folder / name))  # each file is read once
        self.facts = {row["name"]: row["value"] for row in self.table("facts.csv")}

    def __getitem__(self, name: str) -> float:
        return self.facts[name]

    def course(self, run: str, loss: str) -> LossCurve:
        """Return the recorded steps of a loss in a simulation."""
        return LossCurve([row for row in self.table(f"{run}/steps.csv") if row["loss"] == loss])

    def end(self, loss: str) -> Row:
        """Return the box of figure 1 after the last step."""
        return [row for row in self.table("figure1/figure1.csv") if row["loss"] == loss][-1]

    def curve(self, beta: float) -> list[Row]:
        """Return FocalL1's curve for the β nearest to this."""
        rows = self.table("figure2/figure2.csv")
        nearest = min({row["beta"] for row in rows}, key=lambda b: abs(b - beta))
        return [row for row in rows if row["beta"] == nearest]

    def swept(self, setup: int, loss: str) -> dict[float, Row]:
        """Return the final row of a loss for each value of its parameter."""
        rows = self.table("figure4/figure4.csv")
        return {row["value"]: row for row in rows if row["setup"] == setup and row["loss"] == loss}

    def judge(self, claim: Claim) -> tuple[dict[str, bool], str]:
        """Return whether a claim on figure 6 or 7 holds under each condition, and the literal reading's figures.

        A claim that is not about Focal-EIoU is judged once for each interpretation.
        """
        about_focal = "focal_eiou" in (claim.loss, *claim.others)
        conditions = [c for c in CONDITIONS if about_focal or c[2] == "focal_eiou"]
        judged = {
            name: claim.judge(self.table(f"{run.format(claim.figure - 5)}/steps.csv"), focal)
            for name, run, focal in conditions
        }
        return {name: holds for name, (holds, _) in judged.items()}, next(iter(judged.values()))[1]

    def readings(self, claim: Claim) -> tuple[int, int]:
        """Return in how many of the interpretations a claim holds, and how many were tried."""
        rows = self.table("readings/readings.csv")
        return sum(int(row[f"claim_{CLAIMS.index(claim) + 1}"]) for row in rows), len(rows)

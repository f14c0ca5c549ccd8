"""Reproduce the paper: run its simulations, judge its statements, and write docs/paper.md with all its pictures.

python scripts/paper.py          all of it, up to ten minutes on two CPU cores
python scripts/paper.py page     the page alone, from the files that are there
"""

import sys
from pathlib import Path

from torch import Tensor
from ultralytics.utils.metrics import bbox_iou

from yolo_feiou.errors import ArgumentError, exit_on_error
from yolo_feiou.paper.facts import compute_facts
from yolo_feiou.paper.page import make_page
from yolo_feiou.simulation.command import simulate
from yolo_feiou.storage.tables import write_csv, write_text

DOCS = Path(__file__).parents[1] / "docs"
ALL = "losses=iou,giou,diou,ciou,eiou,focal_eiou,focal_eiou:detach=false,focal_eiou:norm=mean"
COMMANDS = {
    "figure1": "figure=1 losses=giou,diou,ciou,eiou",
    "figure2": "figure=2",
    "figure3": "figure=3",
    "figure4": "figure=4",
    "figure5": "figure=5",
    "setup1": f"setup=1 {ALL}",
    "setup2": f"setup=2 {ALL}",
    "setup1-2iou": f"setup=1 factor=2-iou {ALL}",
    "setup2-2iou": f"setup=2 factor=2-iou {ALL}",
    "setup1-best": "setup=1 reading=best",
    "setup2-best": "setup=2 reading=best",
    "setup1-best-mean": "setup=1 reading=best empty=mean",
    "setup2-best-mean": "setup=2 reading=best empty=mean",
    "readings": "readings=all",
    "field-eiou": "field=eiou",
    "field-focal_eiou": "field=focal_eiou",
    "field-focal_eiou-detach-false": "field=focal_eiou:detach=false",
}


def stock_ciou(boxes: Tensor, target: Tensor) -> Tensor:
    """Return Ultralytics' CIoU of pairs of boxes."""
    return bbox_iou(boxes, target, xywh=False, CIoU=True).squeeze(-1)


def main(args: list[str]) -> None:
    """Run the simulations, unless only the page is asked for, and write the page."""
    if args not in ([], ["page"]):
        raise ArgumentError(
            f"scripts/paper.py got {' '.join(args)}: expected no argument, or page, which writes the page alone."
        )
    results = DOCS / "paper"
    if args != ["page"]:
        for name, command in COMMANDS.items():
            print(f"\nyolo simulate {command}")
            simulate([*command.split(), f"out={results / name}"], replace=True)
        write_csv(results / "facts.csv", compute_facts(stock_ciou))
    write_text(DOCS / "paper.md", make_page(results, DOCS.parent / "results"))
    print(f"\nThe page is {DOCS / 'paper.md'}")


if __name__ == "__main__":
    with exit_on_error():
        main(sys.argv[1:])

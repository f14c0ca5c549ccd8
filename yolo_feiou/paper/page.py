"""`docs/paper.md`: every statement of the paper with its result, computed from the files beside it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from yolo_feiou.paper.cost import describe_assumptions
from yolo_feiou.paper.evidence import Evidence
from yolo_feiou.paper.figures_6_7 import count_results as counts67
from yolo_feiou.paper.figures_6_7 import format_matrix
from yolo_feiou.paper.section_4 import SECTION_4
from yolo_feiou.paper.section_5 import SECTION_5_RESULTS, SECTION_5_SETUP
from yolo_feiou.paper.sections_1_to_3 import SECTION_1, SECTION_2, SECTION_3
from yolo_feiou.paper.statement import FAILS, HOLDS, PARTLY, UNDECIDED, UNTESTED, Result, Statement
from yolo_feiou.paper.tables import format_table
from yolo_feiou.results.published import PUBLISHED_TABLES
from yolo_feiou.simulation.claims import CLAIMS

RESULT_MARKS = {HOLDS: "✅", PARTLY: "🔶", FAILS: "❌", UNDECIDED: "❔", UNTESTED: "⏳"}

INTRODUCTION = """# The paper, statement by statement

*Focal and Efficient IOU Loss for Accurate Bounding Box Regression* ([arXiv:2101.08158](https://arxiv.org/abs/2101.08158))
against this implementation: the losses that train YOLO here are the ones that these simulations follow. Every result
below is computed from the CSV files in [`paper/`](paper), which one command makes, pictures and this page included:

```bash
make paper
```

{summary}

Statements on COCO are judged by runs of the paper's detectors with its set-up, of which a folder in
[`results/`](../results) has the results.csv that `yolo ablate` or `yolo evaluate` wrote: {coco}.
A gain counts as shown where its 95 % interval over seeds leaves out zero.

**How to read it.** The paper leaves much of its simulations open, so they are run under several interpretations,
called readings. *The literal one*: boxes of area 100 in the 20 × 20 square, plain steps in (x, y, w, h), and Eq. 11
over all pairs, times their number (without that factor nothing moves). *Factor 2 − IoU* is a habit from the DIoU
paper. *The best reading* is
{best}.
It is not evidence of the authors' set-up.
Errors are ℓ1 errors of a pair, |Δx| + |Δy| + |Δw| + |Δh|.
"""

FIGURES_6_AND_7_NOTE = """\
`yolo simulate setup=1` and `setup=2` print these results for any reading. Focal-EIoU is Eq. 11 unless it
is said otherwise; *attached weight* is `focal_eiou:detach=false`, *Eq. 10 alone* is `focal_eiou:norm=mean`. The
paper gives curves here and no numbers, so “far more” and “much higher” are judged as “more” and “higher”. A
statement *holds* if it does under every condition in its row.
"""

PICTURES = {
    "fig1": ("paper/figure1/figure1.png", "One anchor under four losses (dots: its start; black: the target)"),
    "fig2": ("paper/figure2/figure2.png", "FocalL1 and its gradient for several β"),
    "fig3": ("paper/figure3/figure3.png", "The gradient before and after α scales it"),
    "fig4": ("paper/figure4/figure4.png", "β and γ in the simulations"),
    "fig5": ("paper/figure5/figure5.png", "Points (blue), one point's anchors (orange), targets (black)"),
    "fig6a": ("paper/setup1/error.png", "Setup 1, the literal reading: error"),
    "fig6b": ("paper/setup1/iou.png", "Setup 1, the literal reading: IoU"),
    "fig7a": ("paper/setup2/error.png", "Setup 2, the literal reading: error"),
    "fig7b": ("paper/setup2/iou.png", "Setup 2, the literal reading: IoU"),
    "best6a": ("paper/setup1-best/error.png", "Setup 1, the best reading: error"),
    "best6b": ("paper/setup1-best/iou.png", "Setup 1, the best reading: IoU"),
    "best7a": ("paper/setup2-best/error.png", "Setup 2, the best reading: error"),
    "best7b": ("paper/setup2-best/iou.png", "Setup 2, the best reading: IoU"),
    "eiou": (
        "paper/field-eiou/field.png",
        "EIoU: no region pushes away or has a zero gradient in these planes (for others see the row on its centres)",
    ),
    "focal": (
        "paper/field-focal_eiou/field.png",
        "Focal-EIoU, Eq. 10: zero gradient (grey) where boxes don't overlap; Eq. 11 fixes a batch, not a pair",
    ),
    "attached": (
        "paper/field-focal_eiou-detach-false/field.png",
        "The attached weight, as in much public code: pushes away (orange)",
    ),
}
FIGURES_6_AND_7 = "Section 5.3: the simulations, figures 6 and 7"
PAGE_SECTIONS: tuple[tuple[str, list[Statement], tuple[str, ...]], ...] = (
    ("Section 1: introduction, Eq. 1 and 2, figure 1", SECTION_1, ("fig1",)),
    ("Section 2: related work", SECTION_2, ()),
    ("Section 3: the losses on overlap, Eq. 3 to 7", SECTION_3, ("eiou",)),
    (
        "Section 4: FocalL1 and Focal-EIoU, Eq. 8 to 10, figures 2 and 3",
        SECTION_4,
        ("fig2", "fig3", "focal", "attached"),
    ),
    ("Section 5.1 and 5.2: the set-up, Algorithm 1, Eq. 11, figure 5", SECTION_5_SETUP, ("fig5",)),
    (FIGURES_6_AND_7, [], ("fig6a", "fig6b", "fig7a", "fig7b", "best6a", "best6b", "best7a", "best7b")),
    ("Section 5.3 to 6: what follows, COCO, figure 4, tables 1 to 3", SECTION_5_RESULTS, ("fig4",)),
)


def make_page(folder: Path, results: Path | None = None) -> str:
    """Return the page.

    Args:
        folder: Where the commands of `make paper` wrote their results.
        results: The folder of exported results, whose runs of the paper's detectors on COCO stand beside its own.
    """
    evidence = Evidence(folder, results)
    judged = [
        (title, [(s, s.judge(evidence)) for s in statements], shown) for title, statements, shown in PAGE_SECTIONS
    ]
    counts = counts67(evidence) + Counter(result.word for _, found, _ in judged for _, result in found)
    parts = [
        INTRODUCTION.format(
            summary=format_result_counts(counts), best=describe_best_reading(evidence), coco=_count_runs(evidence)
        )
    ]
    for title, found, shown in judged:
        table_67 = [FIGURES_6_AND_7_NOTE, *format_matrix(evidence, RESULT_MARKS)] if title == FIGURES_6_AND_7 else []
        parts += [f"## {title}\n", *(table_67 or format_rows(found)), ""]
        parts += [f"{PICTURES[key][1]}:\n\n![{PICTURES[key][1]}]({PICTURES[key][0]})\n" for key in shown]
    parts += [describe_assumptions(), ""]
    for table in PUBLISHED_TABLES:
        parts += format_table(table, evidence.coco)
    return "\n".join(parts).rstrip() + "\n"


def format_result_counts(counts: Counter[str]) -> str:
    """Return how many statements got each result."""
    return (
        f"{counts.total()} statements: "
        + ", ".join(f"{RESULT_MARKS[word]} {counts[word]} {word}" for word in RESULT_MARKS if counts[word])
        + "."
    )


def _count_runs(evidence: Evidence) -> str:
    """Return how many runs on COCO there are: 'none so far', '1 run', '30 runs'."""
    number = len(evidence.coco.rows)
    return f"{number} run{'' if number == 1 else 's'}" if number else "none so far"


def describe_best_reading(evidence: Evidence) -> str:
    """Describe the best interpretation."""
    readings = evidence.table("readings/readings.csv")
    full = sum(row["holds"] == len(CLAIMS) for row in readings)
    held = sum(evidence.judge(claim)[0]["best"] for claim in CLAIMS)
    eiou = evidence.course("setup1-best", "eiou")
    return (
        "boxes of area 1, setup 1's points in the DIoU paper's disc,\nEq. 11 over the pairs of one point with the "
        "other losses averaged over them too, and no step where none of a\npoint's pairs overlap. With 20 points all "
        f"{len(CLAIMS)} statements on figures 6 and 7 hold under {full} of {len(readings)} readings tried\n"
        f"([`readings.csv`](paper/readings/readings.csv)); at full size {held} of them hold under this one.\nIts steps "
        f"are tiny: from step 0 to 200, EIoU's mean IoU goes from {eiou.steps[0]['iou_mean']:.4f} to "
        f"{eiou.last('iou_mean'):.4f} in setup 1"
    )


def format_rows(results: list[tuple[Statement, Result]]) -> list[str]:
    """Return the table of a section."""
    lines = ["| where | the paper says | result | here | the paper | shown by |", "|---|---|---|---|---|---|"]
    for statement, result in results:
        cells = (
            statement.where,
            statement.says,
            f"{RESULT_MARKS[result.word]} {result.word}",
            result.ours,
            statement.paper,
            f"`{statement.shown}`" if statement.shown.startswith(("make", "yolo")) else statement.shown,
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return lines

"""The statements on figures 6 and 7, under each of the conditions that were simulated at full size."""

from __future__ import annotations

from collections import Counter

from yolo_feiou.paper.evidence import CONDITIONS, Evidence
from yolo_feiou.paper.statement import FAILS, HOLDS, PARTLY
from yolo_feiou.simulation.claims import CLAIMS, Claim


def judge_claim(evidence: Evidence, claim: Claim) -> str:
    """Return the result of a claim over all conditions."""
    held = evidence.judge(claim)[0].values()
    return HOLDS if all(held) else PARTLY if any(held) else FAILS


def count_results(evidence: Evidence) -> Counter[str]:
    """Return how many of the claims got each result."""
    return Counter(judge_claim(evidence, claim) for claim in CLAIMS)


def format_matrix(evidence: Evidence, marks: dict[str, str]) -> list[str]:
    """Return the table of claims and conditions, as Markdown lines."""
    names = [name for name, _, _ in CONDITIONS]
    head = ("where", "the paper says", "result", *names, "of the readings", "figures of the literal reading")
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for claim in CLAIMS:
        judged, figures = evidence.judge(claim)
        word = judge_claim(evidence, claim)
        held, tried = evidence.readings(claim)
        cells = ["" if name not in judged else marks[HOLDS] if judged[name] else marks[FAILS] for name in names]
        row = (f"Fig. {claim.figure}", claim.says, f"{marks[word]} {word}", *cells, f"{held} / {tried}", figures)
        lines.append(f"| {' | '.join(row)} |")
    return lines

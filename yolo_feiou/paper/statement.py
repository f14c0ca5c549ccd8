"""A statement of the paper, and the verdict on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from yolo_feiou.paper.evidence import Evidence

HOLDS, PARTLY, FAILS, UNTESTED = "holds", "holds under conditions", "does not hold", "can't be tested without COCO"
FACTS = "make paper"  # writes facts.csv


@dataclass(frozen=True)
class Verdict:
    """What we found.

    Attributes:
        word: One of the four above.
        ours: Our figures, in words; where it holds under conditions, it begins with them.
    """

    word: str
    ours: str


@dataclass(frozen=True)
class Statement:
    """A statement of the paper.

    Attributes:
        where: The section, equation, figure or table.
        says: What it says, in our words.
        paper: The paper's own figure, or nothing.
        judge: The verdict that the evidence gives.
        shown: The command that makes the evidence.
    """

    where: str
    says: str
    paper: str
    judge: Callable[[Evidence], Verdict]
    shown: str = FACTS


def simply(holds: bool, ours: str) -> Verdict:
    """Return 'holds' or 'does not hold'."""
    return Verdict(HOLDS if holds else FAILS, ours)


def under(conditions: dict[str, bool], ours: str) -> Verdict:
    """Return 'holds' where it does under all conditions, 'does not hold' where under none, else under which it does."""
    held = [name for name, holds in conditions.items() if holds]
    if len(held) in (0, len(conditions)):
        return simply(bool(held), ours)
    failed = [name for name in conditions if name not in held]
    return Verdict(PARTLY, f"for {', '.join(held)}; not for {', '.join(failed)}. {ours}")


def untested(reason: str) -> Callable[[Evidence], Verdict]:
    """Return a judge that says why there is no verdict."""
    return lambda evidence: Verdict(UNTESTED, reason)

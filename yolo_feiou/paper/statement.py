"""A statement of the paper, and its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from yolo_feiou.paper.evidence import Evidence

HOLDS, PARTLY, FAILS, UNTESTED = "holds", "holds under conditions", "does not hold", "can't be tested without COCO"
UNDECIDED = "not decided by the seeds"
MAKE_PAPER = "make paper"  # writes facts.csv


@dataclass(frozen=True)
class Result:
    """The result of a statement.

    Attributes:
        word: One of the five above.
        ours: A text with our figures; where it holds under conditions, it begins with them.
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
        judge: Computes the result from the evidence.
        shown: The command that computes the evidence.
    """

    where: str
    says: str
    paper: str
    judge: Callable[[Evidence], Result]
    shown: str = MAKE_PAPER


def judge_once(holds: bool, ours: str) -> Result:
    """Return 'holds' or 'does not hold'."""
    return Result(HOLDS if holds else FAILS, ours)


def judge_under(conditions: dict[str, bool], ours: str) -> Result:
    """Return 'holds' where it does under all conditions, 'does not hold' where under none, else under which it does."""
    held = [name for name, holds in conditions.items() if holds]
    if len(held) in (0, len(conditions)):
        return judge_once(bool(held), ours)
    failed = [name for name in conditions if name not in held]
    return Result(PARTLY, f"for {', '.join(held)}; not for {', '.join(failed)}. {ours}")


def untested(reason: str) -> Callable[[Evidence], Result]:
    """Return a judge that says why there is no result."""
    return lambda evidence: Result(UNTESTED, reason)

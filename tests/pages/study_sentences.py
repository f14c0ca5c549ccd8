"""What docs/study.md claims after its plan, sentence by sentence, and what shows it."""

from __future__ import annotations

from tests.pages.claims import ROOT, Claim, exempt, shown

PLAN = "the plan, written before the runs: tests/test_study.py compares it with the commands"


def claims_on_study() -> list[Claim]:
    """Return those of docs/study.md; each paragraph before its results is part of the plan."""
    plan, _, _ = (ROOT / "docs" / "study.md").read_text(encoding="utf-8").partition("\n## Results")
    return [
        *(exempt(paragraph, PLAN) for paragraph in plan.split("\n\n")),
        shown(
            "The first stage: losses at several gains, in AP on `val`.",
            "test_study.py::test_every_command_is_one_that_yolo_ablate_takes",
        ),
    ]

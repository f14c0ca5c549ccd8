"""Format the results of a loss as text."""

from __future__ import annotations

from collections.abc import Sequence

from yolo_feiou.checks.box_kinds import BOX_KINDS
from yolo_feiou.checks.catalogue import Check, CheckResults, list_checks
from yolo_feiou.checks.finding import Finding
from yolo_feiou.escape import make_visible

SEVERITY_LABELS = {"fault": "FAULT", "note": "note"}


def format_report(checked: CheckResults) -> str:
    """Return the report of a loss: boxes and formula, a line for each check with its finding below, and the counts."""
    lines = [checked.name, f"boxes: {BOX_KINDS[checked.family].label}"]
    if checked.family == "aligned":
        lines += [f"recognised: {checked.formula or 'unknown formula'}"]
    lines += [""]
    for check, finding in checked.results:
        lines += [
            format_line(check, finding, checked.formula is not None),
            *(f"{'':8}{detail}" for detail in format_details(finding)),
        ]
    if left := [check.name for check in list_checks(checked.family)[len(checked.results) :]]:
        lines += [f"not checked until that is fixed: {', '.join(left)}"]
    counts = ", ".join(format_severity_count(checked.list_found(severity), severity) for severity in SEVERITY_LABELS)
    return "\n".join(map(make_visible, [*lines, "", f"{counts} in {checked.name}"]))  # a user's text is among them


def format_line(check: Check, finding: Finding | None, recognised: bool) -> str:
    """Return the line of one check."""
    if check.by_formula and not recognised:
        return f"-     {check.name}: not checked, since the formula is not recognised"
    if finding is None:
        return f"ok    {check.name}: {check.checked}"
    return f"{SEVERITY_LABELS[check.severity]:6}{check.name}: {finding.message}"


def format_details(finding: Finding | None) -> list[str]:
    """Return the lines below a finding."""
    if finding is None:
        return []
    pair = [f"pred {format_box(finding.pair[0])}, target {format_box(finding.pair[1])}"] if finding.pair else []
    return [*pair, f"got {finding.came}", f"expected {finding.expected}", f"fix: {finding.remedy}"]


def format_box(numbers: Sequence[float]) -> str:
    """Return a box as a Python tuple."""
    return f"({', '.join(f'{number:.7g}' for number in numbers)})"


def format_severity_count(names: list[str], noun: str) -> str:
    """Return '1 fault', '2 faults', '0 faults'."""
    return f"{len(names)} {noun}{'' if len(names) == 1 else 's'}"

"""What all statistics of results agree on, those of a report and those of the paper."""

from __future__ import annotations

ALPHA = 0.05  # two-sided
#: Metrics lie on disk with 7 significant digits, so a spread below this is rounding and no spread.
ROUNDING = 1e-7

Interval = tuple[float, float]

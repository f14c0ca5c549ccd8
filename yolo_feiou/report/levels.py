"""What all statistics of a report agree on."""

from __future__ import annotations

ALPHA = 0.05  # two-sided
#: Metrics lie on disk with 7 significant digits, so a spread below this is rounding and no spread.
ROUNDING = 1e-7

Interval = tuple[float, float]

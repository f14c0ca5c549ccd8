"""Numbers and lists as people read them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from yolo_feiou.report.statistics import Interval, Spread

MISSING = "–"


def count(number: int, noun: str) -> str:
    """Return '1 run', '2 runs'."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def listing(words: Sequence[str], most: int = 8) -> str:
    """Return words parted by commas, the first `most` of them and how many more there are."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def fixed(value: float | None, digits: int) -> str:
    """Return a number with so many digits after the point, – for none; zero has no sign."""
    if value is None:
        return MISSING
    text = f"{value:.{digits}f}"
    return (text if float(text) else text.lstrip("-")).replace("-", "−")


def percent(value: float | None, digits: int = 1) -> str:
    """Return a fraction × 100, as papers give AP."""
    return fixed(None if value is None else 100 * value, digits)


def points(value: float | None, digits: int = 2) -> str:
    """Return a difference of fractions × 100, with its sign."""
    text = percent(value, digits)
    return f"+{text}" if value is not None and value > 0 and float(text) else text


def mean_sd(spread: Spread, digits: int = 1) -> str:
    """Return '37.4 ± 0.2', and the mean alone where there is no standard deviation."""
    mean = percent(spread.mean, digits)
    return mean if spread.sd is None else f"{mean} ± {percent(spread.sd, digits)}"


def interval(bounds: Interval | None) -> str:
    """Return an interval of differences, as '−0.1 to +0.6'."""
    return MISSING if bounds is None else f"{points(bounds[0])} to {points(bounds[1])}"


def p_value(p: float | None) -> str:
    """Return a p value with three digits after the point."""
    if p is None:
        return MISSING
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def seeds(needed: float | None, most: int) -> str:
    """Return a number of seeds, 'over 1000' for infinity."""
    if needed is None:
        return MISSING
    return f"over {most}" if math.isinf(needed) else str(int(needed))

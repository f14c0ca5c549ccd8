"""Numbers and lists as people read them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from yolo_feiou.report.statistics import Spread
from yolo_feiou.results.levels import ALPHA, Interval

MISSING = "–"
#: An absolute path, of Unix or of Windows, with its parts; no address, and no slash between words or numbers.
ABSOLUTE_PATH = re.compile(
    r"""(?<![\w.~…/:\\-])(?:[A-Za-z]:)?([/\\])((?:[^\s/\\"'<>|:,;=]+[/\\])+)([^\s/\\"'<>|,;]*)"""
)


def format_count(number: int, noun: str) -> str:
    """Return '1 run', '2 runs', '2 losses'."""
    return f"{number} {noun}{'' if number == 1 else 'es' if noun.endswith('s') else 's'}"


def format_list(words: Sequence[str], most: int = 8) -> str:
    """Return 'a, b and c'; of more words than `most` the first ones, and how many more there are."""
    if len(words) > most:
        words = [*words[:most], f"{len(words) - most} more"]
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def format_decimal(value: float | None, digits: int) -> str:
    """Return a number with so many digits after the point, – for none; zero has no sign."""
    if value is None:
        return MISSING
    text = f"{value:.{digits}f}"
    return (text if float(text) else text.lstrip("-")).replace("-", "−")


def format_percent(value: float | None, digits: int = 1) -> str:
    """Return a fraction × 100, as papers give AP."""
    return format_decimal(None if value is None else 100 * value, digits)


def format_difference(value: float | None, digits: int = 2) -> str:
    """Return a difference of fractions × 100, with its sign."""
    text = format_percent(value, digits)
    return f"+{text}" if value is not None and value > 0 and float(text) else text


def format_mean_sd(spread: Spread, digits: int = 1) -> str:
    """Return '37.4 ± 0.2', and the mean alone where there is no standard deviation."""
    mean = format_percent(spread.mean, digits)
    return mean if spread.sd is None else f"{mean} ± {format_percent(spread.sd, digits)}"


def format_interval(bounds: Interval | None) -> str:
    """Return an interval of differences, as '−0.1 to +0.6'."""
    return MISSING if bounds is None else f"{format_difference(bounds[0])} to {format_difference(bounds[1])}"


def format_p_value(p: float | None) -> str:
    """Return a p value with three digits after the point, more where it would seem to lie on the other side of .05."""
    if p is None:
        return MISSING
    text = "< 0.001" if p < 0.001 else f"{p:.3f}"
    return f"{p:.6f}" if p < ALPHA and text == f"{ALPHA:.3f}" else text


def hide_folders(text: str) -> str:
    """Return a text with the ends of absolute paths alone: …/ablate/first for /home/me/runs/ablate/first.

    The last two parts stay of a path of four or more, so that folders of runs can be told apart; of a shorter one the
    last.
    """

    def shorten(found: re.Match[str]) -> str:
        separator, folders, last = found.groups()
        parts = [*filter(None, re.split(r"[/\\]", folders)), *([last] if last else [])]
        return separator.join(["…", *parts[-2 if len(parts) > 3 else -1 :]])

    return ABSOLUTE_PATH.sub(shorten, text)


def format_seeds(needed: float | None, most: int) -> str:
    """Return a number of seeds, 'over 1000' for infinity."""
    if needed is None:
        return MISSING
    return f"over {most}" if math.isinf(needed) else str(int(needed))

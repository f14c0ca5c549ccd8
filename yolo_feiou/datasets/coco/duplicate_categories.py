"""Resolve categories that share a name."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from yolo_feiou.datasets.coco.json_records import CocoCategory
from yolo_feiou.errors import DataError, first_three
from yolo_feiou.escape import make_visible


def drop_duplicate_categories(
    categories: tuple[CocoCategory, ...], kinds: np.ndarray, path: Path
) -> tuple[tuple[CocoCategory, ...], np.ndarray, list[str]]:
    """Leave out categories without annotations whose name another one has, as Roboflow's category 0.

    Args:
        categories: Those of a JSON.
        kinds: Position of each annotation's category among them, shape (N,).
        path: The JSON, for messages.

    Returns:
        The categories that are left, of namesakes without any annotation the last one; `kinds` among them; and a line
        for each that was left out, and one on names that are nearly the same.

    Raises:
        DataError: If two categories of one name have annotations.
    """
    counts = np.bincount(kinds, minlength=len(categories))
    by_name = defaultdict(list)
    for place, category in enumerate(categories):
        by_name[category.name].append(place)
    kept, notes = np.ones(len(categories), bool), []
    for name, places in by_name.items():
        used = [place for place in places if counts[place]]
        if len(used) > 1:
            told = " and ".join(f"{categories[place].id!r} ({counts[place]:,} annotations)" for place in used[:2])
            raise DataError(
                f"{path}: categories {told} are both called '{make_visible(name)}', so the name is ambiguous: rename "
                "one, or give all their annotations one category_id."
            )
        for place in places:
            if place != (used or places)[-1]:
                kept[place] = False
                notes.append(
                    f"category {categories[place].id!r} '{make_visible(name)}' has no annotations and another one, "
                    f"{categories[(used or places)[-1]].id!r}, has its name: it is left out."
                )
    notes += _warn_of_similar_names(
        [category for category, keep in zip(categories, kept.tolist(), strict=True) if keep]
    )
    if kept.all():
        return categories, kinds, notes
    positions = np.cumsum(kept, dtype=np.int32) - 1
    left = tuple(category for category, keep in zip(categories, kept.tolist(), strict=True) if keep)
    return left, positions[kinds], notes


def _warn_of_similar_names(categories: Sequence[CocoCategory]) -> Iterator[str]:
    """Give a line if names differ in case, in spaces or in their Unicode form alone."""
    groups = defaultdict(list)
    for category in categories:
        groups[_normalise_category(category.name)].append(f"{category.id!r} '{make_visible(category.name)}'")
    if near := [" and ".join(group) for group in groups.values() if len(group) > 1]:
        yield (
            f"categories {first_three(near)} differ only in case, spaces or Unicode form, and count as separate "
            "classes: if they are one, give all their annotations one category_id."
        )


def _normalise_category(name: str) -> str:
    """Return a name without case, spaces around it or repeated in it, and Unicode form."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.split())

"""The quickest simulation, and what it leaves."""

from pathlib import Path

QUICK = ("points=1", "steps=2")
FILES = ["error.png", "iou.png", "settings.json", "steps.csv"]


def names(folder):
    """What a folder holds."""
    return sorted(path.name for path in Path(folder).iterdir())

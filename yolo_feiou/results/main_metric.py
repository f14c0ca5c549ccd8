"""The metric of a run that is compared, and what metrics are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

#: COCO's AP of upright boxes, the metric of all runs whose row names no other; and Ultralytics' own of oriented ones.
AP, MAP_OBB = "AP", "mAP_obb"
#: What the metrics that may be compared are called: mAP is Ultralytics' word, and never COCO's AP.
MAIN_METRICS: Mapping[str, str] = {AP: "AP", MAP_OBB: "mAP"}


def find_main_metric(row: Mapping[str, Any]) -> str:
    """Return the column of a run that is compared: the one that its row names, `AP` if it names none."""
    return str(row.get("metric") or AP)


def get_score(row: Mapping[str, Any]) -> float | None:
    """Return a run's value of the metric that is compared, a fraction; None where nothing could be measured."""
    return row[find_main_metric(row)]


def name_main_metric(row: Mapping[str, Any]) -> str:
    """Return what the metric of a run that is compared is called, 'AP' or 'mAP'."""
    return MAIN_METRICS[find_main_metric(row)]


def name_metrics(metrics: Iterable[str]) -> str:
    """Return what main metrics are called, each once: 'AP', 'mAP', or 'AP or mAP' for runs of both."""
    there = set(metrics)
    return " or ".join(name for metric, name in MAIN_METRICS.items() if metric in there) or MAIN_METRICS[AP]

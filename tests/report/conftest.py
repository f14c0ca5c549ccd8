"""Fixtures of several tests of reports."""

from tests.report.detection_runs import ablation  # noqa: F401  # fixtures

"""The comparison of the runs in a folder as one object, for notebooks and scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from yolo_feiou.errors import ArgumentError, did_you_mean
from yolo_feiou.escape import make_visible
from yolo_feiou.plots.style import show_text_as_is
from yolo_feiou.report.baseline import find_baseline
from yolo_feiou.report.captions import describe_findings, describe_seed_variance
from yolo_feiou.report.comparison import Comparison, compare_variants
from yolo_feiou.report.pictures import make_pictures
from yolo_feiou.report.read import Results, read_results
from yolo_feiou.report.render import render_lines
from yolo_feiou.report.tables import make_comparison_table, make_summary_rows
from yolo_feiou.report.variants import find_swept_arguments, make_variants
from yolo_feiou.report.warnings import list_warnings

if TYPE_CHECKING:
    from pandas import DataFrame  # pyright: ignore[reportMissingImports]  # optional

#: What the terminal has room for of a comparison.
IN_BRIEF = ("AP", "ΔAP", "95 %, t", "p, Holm")


@dataclass(frozen=True, repr=False)
class ComparisonResult:
    """Variants against their baselines, as `yolo report` compares them; as text it is what that prints.

    Attributes:
        results: The runs.
        comparisons: A comparison for each variant, baselines included.
    """

    results: Results
    comparisons: Sequence[Comparison]

    @property
    def warnings(self) -> list[str]:
        """What to know before the variants are compared, a sentence each."""
        return list_warnings(self.results, self.comparisons)

    def __str__(self) -> str:
        return "\n".join(map(make_visible, self.list_lines()))

    def __repr__(self) -> str:
        folders = ", ".join(map(str, self.results.folders))
        return f"<ComparisonResult of {len(self.comparisons)} variants in {folders}>"

    def to_pandas(self) -> DataFrame:
        """Return all statistics as a table of pandas, a row a variant, AP and its differences as fractions.

        Raises:
            ArgumentError: If pandas isn't installed.
        """
        try:
            import pandas  # pyright: ignore[reportMissingImports]  # optional
        except ImportError:
            raise ArgumentError("to_pandas() needs pandas, which isn't installed: run 'pip install pandas'.") from None
        return pandas.DataFrame(make_summary_rows(self.comparisons))

    def plot(self, name: str = "seeds", *, narrow: bool = False) -> Figure:
        """Return a figure of the report.

        Args:
            name: 'differences' for those to the baseline with their intervals, 'seeds' for the AP of each seed,
                'thresholds' for AP by IoU threshold, 'matched_iou', 'training', 'positives', or 'over_box' for AP over
                a swept argument.
            narrow: Whether it is for a phone or a column of a page, with its panels below each other.

        Raises:
            ArgumentError: If there is no such figure, or the results have no numbers for it.
        """
        known = []
        for picture in make_pictures(self.results, self.comparisons):
            known.append(picture.name)
            if picture.name == name:
                figure = picture.narrow if narrow else picture.figure
                show_text_as_is(figure)
                return figure
        raise ArgumentError(f"plot({name!r}): unknown figure{did_you_mean(name, known)} There are {', '.join(known)}.")

    def list_lines(self) -> Iterator[str]:
        """Yield the lines of its text: the findings, the spread of the baseline over seeds, a table, the warnings."""
        yield describe_findings(self.comparisons)
        yield describe_seed_variance(self.comparisons)
        yield ""
        yield from render_lines(make_comparison_table(self.comparisons, IN_BRIEF))
        yield ""
        for warning in self.warnings:
            yield f"warning: {warning}"


def compare(results: str | Path | Sequence[str | Path], baseline: str = "") -> ComparisonResult:
    """Return the comparison of the runs in a folder of results, or in several, paired by seed.

    The tables are read as the last `yolo ablate` or `yolo report` left them, and nothing is written. A warning says
    so where runs are newer than they are, or being made.

    Args:
        results: The folder that `yolo ablate` wrote to, or several.
        baseline: What variants are compared with, as in `yolo report`: 'ciou' at the same values of other swept
            arguments, 'ciou@box=7.5' at that value. By default the model's own loss: `ciou`, `probiou` of oriented
            boxes or `giou` of RT-DETR, else `stock`, else the first loss; of detectors beside YOLO `stock`.

    Raises:
        ArgumentError: If a folder is missing or has no results, or no run is the baseline.
        DataError: If a file is damaged, or no run is done.
    """
    folders = [results] if isinstance(results, str | Path) else results
    found = read_results([Path(folder) for folder in folders])
    variants = make_variants(found, find_swept_arguments(found))
    return ComparisonResult(found, compare_variants(variants, find_baseline(baseline, variants)))

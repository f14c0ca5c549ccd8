"""`yolo_feiou.compare` gives what the report says as an object."""

import subprocess
import sys
import types

import pytest
from matplotlib.figure import Figure

import yolo_feiou
from tests.odd_names import FORBIDDEN, ODD
from tests.report.factories import row, write
from yolo_feiou import cli
from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.report.command import report
from yolo_feiou.report.result import compare
from yolo_feiou.storage.tables import read_csv, write_csv


@pytest.fixture
def results(tmp_path):
    """The folder of an ablation of three losses and four seeds."""
    write(tmp_path / "ablation", losses=("ciou", "iou", "eiou"), seeds=range(4))
    return tmp_path / "ablation"


def test_it_is_public_and_needs_no_ultralytics(results):
    code = f"""
import sys, yolo_feiou
print(repr(yolo_feiou.compare({str(results)!r})))
assert "ultralytics" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("<ComparisonResult of 3 variants in ") and yolo_feiou.compare is compare


def test_as_text_it_is_what_the_command_prints(results, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["yolo", "report", str(results), "baseline=iou"])
    cli.main()
    *lines, last = capsys.readouterr().out.splitlines()
    result = compare(results, baseline="iou")
    assert str(result).splitlines() == lines and last.startswith("The report is")
    assert "95 %, t" in str(result) and str(result).startswith("Against iou")


def test_nothing_is_written(results):
    before = sorted(results.iterdir())
    str(compare(results))
    assert sorted(results.iterdir()) == before


def test_several_folders_are_compared_as_one(tmp_path):
    for name, loss in (("a", "ciou"), ("b", "eiou")):
        (tmp_path / name).mkdir()
        write_csv(tmp_path / name / "results.csv", [row(loss, seed, AP=0.4 + seed / 100) for seed in range(2)])
    result = compare([tmp_path / "a", str(tmp_path / "b")])
    assert [comparison.variant.label for comparison in result.comparisons] == ["ciou", "eiou"]


def test_trainings_that_learnt_nothing_are_said_to_be_that_and_are_not_tested(tmp_path):
    """In the text, the summary and the page alike."""
    rows = [row(loss, s, AP=s * ap) for loss, ap in (("ciou", 1e-5), ("eiou", 4e-5)) for s in range(2)]
    write_csv(tmp_path / "results.csv", rows)
    result = compare(tmp_path)
    headline, variance, *_ = str(result).splitlines()
    assert headline.startswith("AP is below 0.5 % in all 4 runs: nothing was learnt that can be compared. Train longer")
    assert variance.startswith("The baseline learnt nothing")
    report([str(tmp_path)])
    (_, summary) = read_csv(tmp_path / "report" / "summary.csv")
    assert summary["verdict"] == "not judged: neither it nor the baseline learnt anything"
    assert {summary[name] for name in ("seeds_needed", "p", "p_holm", "difference_sd")} == {""}
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert headline in page and variance in page


def test_what_to_know_before_comparing_is_there(tmp_path):
    rows = [row(loss, seed, AP=0.4 + seed / 100, torch=loss) for loss in ("ciou", "eiou") for seed in range(2)]
    write_csv(tmp_path / "results.csv", rows)
    result = compare(tmp_path)
    assert "Runs differ in torch: ciou (2 runs) and eiou (2 runs)." in result.warnings
    assert all(f"warning: {warning}" in str(result) for warning in result.warnings)


def test_a_table_of_pandas_has_the_columns_of_the_summary(results, monkeypatch):
    """pandas need not be there for this test: it is asked for a row a variant, whose cells are those of summary.csv."""
    monkeypatch.setitem(sys.modules, "pandas", types.SimpleNamespace(DataFrame=list))
    table = compare(results).to_pandas()
    monkeypatch.setattr(sys, "argv", ["yolo", "report", str(results)])
    cli.main()
    summary = read_csv(results / "report" / "summary.csv", ("seeds",))
    assert [[*line] for line in table] == [[*line] for line in summary]
    assert [line["difference"] for line in table][1:] == pytest.approx([line["difference"] for line in summary][1:])


def test_without_pandas_one_line_says_so(results, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ArgumentError, match=r"^to_pandas\(\) needs pandas, which isn't installed: run 'pip install"):
        compare(results).to_pandas()


@pytest.mark.parametrize("name", ["seeds", "thresholds", "matched_iou", "training", "positives"])
def test_a_figure_by_its_name(results, name):
    figure = compare(results).plot(name)
    assert isinstance(figure, Figure) and figure.axes


def test_an_unknown_figure_is_named_with_those_that_there_are(tmp_path):
    write_csv(tmp_path / "results.csv", [row("ciou", seed, AP=0.4 + seed / 100) for seed in range(2)])
    with pytest.raises(ArgumentError) as error:
        compare(tmp_path).plot("seds")
    assert str(error.value) == "plot('seds'): unknown figure: did you mean 'seeds'? There are seeds."
    with pytest.raises(ArgumentError, match="plot\\('thresholds'\\): unknown figure"):
        compare(tmp_path).plot("thresholds")


def test_names_with_dollars_are_drawn_as_they_are(tmp_path):
    rows = [row("ciou", seed, AP=0.4 + seed / 100, model=model) for model in ODD for seed in range(2)]
    write_csv(tmp_path / "results.csv", rows)
    result = compare(tmp_path)
    assert not set(str(result)) & set(FORBIDDEN) - {"\n"}
    figure = result.plot()
    figure.draw_without_rendering()
    assert not any(text.get_parse_math() for text in figure.axes[0].texts)


def test_what_is_missing_is_told_as_by_the_command(tmp_path):
    with pytest.raises(ArgumentError, match="has no results"):
        compare(tmp_path)
    write_csv(tmp_path / "results.csv", [row(status="failed", reason="no GPU")])
    with pytest.raises(DataError, match="no run is done of 1"):
        compare(tmp_path)

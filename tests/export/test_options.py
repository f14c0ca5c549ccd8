"""What the words of `yolo evaluate` ask for, and which of them are refused."""

import pytest

from tests.runs import typed
from yolo_feiou.errors import ArgumentError
from yolo_feiou.export.options import EXPORT_OPTIONS, format_export_usage, read_export_request


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Two runs in folders of their own, an ablation, and a results.csv of something else."""
    monkeypatch.chdir(tmp_path)
    for name in ("a/run", "a=b", "c"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "args.yaml").write_text("epochs: 1\n")
    (tmp_path / "ablation").mkdir()
    (tmp_path / "ablation" / "ablation.json").write_text("{}")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "results.csv").write_text("epoch,time\n1,2\n")


def test_words_are_runs_and_options(runs, tmp_path):
    """A folder whose name has an equals sign is a run; one that is named twice is one."""
    words = ["a=b", str(tmp_path / "a=b"), "out=here", "batch=8", "onnx=true", "evaluator=pycocotools"]
    request = read_export_request(words)
    assert [folder.resolve() for folder in request.folders] == [tmp_path / "a=b"]
    assert (str(request.out), request.options.batch, request.options.onnx) == ("here", 8, True)
    assert (request.options.evaluator, request.options.weights, request.options.submission) == (
        "pycocotools",
        "best",
        "",
    )
    assert typed(request.command) == ["yolo", "export-results", *words]
    assert typed(read_export_request(words, "evaluate").command) == ["yolo", "evaluate", *words]


def test_results_go_to_the_folder_in_which_all_runs_lie(runs, tmp_path):
    assert read_export_request(["a/run"]).out.resolve() == tmp_path / "a"
    assert read_export_request(["c", "a=b"]).out.resolve() == tmp_path


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["out=x"], "takes the folders of runs"),
        (["a/run", ""], "got '' in the place of the folder of a run"),
        (["a/run", "evalautor=x"], "did you mean 'evaluator'"),
        (["a/run", "weights=first"], "weights=first is not one of"),
        (["a/run", "c"], "the runs lie in several folders"),
        (["c", "out=c"], "is the folder of a run, whose results.csv has its epochs"),
        (["c", "out=ablation"], "is the folder of an ablation"),
        (["c", "out=other"], "results.csv holds something else"),
        (["c", "submission=my name"], "becomes part of a file's name"),
    ],
)
def test_words_that_are_refused(runs, words, message):
    with pytest.raises(ArgumentError, match=message):
        read_export_request(words)


def test_the_usage_has_a_line_for_each_option():
    usage = format_export_usage("evaluate")
    assert usage.startswith("yolo evaluate RUN") and "'yolo export-results' is the same command." in usage
    lines = format_export_usage().splitlines()[-len(EXPORT_OPTIONS) :]
    assert [line.split("=")[0].strip() for line in lines] == [option.name for option in EXPORT_OPTIONS]
    assert all((option.meaning or option.expected) in line for line, option in zip(lines, EXPORT_OPTIONS, strict=True))

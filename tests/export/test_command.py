"""From the folders of runs to the rows of a report."""

import json
import sys

import pytest
import torch
import yaml

from tests.export.conftest import LEARNS
from tests.export.factories import errors
from yolo_feiou import cli
from yolo_feiou.evaluation.saved import evaluate_again
from yolo_feiou.export.command import export
from yolo_feiou.report.command import report
from yolo_feiou.storage.own_files import is_sealed
from yolo_feiou.storage.tables import read_csv
from yolo_feiou.yolo import evaluate as evaluation

pytestmark = pytest.mark.slow


@pytest.fixture
def no_evaluation(monkeypatch):
    """A function after which nothing can be evaluated any more."""

    def forbid():
        def refuse(*_, **__):
            raise AssertionError("evaluated again")

        monkeypatch.setattr(evaluation, "detect", refuse)

    return forbid


def rows_of(out):
    return {row["run"]: row for row in read_csv(out / "results.csv", ("run", "seed", "status", "reason"))}


def test_several_runs_give_rows_a_table_and_a_report(copy, squares, tmp_path, capsys):
    """Three runs, one of stock Ultralytics, on the JSON of the data YAML; the report takes them as an ablation's."""
    folders = [copy("focal"), copy("ciou", loss="ciou", box_stats=None), copy("stock", loss=None, box_stats=None)]
    assert export([*map(str, folders), "device=cpu"]) == 0
    said = capsys.readouterr().out
    out = tmp_path / "runs"
    rows = rows_of(out)
    assert {name: row["loss"] for name, row in rows.items()} == {
        **{"focal": "focal_eiou:gamma=1", "ciou": "ciou", "stock": "stock"}
    }
    row = rows["focal"]
    again = evaluate_again(folders[0] / "evaluation", "pycocotools")
    assert row["AP"] == pytest.approx(again["AP"], rel=1e-6) and row["AP"] > 0.02
    assert (row["ground_truth"], row["area_source"], row["images"], row["objects"]) == (
        "instances_val2017.json",
        "json",
        8,
        16,
    )
    assert (row["status"], row["epochs_done"], row["imgsz"], row["eval_imgsz"], row["seed"]) == (
        "done",
        LEARNS["epochs"],
        96,
        96,
        "0",
    )
    assert row["AP_L"] == "", "no object is large: missing, not 0"
    text = {
        line.split()[0]: line.split()[1:] for line in said.splitlines() if line.startswith(("run ", "focal ", "ciou "))
    }
    assert text["run"] == ["loss", "AP", "AP50", "AP75", "AP_S", "AP_M", "AP_L"]
    in_per_cent = [f"{100 * again[name]:.1f}" for name in ("AP", "AP50", "AP75", "AP_S")]
    assert text["focal"] == ["focal_eiou:gamma=1", *in_per_cent, "–", "–"]
    assert "faster-coco-eval" in said and "ground truth instances_val2017.json, areas from json, conf 0.001" in said

    curves = read_csv(out / "curves.csv")
    assert [sum(line["run"] == name for line in curves) for name in rows] == [LEARNS["epochs"]] * 3
    assert {line["run"] for line in read_csv(out / "box_stats.csv")} == set(rows)  # the copies have the file too
    report([str(out)])
    said = capsys.readouterr().out
    assert "Against ciou" in said and (out / "report" / "index.html").is_file()
    assert "focal_eiou:gamma=1" in (out / "report" / "table.md").read_text()


def test_what_was_evaluated_is_not_evaluated_again(copy, tmp_path, no_evaluation, capsys):
    out = tmp_path / "runs"
    one, two = copy("one"), copy("two", seed=1)
    assert export([str(one), str(two), "device=cpu"]) == 0
    files = [out / "results.csv", out / "curves.csv", one / "weights" / "model_card.md"]
    before = [path.read_text() for path in files]
    no_evaluation()
    assert export([str(one), "device=cpu"]) == 0  # the row of the other one stays
    assert "one: best.pt was evaluated before" in capsys.readouterr().out
    assert [path.read_text() for path in files] == before


def test_another_evaluation_is_done_anew(copy, squares, no_evaluation, capsys):
    """Each is asked for when the first one is there, which must not be taken for it."""
    run = copy("run")
    export([str(run), "device=cpu"])
    measured = run / "evaluation" / "measured.json"
    text = measured.read_text()
    no_evaluation()
    official = squares.parent / "annotations" / "instances_val2017.json"
    other = squares.parent / "other.json"
    other.write_text(official.read_text().replace('"area": ', '"area":  '))
    export([str(run), f"annotations={official}"])  # which the YAML names as well
    for words in ("evaluator=pycocotools", "split=train", f"annotations={other}", "weights=last", "batch=2"):
        measured.write_text(text)
        with pytest.raises(AssertionError, match="evaluated again"):
            export([str(run), words])
    measured.write_text(text[: len(text) // 2])
    with pytest.raises(AssertionError, match="evaluated again"):
        export([str(run)])
    measured.write_text(text)
    assert export([str(run), "annotations=none.json"]) == 1
    assert "none.json can't be read" in capsys.readouterr().err


def test_new_weights_replace_the_row(copy, tmp_path):
    one, two = copy("one"), copy("two", seed=1)
    export([str(one), str(two), "device=cpu"])
    kept, old = (rows_of(tmp_path / "runs")[name] for name in ("one", "two"))
    content = torch.load(two / "weights" / "best.pt", weights_only=False)
    for parameter in content["model"].parameters():
        parameter.data.zero_()
    torch.save(content, two / "weights" / "best.pt")
    export([str(two), "device=cpu"])
    rows = rows_of(tmp_path / "runs")
    assert rows["one"] == kept and rows["two"]["AP"] == 0 < old["AP"]
    assert rows["two"]["weights_sha256"] != old["weights_sha256"]


def test_a_card_that_was_edited_stays(copy, tmp_path, capsys):
    run = copy("run")
    card = run / "weights" / "model_card.md"
    assert export([str(run), "device=cpu"]) == 0
    assert is_sealed(card)
    card.write_text(card.read_text().replace("agpl-3.0", "agpl-3.1"))
    before = card.read_text()
    assert export([str(run), "device=cpu"]) == 1
    assert "has no new model card" in capsys.readouterr().err and card.read_text() == before
    assert len(read_csv(tmp_path / "runs" / "results.csv")) == 1


def test_unfinished_runs_say_so_and_what_is_no_run_is_left_out(copy, tmp_path, capsys):
    """An unfinished one is evaluated and says so, what is no run is left out, and the others go on."""
    good, cut, empty, lost = copy("good"), copy("cut", epochs=50), copy("empty"), tmp_path / "runs" / "lost"
    content = torch.load(cut / "weights" / "best.pt", weights_only=False)
    torch.save({**content, "optimizer": {"state": {}}}, cut / "weights" / "best.pt")
    (empty / "weights" / "best.pt").unlink()
    (tmp_path / "runs" / "notes.txt").write_text("")
    status = export([*map(str, (empty, lost, tmp_path / "runs" / "notes.txt", cut, good)), "device=cpu"])
    told = capsys.readouterr()
    assert status == 1
    assert f"cut is not finished: {LEARNS['epochs']} of 50 epochs; best.pt is evaluated as it is" in told.out
    assert "cut †" in told.out and "† training not finished" in told.out
    assert "notes.txt is left out: expected the folder of a training, which has an args.yaml" in told.out
    assert len(errors(told.err)) == 2
    assert "empty is left out" in told.err and "has no weights/best.pt" in told.err
    assert "lost is left out" in told.err and "there is no" in told.err
    rows = rows_of(tmp_path / "runs")
    assert {name: row["status"] for name, row in rows.items()} == {"cut": "unfinished", "good": "done"}
    told = f"not finished: {LEARNS['epochs']} of 50 epochs"
    assert f"**The training is {told}.**" in (cut / "weights" / "model_card.md").read_text()
    report([str(tmp_path / "runs")])
    assert f"1 run of 2 not done, and left out: cut ({told})" in capsys.readouterr().out


def test_data_that_lies_elsewhere_is_named_and_taken_from_an_argument(copy, squares, tmp_path, capsys):
    run = copy("run", data="/another/machine/squares.yaml")
    assert export([str(run), "device=cpu"]) == 1
    assert "/another/machine/squares.yaml" in capsys.readouterr().err
    assert not (tmp_path / "runs" / "results.csv").exists() and not (run / "evaluation").exists()
    labels = tmp_path / "labels.yaml"
    content = yaml.safe_load(squares.read_text())
    content.pop("annotations")
    labels.write_text(yaml.safe_dump(content))
    assert export([str(run), "device=cpu", f"data={labels}", f"out={tmp_path / 'o'}"]) == 0
    (row,) = rows_of(tmp_path / "o").values()
    assert (row["run"], row["ground_truth"], row["data"]) == ("../runs/run", "labels", str(labels))
    assert json.loads((run / "evaluation" / "settings.json").read_text())["data"] == str(labels)


def test_wrong_arguments_write_nothing(tmp_path, capsys, monkeypatch):
    run = tmp_path / "a" / "run"
    run.mkdir(parents=True)
    (run / "args.yaml").write_text("epochs: 1\n")
    assert export([]) == 0 and "submission=" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["yolo", "evaluate", str(run), "evaluator=coco"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 2 and capsys.readouterr().err.startswith("error: evaluator=coco is not one of")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["args.yaml"]

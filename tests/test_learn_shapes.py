"""The script that shows that each detector learns: what it trains, repeats and writes."""

import json
from pathlib import Path

import pytest

from tests.scripts import load_script
from yolo_feiou.detectors.config import read_detector_config
from yolo_feiou.detectors.config_keys import DETECTORS
from yolo_feiou.errors import ArgumentError
from yolo_feiou.lightning.arguments import complete_arguments
from yolo_feiou.storage.tables import read_csv

ROOT = Path(__file__).parents[1]


@pytest.fixture
def script():
    return load_script("learn_shapes")


@pytest.fixture
def training(script, monkeypatch):
    """Write, in place of a training, the files of one of two intervals; the second took until minute 1.5."""
    trained = []

    def train(arguments, folder, place, *, asked, threads):
        trained.append((folder.name, threads))
        assert arguments["iterations"] == asked["iterations"] and place.device == "cpu"
        folder.mkdir(parents=True)
        session = {"first_epoch": 1, "machine": "x86_64, 2 cores", "threads": threads}
        (folder / "provenance.json").write_text(json.dumps({"id": "a", "asked": asked, "sessions": [session]}))
        (folder / "results.csv").write_text(
            "epoch,time,iteration,metrics/mAP50(B),metrics/mAP50-95(B)\n"
            f"1,30,{asked['iterations'] // 2},0.25,0.125\n2,90,{asked['iterations']},0.625,0.5\n"
        )

    monkeypatch.setattr(script, "train", train)
    return trained


@pytest.mark.parametrize("detector", DETECTORS)
def test_each_training_is_of_its_detector_with_resnet_18_from_scratch(script, detector):
    arguments = complete_arguments(script.choose_arguments(detector, "focal_eiou"))
    assert arguments["loss"] == "focal_eiou" and 96 <= arguments["imgsz"] <= 128
    config = read_detector_config(arguments["model"])
    assert (config.detector, config.backbone, config.weights) == (detector, "resnet18", "none")


def test_results_of_all_trainings_are_in_one_table_and_picture(script, training, tmp_path):
    out, docs = tmp_path / "out", tmp_path / "docs"
    script.main([f"out={out}", f"docs={docs}", "detectors=paa,atss", "threads=2"])
    assert training == [(f"{detector}-{loss}", 2) for detector in ("paa", "atss") for loss in ("stock", "focal_eiou")]
    rows = read_csv(docs / "learning.csv")
    assert [(row["detector"], row["loss"]) for row in rows[::2]] == [
        (detector, loss) for detector in ("atss", "paa") for loss in ("stock", "focal_eiou")
    ]
    last = script.choose_arguments("atss", "stock")["iterations"]
    row = rows[1]
    assert (row["iteration"], row["minutes"], row["AP50"], row["AP"]) == (last, 1.5, 0.625, 0.5)
    assert row["machine"] == "x86_64, 2 cores, 2 threads"
    assert "model=atss_r18.yaml loss=stock data=shapes.yaml" in row["arguments"] and " amp=true" in row["arguments"]
    picture = (docs / "learning.svg").read_text()
    assert all(f">{text}<" in picture for text in ("ATSS", "PAA", "stock", "focal_eiou", "minutes of training"))
    assert ">RetinaNet<" not in picture


def test_what_was_trained_is_not_repeated_unless_an_argument_differs(script, training, tmp_path, monkeypatch):
    arguments = [f"out={tmp_path}", f"docs={tmp_path}", "detectors=atss", "losses=stock"]
    script.main(arguments)
    script.main(arguments)
    assert len(training) == 1
    monkeypatch.setitem(script.OWN, "atss", {"lr0": 0.03})
    script.main(arguments)
    assert len(training) == 2 and " lr0=0.03 " in f"{read_csv(tmp_path / 'learning.csv')[0]['arguments']} "
    curve = tmp_path / "atss-stock" / "results.csv"
    curve.write_text("".join(curve.read_text().splitlines(keepends=True)[:2]))  # it was killed in its second interval
    script.main(arguments)
    assert len(training) == 3


def test_rows_of_other_trainings_stay(script):
    def make(detector, loss, *iterations):
        return [{"detector": detector, "loss": loss, "iteration": iteration} for iteration in iterations]

    old = [*make("retinanet", "stock", 50, 100), *make("paa", "stock", 50, 100)]
    new = [*make("retinanet", "focal_eiou", 60), *make("retinanet", "stock", 60)]
    assert script.merge_rows(old, new) == [
        *make("retinanet", "stock", 60),
        *make("retinanet", "focal_eiou", 60),
        *make("paa", "stock", 50, 100),
    ]


def test_the_picture_is_the_same_each_time(script, tmp_path):
    rows = [{"detector": "paa", "loss": "stock", "iteration": n, "minutes": n, "AP50": n / 5} for n in (1, 2)]
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        script.write_results(rows, tmp_path / name)
    pictures = [(tmp_path / name / "learning.svg").read_bytes() for name in ("a", "b")]
    assert pictures[0] == pictures[1] and b"fill: #ffffff" in pictures[0]  # whatever the page's ground


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize("loss", ["stock", "focal_eiou"])
def test_a_recorded_training_has_reached_the_goal_within_ten_minutes(script, detector, loss):
    """AP50 of at least 0.5 on unseen images, with the arguments that the script has now."""
    rows = read_csv(ROOT / "docs" / "detectors" / "learning.csv", ("arguments", "machine"))
    own = [row for row in rows if (row["detector"], row["loss"]) == (detector, loss)]
    arguments = script.choose_arguments(detector, loss)
    assert own[-1]["iteration"] == arguments["iterations"] and own[-1]["minutes"] <= 10
    assert own[-1]["AP50"] >= script.GOAL
    assert own[-1]["arguments"].split() == [f"{key}={script.format_value(value)}" for key, value in arguments.items()]


def test_an_unknown_detector_or_loss_is_told(script):
    with pytest.raises(ArgumentError, match="detectors=atss,yolo: unknown yolo; expected some of retinanet,"):
        script.main(["detectors=atss,yolo"])
    with pytest.raises(ArgumentError, match="losses=eiuo: unknown eiuo; expected some of stock,focal_eiou"):
        script.main(["losses=eiuo"])

"""The script that trains each family of models with a loss of each kind, and what it recorded."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.runs import SHARED_DATA
from tests.scripts import load_script
from yolo_feiou.errors import ArgumentError
from yolo_feiou.losses.build import build_loss, shorten_spec
from yolo_feiou.storage.tables import read_csv

ROOT = Path(__file__).parents[1]


@pytest.fixture
def script():
    return load_script("train_families")


def test_all_families_and_kinds_are_recorded_with_a_loss_that_trained(script):
    rows = read_csv(script.TABLE)
    expected = [(one.title, kind, loss) for one in script.FAMILIES.values() for kind, loss in one.losses.items()]
    assert [(row["family"], row["kind"], row["loss"]) for row in rows] == expected
    for row in rows:
        assert row["box_loss"] > 0 and " of the model" in row["swapped"] and row["swapped"].endswith(" of the EMA")


def test_losses_are_of_the_boxes_of_their_family(script):
    for family in script.FAMILIES.values():
        for loss in family.losses.values():
            assert shorten_spec(loss) == loss
            assert build_loss(loss).family == ("rotated" if "obb" in family.model else "aligned")


def test_rows_of_other_trainings_stay_and_are_in_order(script):
    def make(family, loss, value):
        return {"family": script.FAMILIES[family].title, "loss": loss, "box_loss": value}

    old = [make("detect", "eiou", 1), make("detect", "wiou", 1)]
    merged = script.merge_rows(old, [make("detect", "focal_eiou", 2), make("detect", "eiou", 2)])
    assert merged == [make("detect", "eiou", 2), make("detect", "focal_eiou", 2), make("detect", "wiou", 1)]


def test_mistakes_are_told(script, tmp_path):
    with pytest.raises(ArgumentError, match="unknown families yolo: expected some of detect,"):
        script.main(["families=yolo"])
    with pytest.raises(ArgumentError, match="expected coco8/coco8.yaml in it"):
        script.main(["families=detect", f"data={tmp_path}"])


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED_DATA / "coco8-seg").is_dir(), reason="needs shared/data/coco8-seg beside the checkout")
def test_a_probe_is_trained_from_weights_of_its_model(script, tmp_path, monkeypatch):
    monkeypatch.setitem(script.ARGUMENTS, "imgsz", 64)
    probe = replace(script.FAMILIES["probe"], losses={"overlap": "eiou"})
    monkeypatch.setitem(script.FAMILIES, "probe", probe)
    monkeypatch.setitem(sys.modules, "ultralytics.nn.text_model", None)  # what the script puts there goes afterwards
    out = tmp_path / "families.csv"
    script.main(["families=probe", f"data={SHARED_DATA}", "encoder=none", f"out={out}"])
    (row,) = read_csv(out)
    assert (row["trainer"], row["loss"]) == ("YOLOEPESegTrainer", "eiou")
    assert row["swapped"] == "1 of the model, 1 of the EMA"

"""The script that shows that oriented boxes are learnt, and what it recorded."""

from pathlib import Path

import pytest

from tests.scripts import load_script
from yolo_feiou.storage.tables import read_csv

ROOT = Path(__file__).parents[1]


@pytest.fixture
def script():
    return load_script("learn_oriented")


@pytest.mark.parametrize("loss", ["stock", "probiou", "kld"])
def test_a_recorded_training_has_reached_half_within_five_minutes(script, loss):
    rows = [row for row in read_csv(script.TABLE, ("machine",)) if row["loss"] == loss]
    assert [row["epoch"] for row in rows] == [*range(1, script.ARGUMENTS["epochs"] + 1)]
    assert any(row["mAP50"] >= 0.5 and row["minutes"] <= 5 for row in rows)


def test_rows_of_other_losses_stay(script, tmp_path, monkeypatch):
    def learn(loss, threads):
        return [{"model": "m", "loss": loss, "epoch": 1, "minutes": threads, "mAP50": 0.6, "mAP": 0.3, "machine": "x"}]

    monkeypatch.setattr(script, "learn", learn)
    out = tmp_path / "oriented.csv"
    script.main([f"out={out}", "losses=probiou,kld:tau=1"])
    script.main([f"out={out}", "losses=probiou", "threads=2"])
    assert [(row["loss"], row["minutes"]) for row in read_csv(out)] == [("kld", 1), ("probiou", 2)]

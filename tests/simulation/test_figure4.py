"""The parameters β and γ in the simulations."""

import pytest

from yolo_feiou.losses.build import build_loss
from yolo_feiou.losses.table import BETA, GAMMA
from yolo_feiou.simulation import figure4
from yolo_feiou.simulation.run import Simulation
from yolo_feiou.storage.tables import read_csv


def test_each_loss_and_value_has_the_row_of_its_simulation():
    """What the simulation itself reaches with that spec; γ = 0 is EIoU."""
    rows = list(figure4.run_sweep(2, 1, {"beta": (0.5,), "gamma": (0.0, 1.5)}))
    specs = [f"{row['loss']}:{row['parameter']}={row['value']:g}" for row in rows]
    assert specs == [
        *("focal_l1:beta=0.5", "focal_eiou_v1:beta=0.5"),
        *("focal_eiou:gamma=0", "focal_eiou:gamma=1.5", "focal_eiou_star:gamma=0", "focal_eiou_star:gamma=1.5"),
    ]
    runs = {part[-1]["loss"]: part[-1] for part in Simulation(2, ("eiou", *specs), points=1).run()}
    for row, spec in zip(rows, specs, strict=True):
        assert list(row) == [
            *("setup", "parameter", "value", "loss"),
            *("error", "iou_mean", "iou_best", "share_50", "share_90"),
        ]
        assert row["setup"] == 2
        assert {key: row[key] for key in list(row)[4:]} == {key: runs[spec][key] for key in list(row)[4:]}
    assert rows[2]["error"] == runs["eiou"]["error"] != rows[3]["error"]
    assert rows[0]["error"] != rows[1]["error"]


def test_the_papers_values_are_in_range():
    assert all(BETA.low <= beta <= BETA.high for beta in figure4.SWEPT_BETAS)
    assert all(GAMMA.low <= gamma <= GAMMA.high for gamma in figure4.SWEPT_GAMMAS)
    assert 0.8 in figure4.SWEPT_BETAS and 0.5 in figure4.SWEPT_GAMMAS and 0 in figure4.SWEPT_GAMMAS
    for parameter, losses in figure4.SWEPT_LOSSES.items():
        assert all(build_loss(f"{loss}:{parameter}=0.5") for loss in losses)


def test_the_command_takes_values_for_both_setups(tmp_path):
    lines = list(figure4.write_figure4(tmp_path, {"beta": (0.7,), "gamma": (0.25,), "points": 1}))
    heads = [line.partition(": error ")[0] for line in lines]
    assert heads == [
        f"setup {setup}, {loss}"
        for setup in (1, 2)
        for loss in (
            *("focal_l1:beta=0.7", "focal_eiou_v1:beta=0.7"),
            *("focal_eiou:gamma=0.25", "focal_eiou_star:gamma=0.25"),
        )
    ]
    rows = read_csv(tmp_path / "figure4.csv")
    (end,) = ([*part][-1] for part in Simulation(1, ("focal_l1:beta=0.7",), points=1).run())
    assert rows[0]["error"] == pytest.approx(end["error"], rel=1e-6)
    assert lines[0].endswith(f": error {end['error']:.3f}, IoU > 0.9 {end['share_90']:.2%}")
    assert (tmp_path / "figure4.png").stat().st_size > 10_000


def test_the_command_has_the_papers_values_by_itself(tmp_path, monkeypatch):
    """And 100 points."""
    asked = []
    one = {"setup": 1, "loss": "focal_l1", "parameter": "beta", "value": 0.5, "error": 1.0, "share_90": 0.1}
    monkeypatch.setattr(figure4, "run_sweep", lambda *call: asked.append(call) or [one])
    assert len(list(figure4.write_figure4(tmp_path, {}))) == 2
    assert asked == [(setup, 100, {"beta": figure4.SWEPT_BETAS, "gamma": figure4.SWEPT_GAMMAS}) for setup in (1, 2)]

"""`setup=1` and `setup=2`: from a user's words to a simulation, and what is on disk when."""

import json
import platform
from dataclasses import asdict, fields

import pytest
import torch

from yolo_feiou import __version__
from yolo_feiou.errors import ArgumentError, LossSpecError
from yolo_feiou.simulation import figures_6_7
from yolo_feiou.simulation.conditions import Conditions
from yolo_feiou.simulation.figures_6_7 import format_last_rows, name_reading, read_simulation, run_simulation
from yolo_feiou.simulation.run import FIGURE_LOSSES, Simulation
from yolo_feiou.simulation.setups import READINGS, SETUPS, Reading
from yolo_feiou.storage.tables import read_csv

TWO = Simulation(2, ("iou", "eiou"), points=1, steps=2)


def test_without_arguments_it_is_the_papers():
    for number in (1, 2):
        assert read_simulation(number, {}) == Simulation(number)


def test_every_argument_has_its_effect():
    what = read_simulation(
        2,
        {
            **{
                "losses": "iou,focal_eiou:gamma=1|2",
                "area": 4.0,
                "region": "disc",
                "factor": "2-iou",
                "update": "xyxy",
            },
            **{"batch": "point", "reduce": "mean", "empty": "still", "points": 3, "steps": 7, "seed": 5},
            **{"device": "cpu", "dtype": "float64"},
        },
    )
    reading = Reading(4, "disc", "2-iou", "xyxy", "point", "mean", "still")
    losses = ("iou", "focal_eiou:gamma=1", "focal_eiou:gamma=2")
    assert what == Simulation(2, losses, reading, points=3, steps=7, seed=5, device="cpu", dtype="float64")


def test_arguments_beside_a_reading_by_name_change_it():
    assert read_simulation(1, {"reading": "best"}).reading == READINGS["best"]
    assert read_simulation(1, {"reading": "best", "batch": "all"}).reading == Reading(
        1, "disc", reduce="mean", empty="still"
    )
    assert read_simulation(1, {"area": 1.0}).reading == Reading(area=1)


def test_the_arguments_are_the_fields_of_a_simulation_with_its_defaults():
    """So none is without effect, and what the help says is what is done."""
    for number in (1, 2):
        arguments = {argument.name: argument for argument in figures_6_7.make_setup_experiment(number).arguments}
        own = {field.name for field in fields(Simulation)} - {"setup", "conditions"}
        told = {field.name for kind in (Reading, Conditions) for field in fields(kind)}
        assert set(arguments) == own | told
        defaults = {**asdict(Reading()), **asdict(Conditions()), **asdict(Simulation(number)), "reading": "literal"}
        defaults |= {"points": SETUPS[number].points, "losses": "iou,giou,ciou,eiou,focal_eiou"}
        assert {name: argument.default for name, argument in arguments.items()} == {
            name: defaults[name] for name in arguments
        }
        for name, argument in arguments.items():
            text = ",".join(map(str, argument.default)) if name == "image" else str(argument.default)
            assert argument.read(text) == argument.default, name


@pytest.mark.parametrize(
    ("device", "named"),
    [("999", "cuda:999"), ("cuda:999", "cuda:999"), ("meta", "meta"), ("gpu", "gpu"), ("cpu:x", "cpu:x")],
)
def test_a_device_that_cannot_compute_is_one_line(device, named):
    with pytest.raises(ArgumentError, match=rf"^device={named} can't compute in float32 here: .+ Leave") as stop:
        read_simulation(1, {"device": device})
    assert "\n" not in str(stop.value)
    assert str(stop.value).endswith("Leave device= out for the CPU.")


def test_of_a_long_story_about_a_device_the_first_line_is_told(monkeypatch):
    def fail(*size, **options):
        raise RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be reported later")

    monkeypatch.setattr(figures_6_7.torch, "zeros", fail)
    with pytest.raises(ArgumentError, match=r"here: CUDA error: out of memory.? Leave"):
        read_simulation(1, {"device": "cuda"})


def test_a_list_of_losses_that_names_one_twice_is_refused():
    with pytest.raises(LossSpecError, match="has 'iou' twice"):
        read_simulation(1, {"losses": "iou,iou"})
    with pytest.raises(ArgumentError, match=r"losses=focal_eiou,eiou:focal=0.5: 'eiou:focal=0.5' is there twice"):
        read_simulation(1, {"losses": "focal_eiou,eiou:focal=0.5"})


def test_what_follows_from_a_training_set_is_refused_before_the_first_step():
    with pytest.raises(ArgumentError, match="nwd:c=auto: c=auto is the mean size"):
        read_simulation(1, {"losses": "iou,nwd:c=auto"})


def test_all_kinds_of_losses_are_simulated_and_what_they_are_told_is_said(tmp_path):
    losses = "mpdiou,wiou,uiou,inner_siou,nwd:weight=0.5+smooth_l1:weight=0.5"
    values = {"losses": losses, "points": 2, "steps": 3, "side": 16.0, "t": 1.0}
    lines = list(figures_6_7.make_setup_experiment(1).make(tmp_path, values))
    assert lines[:4] == [
        "mpdiou: in an image of 640 × 640 pixels, with targets of 16 × 16 pixels (image=, side=)",
        "wiou: its running mean stays at 1",
        "uiou: as it is at t=1 of a training (t=)",
        "nwd:weight=0.5+smooth_l1:weight=0.5: in an image of 640 × 640 pixels, with targets of 16 × 16 pixels "
        "(image=, side=)",
    ]
    rows = read_csv(tmp_path / "steps.csv")
    for loss in losses.split(","):
        errors = [row["error"] for row in rows if row["loss"] == loss]
        assert len(errors) == 4 and errors[-1] < errors[0]


class Watched(Simulation):
    """A simulation whose `look` is called at each step."""

    def run(self, tick):
        return super().run(lambda: (self.look(), tick()))


def test_each_finished_loss_is_on_disk_before_the_next_begins(tmp_path):
    """Two steps for each loss."""
    seen = []

    class Looking(Watched):
        def look(self):
            path = tmp_path / "steps.csv"
            seen.append([row["loss"] for row in read_csv(path)] if path.exists() else [])

    rows = run_simulation(Looking(**vars(TWO)), tmp_path)
    assert seen == [[], [], ["iou"] * 3, ["iou"] * 3]
    assert [row["loss"] for row in rows] == ["iou"] * 3 + ["eiou"] * 3
    written = read_csv(tmp_path / "steps.csv")
    assert [list(row) for row in written] == [list(row) for row in rows]
    assert [row["error"] for row in written] == pytest.approx([row["error"] for row in rows], rel=1e-6)


def test_settings_say_all_that_is_needed_to_repeat_it(tmp_path):
    what = Simulation(1, ("iou", "eiou"), READINGS["best"], points=2, steps=1, seed=7, dtype="float64")
    run_simulation(what, tmp_path)
    settings = json.loads((tmp_path / "settings.json").read_text())
    versions = {"yolo_feiou": __version__, "torch": torch.__version__, "python": platform.python_version()}
    assert settings.pop("versions") == versions
    assert settings.pop("pairs") == 686
    reading = Reading(**settings.pop("reading"))
    told = settings.pop("conditions")
    conditions = Conditions(tuple(told["image"]), told["side"], told["t"])
    again = Simulation(**settings | {"losses": tuple(settings["losses"])}, reading=reading, conditions=conditions)
    assert again == what


@pytest.mark.parametrize("stopped", [3, 4])
def test_an_interrupted_simulation_keeps_the_losses_that_are_finished(tmp_path, stopped):
    """Two steps for each loss: the third and the fourth are in the second one."""
    steps = []

    class Stopped(Watched):
        def look(self):
            steps.append(1)
            if len(steps) == stopped:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_simulation(Stopped(**vars(TWO)), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["settings.json", "steps.csv"]
    assert [(row["loss"], row["step"]) for row in read_csv(tmp_path / "steps.csv")] == [("iou", i) for i in range(3)]
    assert json.loads((tmp_path / "settings.json").read_text())["losses"] == ["iou"]


@pytest.mark.parametrize(
    ("reading", "name"),
    [
        (Reading(), "literal reading"),
        (READINGS["best"], "best reading"),
        (Reading(factor="2-iou"), "factor=2-iou"),
        (Reading(area=1, batch="point", reduce="mean"), "area=1 batch=point reduce=mean"),
    ],
)
def test_a_reading_is_called_by_its_name_or_by_what_is_different(reading, name):
    assert name_reading(reading) == name


def test_the_summary_has_the_last_row_of_each_loss():
    columns = ("error", "iou_mean", "iou_95", "share_50", "share_75", "share_90")
    rows = [
        {"loss": loss, "step": step, **{column: step + i / 10 for i, column in enumerate(columns)}}
        for loss in ("iou", "focal_eiou:gamma=1")
        for step in (0, 5)
    ]
    assert list(format_last_rows(rows)) == [
        "                       error  iou_mean    iou_95  share_50  share_75  share_90",
        "iou                   5.0000    5.1000    5.2000    5.3000    5.4000    5.5000",
        "focal_eiou:gamma=1    5.0000    5.1000    5.2000    5.3000    5.4000    5.5000",
    ]


def test_a_subject_makes_all_its_files_and_judges_the_papers_statements(tmp_path):
    title, head, *lines = figures_6_7.make_setup_experiment(2).make(tmp_path, {"points": 1, "steps": 2})
    assert title == "Setup 2, literal reading, 27 pairs, after 2 steps:"
    assert head.split() == [*figures_6_7.SUMMARY_COLUMNS]
    assert [line.split()[0] for line in lines] == [*FIGURE_LOSSES, *(line.split()[0] for line in lines[5:])]
    assert len(lines) == 5 + 6 and all(line.startswith(("holds  ", "fails  ")) for line in lines[5:])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["error.png", "iou.png", "settings.json", "steps.csv"]
    assert all(path.stat().st_size > 10_000 for path in tmp_path.glob("*.png"))

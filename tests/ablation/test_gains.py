"""The gains of a grid."""

import json
import sys
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.ablation.factories import run
from yolo_feiou.ablation import gains
from yolo_feiou.ablation.collect import collect_results
from yolo_feiou.ablation.gains import match_box, match_gains, measure_grid, warn_far_apart
from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.report.gains import group_preflight
from yolo_feiou.storage.tables import read_csv, read_json
from yolo_feiou.yolo.framework import FRAMEWORK

RATIO = {"ciou": 1.0, "eiou": 2.5, "giou": 1.25}


class Measuring:
    """A framework whose processes measure nothing: they write a known ratio for each loss that is asked for."""

    def __init__(self):
        self.asked = []
        self.references = []

    def gradient_norms_command(self, request, result):
        asked = read_json(request)
        arguments, losses = asked["arguments"], asked["losses"]
        self.asked.append((arguments["model"], arguments.get("device"), losses))
        self.references.append(asked.get("reference"))
        rows = [{"loss": loss, "gradient_ratio": RATIO[loss]} for loss in dict.fromkeys(["ciou", *losses])]
        return [sys.executable, "-c", WRITE, str(result), json.dumps({"rows": rows})]

    def find_gain(self, arguments):
        """1 for EIoU and 2.5 for the others with box=auto; none for a model called none.yaml."""
        box = arguments.get("box", 7.5)
        automatic = {"eiou": 1.0}.get(arguments["loss"], 2.5) if box == "auto" else box
        return None if arguments["model"] == "none.yaml" else automatic


WRITE = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(sys.argv[2])"


class Failing(Measuring):
    """A framework whose processes run a program of Python."""

    def __init__(self, code):
        self.code = code

    def gradient_norms_command(self, request, result):
        return [sys.executable, "-c", self.code]


@pytest.fixture
def measuring():
    return Measuring()


def runs(*losses, model="n.yaml", **more):
    grid = [run(loss=loss, seed=seed, model=model, **more) for loss in losses for seed in (0, 1)]
    return [replace(one, defaults={"box": 7.5}) for one in grid]


@pytest.mark.slow
def test_each_loss_is_measured_once_and_remembered(tmp_path, measuring):
    measured = measure_grid(runs("ciou", "eiou"), measuring, tmp_path, "cpu")
    assert measuring.asked == [("n.yaml", "cpu", ["ciou", "eiou"])]
    assert measured.lines == [
        "Gradient norm against CIoU at the same gain (8 of the first 40 batches): ciou 1.00, eiou 2.50",
        *warn_far_apart([{"loss": "eiou", "gradient_ratio": 2.5}], {"ciou": 7.5, "eiou": 7.5}),
    ]
    assert measure_grid(runs("ciou", "eiou"), measuring, tmp_path, "cpu") == measured and len(measuring.asked) == 1
    measure_grid(runs("ciou", "eiou", "giou"), measuring, tmp_path, "cpu")
    assert measuring.asked[1:] == [("n.yaml", "cpu", ["giou"])]
    (file,) = (tmp_path / "preflight").glob("*.json")
    assert [(row["loss"], row["model"]) for row in read_json(file)["rows"]] == [
        *[("ciou", "n.yaml"), ("eiou", "n.yaml"), ("giou", "n.yaml")]
    ]


def test_another_model_is_measured_by_itself_and_another_gain_is_not(tmp_path, measuring):
    measure_grid(
        [*runs("eiou"), *runs("eiou", model="s.yaml"), *runs("eiou", box=5), *runs("eiou", lr0=0.1)],
        measuring,
        tmp_path,
        "",
    )
    assert [(model, device) for model, device, _ in measuring.asked] == [
        ("n.yaml", None),
        ("s.yaml", None),
        ("n.yaml", None),
    ]


def test_a_loss_of_ones_own_is_measured_with_the_others_and_again_when_its_code_changed(tmp_path, measuring):
    """One process, and one row of the reference; the row of the older code stays, and is not taken for the newer."""

    def measure(code):
        own = [replace(one, contents={"loss": code}) for one in runs("eiou")]
        return measure_grid([*runs("ciou"), *own], measuring, tmp_path, "")

    (rows,) = measure("old").rows.values()
    assert [losses for *_, losses in measuring.asked] == [["ciou", "eiou"]]
    assert [(row["loss"], row.get("code")) for row in rows] == [("ciou", None), ("eiou", "old")]
    (rows,) = measure("new").rows.values()
    assert [losses for *_, losses in measuring.asked[1:]] == [["eiou"]]
    assert [(row["loss"], row.get("code")) for row in rows] == [("ciou", None), ("eiou", "new")]
    (file,) = (tmp_path / "preflight").glob("*.json")
    assert [row.get("code") for row in read_json(file)["rows"]] == [None, "old", "new"]


def test_rows_of_a_folder_are_told_apart_by_what_was_measured(tmp_path, measuring):
    """Matched gains, and then variants with another learning rate: CIoU is there twice, and the table says in what."""
    matched = [replace(one, gain="matched") for one in runs("ciou", "eiou", epochs=3)]
    measure_grid(matched, measuring, tmp_path, "")
    collect_results(tmp_path)
    assert read_csv(tmp_path / "preflight.csv")[0].keys() == {"data", "model", "loss", "gradient_ratio"}
    measure_grid(runs("ciou", "eiou", "giou", epochs=3, box=5), measuring, tmp_path, "")
    measure_grid(runs("giou", epochs=3, lr0=0.1, classes=[0, 2]), measuring, tmp_path, "")
    collect_results(tmp_path)
    rows = read_csv(tmp_path / "preflight.csv")
    assert sorted((row["loss"], row["lr0"], row["classes"]) for row in rows if row["lr0"] == "") == [
        *(("ciou", "", ""), ("eiou", "", ""), ("giou", "", ""))
    ]
    assert sorted((row["loss"], row["lr0"], row["classes"]) for row in rows if row["lr0"] != "") == [
        *(("ciou", 0.1, "[0, 2]"), ("giou", 0.1, "[0, 2]"))
    ]
    assert sorted(len(group) for group in group_preflight(rows)) == [2, 3]


DAMAGED = [
    "{",
    "{}",
    '{"rows": []}',
    '{"rows": [{"loss": "eiou"}]}',
    '{"rows": [{"loss": "eiou", "gradient_ratio": "2"}]}',
]


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_file_is_named_set_aside_and_measured_anew(tmp_path, measuring, content):
    before = measure_grid(runs("eiou"), measuring, tmp_path, "")
    (file,) = (tmp_path / "preflight").glob("*.json")
    file.write_text(content)
    again = measure_grid(runs("eiou"), measuring, tmp_path, "")
    assert again.rows == before.rows and len(measuring.asked) == 2
    assert str(file) in again.lines[0] and "set aside" in again.lines[0] and "measured again" in again.lines[0]
    assert (tmp_path / "set_aside" / f"{file.name}-1").read_text() == content
    assert measure_grid(runs("eiou"), measuring, tmp_path, "") == before and len(measuring.asked) == 2


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_file_by_which_gains_were_matched_is_named_and_left(tmp_path, measuring, content):
    """Measured anew they may differ in the last digit, and finished runs would be trained again."""
    grid = [replace(one, gain="matched") for one in runs("eiou")]
    measure_grid(grid, measuring, tmp_path, "")
    (file,) = (tmp_path / "preflight").glob("*.json")
    file.write_text(content)
    with pytest.raises(DataError, match="gains of these runs are matched by it: remove it") as error:
        measure_grid(grid, measuring, tmp_path, "")
    assert str(file) in str(error.value) and file.read_text() == content and len(measuring.asked) == 1


@pytest.mark.parametrize(("box", "expected"), [({}, 3.0), ({"box": 5}, 2.0)])
def test_gains_are_matched(tmp_path, measuring, box, expected):
    """7.5 / 2.5 = 3, and 5 / 2.5 = 2; CIoU's own gain stays."""
    grid = runs("ciou", "eiou", **box)
    changed = match_gains(grid, measure_grid(grid, measuring, tmp_path, ""))
    assert [one.arguments["box"] for one in changed] == [box.get("box", 7.5)] * 2 + [expected] * 2
    assert [one.arguments["seed"] for one in changed] == [0, 1, 0, 1]


def test_a_measurement_that_hangs_ends_by_the_limit(tmp_path):
    hangs = Failing("import time; time.sleep(300)")
    with pytest.raises(
        ArgumentError, match=r"measuring the losses took longer than timeout=0.0001 hours.*preflight=False"
    ):
        measure_grid(runs("eiou"), hangs, tmp_path, "cpu", 0.36)


def test_a_fault_of_the_program_shows_its_traceback(tmp_path, capfd):
    fault = Failing("raise AttributeError('no epoch')")
    with pytest.raises(ArgumentError, match="measuring the losses failed: AttributeError: no epoch.*preflight=False"):
        measure_grid(runs("eiou"), fault, tmp_path, "cpu")
    assert 'File "<string>", line 1' in capfd.readouterr().err


def ratios(**given):
    return [{"loss": loss, "gradient_ratio": ratio} for loss, ratio in given.items()]


def test_the_stage_at_which_gains_agree_is_told():
    """40 batches of a training of 1600 are 2.5 % of it; a schedule is measured where it begins."""
    rows = [{**row, "training_share": 0.025} for row in ratios(ciou=1.0, **{"uiou:ratio=2..1": 1.5})]
    measured = gains.GradientNorms({"one": rows})
    assert measured.lines == [
        "Gradient norm against CIoU at the same gain (8 of the first 40 of 1600 batches): ciou 1.00, "
        "uiou:ratio=2..1 1.50",
        "uiou:ratio=2..1 changes over a training, and is measured as it begins.",
    ]
    assert gains.tell_stage(measured) == (
        "gain=matched: gradients agree over the first 40 of 1600 batches, at its start; later their ratios are others."
    )
    short = gains.GradientNorms({"one": rows, "two": [{**row, "training_share": 1.0} for row in rows]})
    assert "8 of the first 40 batches, which is all of a training or more" in short.lines[2]
    assert "over the first 40 batches, which is all of a training or more, at its start" in gains.tell_stage(short)
    third = gains.GradientNorms({"one": [{**row, "training_share": 40 / 180} for row in rows]})
    assert "8 of the first 40 of 180 batches" in third.lines[0]
    few = [{**row, "training_share": 1.0, "first_batches": 2, "batches": 2} for row in rows]
    assert "(2 of the first 2 batches, which is all of a training)" in gains.GradientNorms({"one": few}).lines[0]
    older = gains.GradientNorms({"one": ratios(ciou=1.0)})
    assert "first 40 batches, at its start" in gains.tell_stage(older)


def test_scheduled_losses():
    assert [
        loss for loss in ("stock", "ciou", "uiou", "ciou:focal=0..1", "iou+l1:weight=1..0") if gains.is_scheduled(loss)
    ] == [*("uiou", "ciou:focal=0..1", "iou+l1:weight=1..0")]


def test_matched_box_by_hand():
    assert match_box(ratios(ciou=1.0, eiou=3.0, l1=0.5), 7.5) == {"ciou": 7.5, "eiou": 2.5, "l1": 15}
    assert match_box(ratios(eiou=0.7), 5) == {"eiou": 7.143}  # 7.142857…


@pytest.mark.parametrize(("ratio", "came"), [(0.0, "0"), (float("inf"), "inf"), (float("nan"), "nan")])
def test_a_loss_without_a_gradient_has_no_matching_gain(ratio, came):
    with pytest.raises(DataError, match=f"the gradient of flat measured {came} times the reference's"):
        match_box(ratios(ciou=1.0, flat=ratio), 7.5)


def test_warnings_name_losses_that_are_far_off():
    given = ratios(ciou=1.0, twice=2.0, half=0.5, more=2.01, less=0.49, none=float("nan"))
    lines = warn_far_apart(given, {"ciou": 2.5, "more": 2.5})
    assert [text.split()[0] for text in lines] == ["more", "less", "none"]
    assert "more pulls 2.01 times as hard" in lines[0]
    assert lines[0].endswith("compares the gain too (gain=matched box=2.5 makes up for it).")  # box=auto has no match
    assert lines[2].endswith("(nothing makes up for it: leave this loss out).")


def test_where_box_does_nothing_a_factor_of_the_loss_makes_up_for_it(tmp_path, measuring):
    """RT-DETR's gain is its own: 1 / 2.5 = 0.4, and 1 / 0.3 = 3.3."""
    measured = measure_grid(runs("ciou", "eiou", model="none.yaml"), measuring, tmp_path, "")
    assert measured.lines[1:] == [
        "eiou pulls 2.5 times as hard on the weights as the reference at the same gain: a comparison at one gain "
        "compares the gain too (losses=eiou:weight=0.4 makes up for it, where box= does nothing)."
    ]
    (line,) = warn_far_apart(ratios(**{"ciou:inner=0.7": 0.3}), {})
    assert "(losses=ciou:inner=0.7,weight=3.3 makes up for it" in line


def test_the_reference_is_the_one_that_rows_name(tmp_path, measuring):
    """And later losses of the folder are measured beside the same; in rows of an older version it was CIoU."""
    rows = [{**row, "reference": "giou"} for row in ratios(giou=1.0, probiou=1.0, eiou=2.5)]
    measured = gains.GradientNorms({"one": rows}, gains={"one": [{"giou": 2.0, "eiou": 1.0}]})
    assert measured.lines[0].startswith("Gradient norm against GIoU at the same gain")
    assert "Gradient norm against GIoU with box=2: giou 1.00 (box=2), eiou 1.25 (box=1)" in measured.lines[1]
    measure_grid(runs("eiou"), measuring, tmp_path, "")
    measure_grid(runs("eiou", "giou"), measuring, tmp_path, "")
    assert measuring.references == [None, "ciou"]


def test_only_losses_that_are_asked_for_are_told_beside_the_reference(tmp_path, measuring):
    """The folder knows those of earlier commands too."""
    measure_grid(runs("giou"), measuring, tmp_path, "")
    (rows,) = measure_grid(runs("eiou"), measuring, tmp_path, "").rows.values()
    assert [row["loss"] for row in rows] == ["ciou", "eiou"]


def test_a_line_stands_before_what_may_take_minutes(tmp_path, measuring, capsys):
    measure_grid(runs("ciou", "eiou"), measuring, tmp_path, "")
    line = (
        "Measuring the gradients of ciou, eiou on up to 40 batches with model=n.yaml, before the first run; "
        "preflight=False leaves it out.\n"
    )
    assert capsys.readouterr().out == line
    measure_grid([replace(one, gain="matched") for one in runs("giou", model="s.yaml")], measuring, tmp_path, "")
    assert capsys.readouterr().out == (
        "Measuring the gradients of giou on up to 40 batches with model=s.yaml, before the first run.\n"
    )
    measure_grid(runs("eiou"), measuring, tmp_path, "")
    assert capsys.readouterr().out == ""


def test_several_trainings_are_counted(tmp_path, measuring, capsys):
    measure_grid([*runs("eiou"), *runs("eiou", model="s.yaml")], measuring, tmp_path, "")
    lines = capsys.readouterr().out.splitlines()
    told = [line.partition("model=")[2].partition(", before")[0] for line in lines]
    assert told == ["n.yaml, 1 of 2 trainings", "s.yaml, 2 of 2 trainings"]


SLOW = """
import pathlib, sys, time
result, progress, content, done = sys.argv[1:]
for _ in range(3):
    with open(progress, "ab") as file:
        file.write(b".")
while not pathlib.Path(done).exists():
    time.sleep(0.01)
pathlib.Path(result).write_text(content)
"""


def test_how_far_a_measurement_is_is_shown(tmp_path, monkeypatch, capfd):
    """Three batches are done at the first look; the bar is for terminals, and a line from time to time elsewhere."""
    advanced, over = [], tmp_path / "over"

    class Watched(Measuring):
        def gradient_norms_command(self, request, result):
            *_, content = super().gradient_norms_command(request, result)
            return [sys.executable, "-c", SLOW, str(result), read_json(request)["progress"], content, str(over)]

    @contextmanager
    def show(step, total):
        assert (step, total) == ("gradients", 40)
        yield lambda more: (advanced.append(more), sum(advanced) == 3 and over.touch())

    monkeypatch.setattr(gains, "show_progress", show)
    monkeypatch.setattr(gains, "LOOK", 0.05)
    monkeypatch.setattr(gains, "PERIOD", 0.0)
    measure_grid(runs("eiou"), Watched(), tmp_path, "", 60)
    assert sum(advanced) == 3
    assert "3 of up to 40 batches after 0 min" in capfd.readouterr().out.splitlines()


def test_matched_gains_are_told():
    grid = [run(loss=loss, box=box) for loss, box in (("probiou", 7.5), ("kld", 5.352))]
    assert gains.tell_gains(grid) == ["gain=matched: box=7.5 for probiou, box=5.352 for kld"]
    both = [replace(run(loss="eiou", box=3.0, model=model), swept=("loss", "model")) for model in ("n.yaml", "s.yaml")]
    assert gains.tell_gains(both) == [
        "gain=matched, model=n.yaml: box=3 for eiou",
        "gain=matched, model=s.yaml: box=3 for eiou",
    ]


def test_gradients_are_compared_at_the_gains_that_train_where_these_differ(tmp_path, measuring):
    """EIoU's gradient is 2.5 times CIoU's, and its gain 1 of 2.5: the same. GIoU's is 1.25 times at the same gain."""
    measured = measure_grid(runs("eiou", "giou", box="auto"), measuring, tmp_path, "")
    (gains,) = measured.gains.values()
    assert gains == [{"ciou": 2.5, "eiou": 1.0, "giou": 2.5}]
    assert measured.lines[1:] == [
        "The gains differ, as box=auto sets them. Gradient norm against CIoU with box=2.5: ciou 1.00 (box=2.5), "
        "eiou 1.00 (box=1), giou 1.25 (box=2.5)"
    ]
    both = [*runs("eiou", box="auto"), *runs("eiou", box=2.5)]
    first, second = measure_grid(both, measuring, tmp_path, "").lines[1:]
    assert "eiou 1.00 (box=1)" in first and second.startswith("eiou pulls 2.5 times as hard")


def test_a_gradient_that_is_far_off_by_its_gain_alone_is_named():
    """At the same gain it is CIoU's, and 2.5 times as small at 1 of 2.5: 0.4."""
    lines = gains.compare_at_gains(ratios(ciou=1.0, l1=1.0), {"ciou": 2.5, "l1": 1.0})
    assert lines[1:] == [
        "l1 pulls 0.4 times as hard on the weights as CIoU with the gains that train: a comparison compares the gains "
        "too (gain=matched box=2.5 makes up for it)."
    ]
    assert gains.compare_at_gains(ratios(ciou=1.0, l1=9.0), {"ciou": 2.5, "l1": 2.5}) == []
    assert gains.compare_at_gains(ratios(ciou=1.0, l1=9.0), {}) == []


def test_gains_that_do_nothing_or_are_to_be_matched_are_none(measuring):
    assert gains.find_gains(runs("eiou", model="none.yaml"), "ciou", measuring) == [{}]
    matched = [replace(one, gain="matched") for one in runs("eiou", box=2.5)]
    assert gains.find_gains(matched, "ciou", measuring) == []


@pytest.mark.slow
def test_runs_that_cannot_begin_say_why(tmp_path, data):
    grid = [run(data=data, model="yolov8z9.yaml", imgsz=32)]
    with pytest.raises(ArgumentError) as error:
        measure_grid(grid, FRAMEWORK, tmp_path, "cpu")
    assert str(error.value).startswith("the runs can't begin: ") and "yolov8z9.yaml" in str(error.value)
    assert not list((tmp_path / "preflight").glob("*.json"))


@pytest.mark.slow
def test_a_grid_trains_with_its_matched_gains_and_keeps_them(command, tmp_path, data):
    """From end to end: the gain that was measured is the one that trained, and a second command keeps it."""
    from yolo_feiou.ablation.store import run_folders

    words = [f"data={data}", "losses=ciou,focal_l1", "imgsz=32", "epochs=1", "batch=8", "device=cpu", "gain=matched"]
    done = command("ablate", *words, "plots=False", "out=out", "jobs=2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        "at the same gain (3 of the first 3 batches, which is all of a training): ciou 1.00, focal_l1 " in done.stdout
    )
    (file,) = (tmp_path / "out" / "preflight").glob("*.json")
    ratio = {row["loss"]: row["gradient_ratio"] for row in read_json(file)["rows"]}
    rows = {folder.row()["loss"]: folder.row() for folder in run_folders(tmp_path / "out")}
    assert rows["ciou"]["box"] == rows["ciou"]["box_used"] == 7.5 and rows["ciou"]["gain"] == "matched"
    assert rows["focal_l1"]["box"] == pytest.approx(7.5 / ratio["focal_l1"], rel=1e-3)
    again = command("ablate", *words, "plots=False", "out=out", "jobs=2")
    assert "2 of 2 runs were done before" in again.stdout

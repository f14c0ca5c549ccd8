"""Tables of runs: in the order of what differs between them, missing cells empty."""

from dataclasses import replace

from tests.ablation.factories import run
from yolo_feiou.results.tables import RunResults, find_differing_arguments, read_box_stats, write_rows, write_tables
from yolo_feiou.storage.tables import read_csv


def gathered(*runs):
    return [RunResults(one, {}, [], []) for one in runs]


def test_spelling_and_the_way_it_is_done_are_no_axes():
    assert (
        find_differing_arguments(gathered(run(box=5, workers=1), run(box=5.0, workers=2), run(box=5, plots=False)))
        == []
    )


def test_a_matched_gain_follows_from_the_loss():
    matched = [replace(run(loss=loss, box=box), gain="matched") for loss, box in (("ciou", 7.5), ("eiou", 3.1))]
    assert find_differing_arguments(gathered(*matched)) == ["loss"]
    assert find_differing_arguments(gathered(*matched, run())) == ["loss", "gain"]


def test_an_argument_that_one_run_was_not_given_is_what_its_record_says():
    """Without a record it is unknown, which differs from all else."""
    given = RunResults(run(mosaic=0.5), {}, [], [])
    assert find_differing_arguments([given, RunResults(run(), {}, [], [], {"mosaic": 0.5})]) == []
    assert find_differing_arguments([given, RunResults(run(), {}, [], [], {"mosaic": 1.0})]) == ["mosaic"]
    assert find_differing_arguments([given, RunResults(run(), {}, [], [])]) == ["mosaic"]


def test_axes_are_the_loss_first_and_the_seed_last():
    one, other = run(loss="ciou", seed=0, box=5, imgsz=32), run(loss="eiou", seed=1, box=7, imgsz=64)
    assert find_differing_arguments(gathered(one, other)) == ["loss", "box", "imgsz", "seed"]


def tables(folder, *runs):
    """The tables of runs, whose row is their name and loss; each has a curve of an epoch."""
    write_tables(folder, [replace(one, row={"run": f"r{n}", **one.row}) for n, one in enumerate(runs)])
    return {path.stem: read_csv(path, ("loss",)) for path in folder.glob("*.csv")}


def of(one, recorded=None, box_stats=()):
    arguments = {key: one.arguments[key] for key in ("loss", "seed")}
    return RunResults(one, {**arguments, "AP": 0.5}, [{"epoch": 1, "time": 2}], box_stats, recorded or {})


def test_runs_are_in_the_order_of_their_axes_and_numbers_by_size(tmp_path):
    stats = [{"epoch": 1, "iou_mean": 0.5}]
    recorded = {"imgsz": 64, "batch": 8}
    runs = [of(run(seed=seed, loss=loss), recorded, stats) for seed in (10, 2) for loss in ("giou", "eiou")]
    found = tables(tmp_path, *runs)
    results = found.pop("results")
    assert [(row["loss"], row["seed"]) for row in results] == [
        *(("eiou", 2), ("eiou", 10)),
        *(("giou", 2), ("giou", 10)),
    ]
    assert {row["axes"] for row in results} == {"loss seed"}
    named = {name: [row["run"] for row in table] for name, table in found.items()}
    assert named == {name: ["r3", "r1", "r2", "r0"] for name in ("arguments", "curves", "box_stats")}
    assert list(results[0])[:6] == ["run", "axes", "loss", "seed", "batch", "imgsz"] and list(results[0])[-1] == "AP"


def test_recorded_arguments_say_nothing_of_the_place_and_lists_are_text(tmp_path):
    recorded = {"project": "/here", "name": "r", "device": "0", "classes": ["a", 2], "lr0": 0.01}
    found = tables(tmp_path, of(run(), recorded), of(run(seed=1), {"project": "/here", "lr0": 0.02}))
    assert found["arguments"] == [
        {"run": "r0", "classes": '["a", 2]', "lr0": 0.01},
        {"run": "r1", "classes": "", "lr0": 0.02},
    ]


def test_columns_are_those_of_all_rows_some_first_and_without_rows_no_file_stays(tmp_path):
    path = tmp_path / "x.csv"
    write_rows(path, [{"a": 1, "b": 2}, {"c": 3, "a": 4}], first=("none", "c"))
    assert path.read_text() == "c,a,b\n,1,2\n3,4,\n"
    write_rows(path, [])
    write_rows(path, [])
    assert not path.exists()


def test_a_training_without_box_stats_has_no_rows_of_them(tmp_path):
    assert read_box_stats(tmp_path) == []
    write_rows(tmp_path / "box_stats.csv", [{"epoch": 1, "iou_mean": 0.5}])
    assert read_box_stats(tmp_path) == [{"epoch": 1, "iou_mean": 0.5}]


def test_a_detector_has_no_argument_that_only_yolo_has(tmp_path):
    """Its row never says mosaic=1, the default of another trainer; nor has YOLO's row iterations."""
    yolo = of(run(model="n.yaml", mosaic=0.0), {"model": "n.yaml", "mosaic": 0.0, "close_mosaic": 10})
    atss = of(run(model="atss.yaml", iterations=40), {"model": "atss.yaml", "iterations": 40, "imgsz": 800})
    found = {row["model"]: row for row in tables(tmp_path, yolo, atss)["results"]}
    assert (found["n.yaml"]["mosaic"], found["n.yaml"]["iterations"]) == (0, "")
    assert (found["atss.yaml"]["mosaic"], found["atss.yaml"]["iterations"]) == ("", 40)

"""What is decided before the first run: seeds, variants and baselines."""

from dataclasses import replace

import pytest

from tests.ablation.studies import make, runs
from yolo_feiou.ablation.design import join_design, make_design, make_study
from yolo_feiou.ablation.grid import expand_grid
from yolo_feiou.errors import ArgumentError
from yolo_feiou.report.baseline import find_baseline
from yolo_feiou.report.read import Results
from yolo_feiou.report.variants import find_swept_arguments, make_variants
from yolo_feiou.results.arguments import DETECTOR_ARGUMENTS
from yolo_feiou.yolo.framework import FRAMEWORK


@pytest.mark.parametrize(
    ("named", "most", "seeds", "first"),
    [
        ((0, 1), 5, (0, 1, 2, 3, 4), 2),
        ((7, 3), 4, (3, 7, 8, 9), 2),  # ascending, as the report pairs them
        ((4,), 3, (4, 5, 6), 2),  # one seed shows no spread
        ((0, 1, 2), 3, (0, 1, 2), 3),
    ],
)
def test_the_next_whole_numbers_follow_the_named_seeds(named, most, seeds, first):
    design = make_design(named, 0.5, most, False)
    assert (design.seeds, design.first, design.most) == (seeds, first, most)


def test_more_seeds_than_there_may_be_are_refused():
    with pytest.raises(ArgumentError, match="max_seeds=2: seeds= names 3 already"):
        make_design((0, 1, 2), 0.5, 2, False)


def test_a_variant_is_all_but_the_seed_and_a_run_of_another_seed_is_that_of_a_fixed_grid():
    words = {"data": "a.yaml", "losses": "ciou,eiou", "box": "5,7.5"}
    study = make_study(expand_grid({**words, "seeds": "0,1"}, FRAMEWORK), make_design((0, 1), 0.5, 9, False))
    assert [variant.label for variant in study.variants] == ["ciou box=5", "ciou box=7.5", "eiou box=5", "eiou box=7.5"]
    assert study.baselines == (0, 1, 0, 1) and study.compared == (2, 3)
    (of_a_grid,) = expand_grid({"data": "a.yaml", "losses": "eiou", "seeds": "8"}, FRAMEWORK)
    ours = study.make_run((3, 8))
    assert ours.key == of_a_grid.key and ours.name == f"eiou_box7.5_seed8-{of_a_grid.key}"
    assert len(study.cells) == 4 * 9 and study.cells[:2] == [(0, 0), (1, 0)]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ({"losses": "giou,eiou,ciou"}, ""),
        ({"losses": "giou,eiou"}, ""),  # none of the usual ones: the first of the table, which is sorted
        ({"losses": "eiou", "imgsz": "640,320"}, ""),
        ({"losses": "eiou,stock", "imgsz": "640,320"}, ""),
        ({"losses": "eiou,ciou", "imgsz": "640,320"}, "ciou@imgsz=640"),
        ({"losses": "eiou", "cos_lr": "True,False", "box": "10,2.5"}, "@box=10"),
        ({"losses": "ciou", "model": "some/yolov8n.yaml,yolov8s.yaml"}, "@model=yolov8s.yaml"),
    ],
)
def test_the_baseline_is_that_of_the_report(words, text):
    """From rows as the table of results would have them, sorted by their values."""
    grid = expand_grid({**words, "data": "a.yaml"}, FRAMEWORK)
    study = make_study(grid, make_design((0, 1), 0.5, 9, False), text)
    axes = " ".join(grid[0].swept)
    rows = [{"run": "r", "status": "done", "axes": axes, "gain": "same", **run.arguments} for run in grid]
    for row in rows:
        row["model"] = str(row.get("model", "")).rpartition("/")[2]
        for name in ("imgsz", "box"):
            row[name] = float(row.get(name, 1))
        row["cos_lr"] = str(row.get("cos_lr"))
    rows.sort(
        key=lambda row: [row[name] if name in ("imgsz", "box", "seed") else str(row[name]) for name in axes.split()]
    )
    variants = make_variants(results := Results((), rows), find_swept_arguments(results))
    chosen = find_baseline(text, variants)
    expected = {variant.label: chosen.find_for(variant, variants).label for variant in variants}
    found = {variant.label: study.variants[b].label for variant, b in zip(study.variants, study.baselines, strict=True)}
    assert found == expected


def test_detectors_beside_yolo_have_their_own_loss_for_a_baseline():
    grid = [replace(run, defaults={"iterations": 1}) for run in runs("ciou,stock")]
    assert make_study(grid, make_design((0, 1), 0.5, 9, False)).baselines == (0, 0), "not all of their arguments"
    grid = [replace(run, defaults=DETECTOR_ARGUMENTS) for run in runs("ciou,stock")]
    assert make_study(grid, make_design((0, 1), 0.5, 9, False)).baselines == (1, 1)


def test_one_variant_alone_has_nothing_to_be_compared_with():
    with pytest.raises(ArgumentError, match="there is one variant: list several losses"):
        make("ciou")


def test_those_race_that_could_replace_each_other():
    grid = [
        *runs("ciou,eiou", ("loss", "model", "box", "seed"), model="a.yaml", box=5),
        *runs("ciou,eiou", ("loss", "model", "box", "seed"), model="b.yaml", box=5),
        *runs("ciou,eiou", ("loss", "model", "box", "seed"), model="a.yaml", box=7.5),
    ]
    groups = make_study(grid, make_design((0, 1), 0.5, 9, True)).groups
    assert groups == [[0, 1, 4, 5], [2, 3]]


def test_a_folder_keeps_the_largest_number_of_seeds():
    first = make_design((0, 1), 0.5, 10, False)
    assert first.record == {"until": 0.5, "max_seeds": 10, "race": False, "seeds": [0, 1]}
    assert join_design(first, None, True) == (first, [])
    wider = make_design((0, 1), 1, 20, True)
    assert join_design(wider, first.record, given_most=False) == (make_design((0, 1), 1, 10, True), [])
    joined, (note,) = join_design(wider, first.record, given_most=True)
    assert joined == wider and note.startswith("max_seeds=20, and 10 before: the error rates of a comparison hold for")
    joined, (note,) = join_design(make_design((0, 1), 0.5, 5, False), first.record, given_most=True)
    assert joined == first and note.startswith("max_seeds=10 as before")


def test_more_first_seeds_of_the_same_are_the_same_path_and_others_are_refused():
    record = make_design((0,), 0.5, 10, False).record
    assert join_design(make_design((0, 1, 2, 3), 0.5, 20, False), record, False)[0].first == 4
    with pytest.raises(ArgumentError, match=r"takes the seeds 0, 1, 2, … and the command 5, 6, 7, …: give seeds=0,1"):
        join_design(make_design((5, 6), 0.5, 20, False), record, False)

"""The schema is the only place where a column is declared: what writes a row, and what reads one, knows no other."""

import csv
from pathlib import Path

import pytest

from tests.ablation.factories import MEASURED, SESSION, TASK, run
from tests.evaluation.factories import predicted, truth
from yolo_feiou.evaluation.metrics import score
from yolo_feiou.evaluation.source import Source
from yolo_feiou.results import schema
from yolo_feiou.results.provenance import make_session
from yolo_feiou.results.row import TrainingSummary, make_results_row
from yolo_feiou.results.schema import COLUMN_SECTIONS, COLUMNS, describe_columns, find_dependent
from yolo_feiou.storage.tables import read_csv

ROOT = Path(__file__).parents[2]
PLACES = list(COLUMNS)


def test_a_column_is_declared_once():
    assert len(COLUMNS) == sum(len(section) for section in COLUMN_SECTIONS.values())


def test_what_an_evaluation_computes_are_columns_in_the_order_of_the_file():
    row = {**Source(None, "x").row, **score(truth((0, 0, 10, 10)), predicted((0, 0, 10, 10, 0.9)))}
    places = [PLACES.index(name) for name in row]
    assert places == sorted(places)


def test_a_row_has_the_columns_of_the_schema_in_its_order():
    trained = TrainingSummary("r", "k", run(box=5), {"imgsz": 640}, [], [SESSION])
    row = make_results_row(trained, TASK, {**MEASURED, **Source(None, "x").row})
    assert row.keys() <= COLUMNS.keys()
    own = [
        name for name in row if name not in schema.ARGUMENT_COLUMNS and name not in MEASURED and name != "ground_truth"
    ]
    assert [PLACES.index(name) for name in own] == sorted(PLACES.index(name) for name in own)
    assert [name for name in row if name in schema.ARGUMENT_COLUMNS] == ["data", "epochs", "box", "imgsz"]
    assert PLACES.index("gain") < PLACES.index("box") < PLACES.index("device")


def test_a_session_has_all_that_is_said_of_what_trained():
    assert make_session(0, "cpu").keys() - {"started", "first_epoch"} == set(schema.PROVENANCE)


def test_the_committed_results_have_columns_of_the_schema_alone():
    with (ROOT / "results" / "bccd" / "results.csv").open(newline="") as file:
        assert set(next(csv.reader(file))) <= COLUMNS.keys()


def test_the_cells_of_the_committed_results_are_of_their_kind():
    """Counts are whole numbers, fractions lie between 0 and 1, and each kind of a number is there."""
    seen = set()
    for row in read_csv(ROOT / "results" / "bccd" / "results.csv", schema.TEXT):
        for name, cell in row.items():
            kind = COLUMNS[name].kind
            if kind in ("count", "number", "fraction") and cell != "":
                assert isinstance(cell, float), name
                assert kind != "count" or cell.is_integer(), name
                assert kind != "fraction" or 0 <= cell <= 1, name
                seen.add(kind)
            assert kind != "text" or isinstance(cell, str), name
    assert seen == {"count", "number", "fraction"}


def test_captions_and_the_list_of_runs_have_their_order():
    """Those of the evaluation first; what a run is before what came out of it."""
    assert list(schema.CAPTIONS)[:3] == ["eval_split", "evaluator", "evaluator_version"]
    assert list(schema.CAPTIONS.values())[6:] == [
        *("box gain", "model", "data", "epochs", "imgsz", "batch"),
        *("iterations", "detector", "backbone", "backbone weights"),
    ]
    assert schema.LISTED_FIRST == ("run", "status", "loss")
    assert schema.LISTED_LAST[:4] == ("seed", "gain", "box", "box_used") and schema.LISTED_LAST[-1] == "reason"
    for places in ("caption_place", "list_place"):
        given = sorted(place for column in COLUMNS.values() if (place := getattr(column, places)))
        assert given == list(range(1, len(given) + 1)), places


@pytest.mark.parametrize(
    ("swept", "expected"),
    [
        (["data"], {"images", "objects", "area_source", "ground_truth", "ground_truth_holds", "iterations"}),
        (["imgsz", "box"], {"eval_imgsz"}),
        (["batch"], {"eval_batch", "iterations"}),
        (["iterations"], {"epochs"}),
        (["model"], {"detector", "backbone", "backbone_weights"}),
        (["loss"], set()),
    ],
)
def test_what_a_swept_argument_changes_by_itself_need_not_agree(swept, expected):
    assert find_dependent(swept) == expected
    assert expected - {"iterations", "epochs"} <= set(schema.MUST_AGREE)


def test_metrics_are_fractions_and_no_one_is_missing():
    assert len(schema.METRICS) == 6 + 1 + 8 + 6 and schema.METRICS[:6] == schema.PAPER_METRICS
    assert {COLUMNS[name].kind for name in schema.TASK_METRICS} == {"fraction"}
    assert not set(schema.TASK_METRICS) & set(schema.METRICS)
    assert set(schema.AP_CURVE) <= set(schema.METRICS) and "matched_50" not in schema.METRICS


def test_the_description_has_a_line_for_each_column_that_is_no_plain_argument():
    text = describe_columns()
    for name, column in COLUMNS.items():
        plain = name in schema.ARGUMENT_COLUMNS and column.meaning == "as Ultralytics defines it"
        assert (f"| `{name}` |" in text) is not plain
    assert "| `objects` | count | yes, unless `data` is swept | objects without crowds |" in text

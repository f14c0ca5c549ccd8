"""The forms of an ablation's files: what is written has its form, and what differs in one field has not."""

import msgspec
import pytest

from tests.ablation.factories import SESSION, row, run
from tests.ablation.studies import make
from yolo_feiou.ablation.records import Failure, Mark, Preflight, RowRecord, RunSettings, Session
from yolo_feiou.ablation.run_folder import RunFolder
from yolo_feiou.storage.tables import read_json

SEQUENTIAL = {"until": 0.5, "max_seeds": 20, "race": False, "seeds": [0, 1]}


@pytest.fixture
def written(tmp_path):
    """By form, a record as the package writes it."""
    folder = RunFolder(tmp_path / "r")
    folder.write_run(run())
    return {
        RunSettings: read_json(folder.path / "run.json"),
        RowRecord: row(folder),
        Session: SESSION,
        Failure: {"reason": "why", "time": "2026-01-01T00:00:00+00:00"},
        Preflight: {"rows": [{"loss": "eiou", "gradient_ratio": 1.5, "batches": 8}]},
        Mark: {"commands": ["yolo ablate …"], "evaluation": {"eval_split": "val"}, "sequential": make().design.record},
    }


def test_what_is_written_has_its_form(written):
    for form, content in written.items():
        msgspec.convert(content, form)


@pytest.mark.parametrize(
    ("form", "key", "value"),
    [
        (RunSettings, "arguments", {"loss": "eiou"}),
        (RunSettings, "gain", "other"),
        (RowRecord, "AP", 1.5),
        (RowRecord, "AP", float("nan")),
        (RowRecord, "minutes", -1),
        (RowRecord, "status", "failed"),
        (Session, "first_epoch", 0),
        (Failure, "reason", None),
        (Preflight, "rows", []),
        (Preflight, "rows", [{"loss": "eiou", "gradient_ratio": None}]),
        (Mark, "commands", "yolo ablate …"),
        (Mark, "sequential", {"until": 0.5}),
        (Mark, "sequential", {**SEQUENTIAL, "max_seeds": 1}),
        (Mark, "sequential", {**SEQUENTIAL, "until": 0}),
        (Mark, "sequential", {**SEQUENTIAL, "race": "no"}),
        (Mark, "sequential", {**SEQUENTIAL, "seeds": [0]}),
        (Mark, "ground_truths", {"d.yaml": "labels"}),
    ],
)
def test_one_field_of_another_kind_is_another_form(written, form, key, value):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**written[form], key: value}, form)

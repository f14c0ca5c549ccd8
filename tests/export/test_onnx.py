"""ONNX that does what the weights do, or is not there."""

import hashlib
import json
import sys
from types import SimpleNamespace

import pytest

from tests.export.factories import errors
from yolo_feiou.errors import ArgumentError
from yolo_feiou.export import onnx
from yolo_feiou.export.command import export
from yolo_feiou.export.kept_evaluation import Evaluator
from yolo_feiou.storage.tables import read_csv

pytestmark = pytest.mark.slow


def test_the_onnx_has_the_ap_of_the_weights(copy, tmp_path, capsys, monkeypatch):
    pytest.importorskip("onnxruntime")
    run = copy("run")
    assert export([str(run), "device=cpu", "onnx=True"]) == 0
    said = capsys.readouterr().out
    (row,) = read_csv(tmp_path / "runs" / "results.csv")
    path = run / "weights" / "best.onnx"
    (line,) = (line for line in said.splitlines() if line.startswith(f"{path}: "))
    words = line.split(": ")[1].replace(",", "").split()
    assert words[0] == "AP" and words[2] == "best.pt" and words[3] == f"{100 * row['AP']:.2f}" != "0.00"
    assert float(words[1]) == pytest.approx(float(words[3]), abs=0.1)
    assert not [line for line in said.splitlines() if "torch.onnx" in line or "ONNX:" in line], "our own words alone"
    card = (run / "weights" / "model_card.md").read_text()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert f"AP {words[1]}; best.pt: {words[3]}." in card and f"`{digest}`" in card
    assert {p.name for p in (run / "weights").iterdir()} == {"best.pt", "last.pt", "best.onnx", "model_card.md"}

    monkeypatch.setattr(onnx, "export_onnx", None)  # it isn't made again, and the card keeps it
    for words in (["onnx=True"], []):
        assert export([str(run), "device=cpu", *words]) == 0
        assert (run / "weights" / "model_card.md").read_text() == card


@pytest.mark.parametrize(("apart", "status"), [(0.0009, 0), (-0.0009, 0), (0.0011, 1), (-0.0011, 1)])
def test_an_onnx_that_does_something_else_is_not_kept(copy, capsys, monkeypatch, apart, status):
    """More than 0.1 points away, to either side; the row and the card of the weights are there all the same."""
    stock = Evaluator.measure

    def measure(self, run, model, folder, **others):
        found = stock(self, run, run.weights, folder, **others)
        return found if model == run.weights else {**found, "AP": found["AP"] + apart}

    monkeypatch.setattr(Evaluator, "measure", measure)
    monkeypatch.setattr(
        onnx,
        "export_onnx",
        lambda weights, folder, imgsz, nms: (folder / "best.onnx").write_bytes(b"?") and folder / "best.onnx",
    )
    run = copy("run")
    assert export([str(run), "device=cpu", "onnx=True"]) == status
    names = {path.name for path in (run / "weights").iterdir()}
    assert names == {"best.pt", "last.pt", "model_card.md", *(["best.onnx"] if status == 0 else [])}
    assert ("more than 0.1 apart, so it is not kept" in capsys.readouterr().err) is (status == 1)
    assert ("best.onnx" in (run / "weights" / "model_card.md").read_text()) is (status == 0)


def test_an_export_that_fails_is_one_line(copy, capsys, monkeypatch):
    import ultralytics

    def fail(self, **_):
        raise RuntimeError("no operator\nof that kind")

    monkeypatch.setattr(ultralytics.YOLO, "export", fail)
    run = copy("run")
    assert export([str(run), "device=cpu", "onnx=True"]) == 1
    (line,) = errors(capsys.readouterr().err)
    assert "has no ONNX" in line and "best.pt can't be exported to ONNX: no operator of that kind" in line
    assert not (run / "weights" / "best.onnx").exists()


def test_an_onnx_of_the_users_own_is_not_replaced(tmp_path):
    run = SimpleNamespace(folder=tmp_path, weights=tmp_path / "weights" / "best.pt")
    target = tmp_path / "weights" / "best.onnx"
    target.parent.mkdir()
    onnx.check_own_onnx(run, target)  # nothing is there
    target.write_bytes(b"made by yolo export format=onnx nms=True")
    with pytest.raises(ArgumentError, match="best.onnx is there, not made by this command or changed since"):
        onnx.check_own_onnx(run, target)
    for content in ("{", "[]", "{}", '{"asked": 7}', '{"asked": {"onnx_sha256": "0"}}'):
        (tmp_path / onnx.FOLDER).mkdir(exist_ok=True)
        (tmp_path / onnx.FOLDER / onnx.MEASURED).write_text(content)
        with pytest.raises(ArgumentError, match="best.onnx is there"):
            onnx.check_own_onnx(run, target)
    made = hashlib.sha256(target.read_bytes()).hexdigest()
    (tmp_path / onnx.FOLDER / onnx.MEASURED).write_text(json.dumps({"asked": {"onnx_sha256": made}}))
    onnx.check_own_onnx(run, target)  # made by it, of other weights


def test_without_the_packages_nothing_begins(monkeypatch, tmp_path):
    for name in onnx.NEEDED:
        monkeypatch.setitem(sys.modules, name, None if name == "onnxruntime" else sys)
    with pytest.raises(ArgumentError, match=r"onnx=True needs onnxruntime: pip install 'yolo-feiou\[export\]'"):
        export([str(tmp_path), "onnx=True"])

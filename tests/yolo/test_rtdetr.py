"""RT-DETR: its YAML is told by its name, its boxes come back to the file's pixels, and it trains as YOLO does."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import ultralytics
import yaml
from ultralytics.models.utils.loss import RTDETRDetectionLoss
from ultralytics.utils import DEFAULT_CFG_DICT
from ultralytics.utils.checks import check_version

from tests.detr import write_rtdetr
from tests.runs import SHORT, overrides, results, short
from tests.test_checkpoint import WITHOUT_US
from tests.yolo.test_distributed import SCRIPT, reports, run_ranks
from tests.yolo.test_resume_state import same, trained
from yolo_feiou import YOLO
from yolo_feiou.errors import LossNotAppliedError
from yolo_feiou.storage.tables import read_csv
from yolo_feiou.yolo import detect as detect_module
from yolo_feiou.yolo.box_stats import BOX_STATS_FILE
from yolo_feiou.yolo.detect import detect
from yolo_feiou.yolo.distributed import RANKS_SINCE
from yolo_feiou.yolo.gradient_norms import measure_gradient_norms
from yolo_feiou.yolo.loss_state import FILE
from yolo_feiou.yolo.model import RTDETR
from yolo_feiou.yolo.resume_state import EXACT_SINCE
from yolo_feiou.yolo.rtdetr import is_rtdetr, is_rtdetr_yaml, scale_to_file


@pytest.fixture
def rtdetr(tmp_path):
    """The YAML of a small RT-DETR."""
    return write_rtdetr(tmp_path)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        *((name, True) for name in ("rtdetr-l.yaml", "a/RTDETR-x.yml", Path("my-rtdetr.yaml"))),
        *((name, False) for name in ("rtdetr-l.pt", "yolov8n.yaml", "rtdetr/yolov8n.yaml", "", None, 3)),
    ],
)
def test_a_yaml_of_rtdetr_is_told_by_its_name(model, expected):
    assert is_rtdetr_yaml(model) is expected


def test_yolo_is_an_rtdetr_of_ours_for_such_a_yaml_and_for_its_weights(rtdetr, tmp_path):
    model = YOLO(rtdetr)
    assert type(model) is RTDETR and model.find_trainer().__name__ == "RTDETRTrainer"
    model.save(str(tmp_path / "w.pt"))
    assert type(YOLO(tmp_path / "w.pt")) is type(YOLO(model=rtdetr)) is RTDETR


def test_boxes_are_scaled_to_the_file_by_hand():
    """64 × 64 pixels are seen of a file of height 48 and width 160: x times 2.5, y times 0.75, clipped to the file."""
    found = scale_to_file(torch.tensor([[8.0, 16, 24, 40], [-4, -4, 70, 70]]), (64, 64), (48, 160))
    assert found.tolist() == [[20, 12, 60, 30], [0, 0, 160, 48]]


def write_images(root):
    """Two images of 160 × 48 pixels, one object each; returns the YAML."""
    for folder in ("images", "labels"):
        (root / folder).mkdir()
    random = np.random.default_rng(0)
    for name in ("1", "2"):
        cv2.imwrite(str(root / "images" / f"{name}.png"), random.integers(0, 256, (48, 160, 3), dtype=np.uint8))
        (root / "labels" / f"{name}.txt").write_text("0 0.5 0.5 0.2 0.4\n")
    (root / "data.yaml").write_text(yaml.safe_dump({"train": "images", "val": "images", "names": ["cat"]}))
    return root / "data.yaml"


def test_detections_are_those_of_the_stretched_image_in_pixels_of_the_file(rtdetr, tmp_path, monkeypatch):
    """What the network itself gives for the image that is stretched to 64 × 64: cxcywh in shares of it."""
    data = write_images(tmp_path)
    torch.manual_seed(0)  # the same weights in each run of the test
    model = ultralytics.RTDETR(rtdetr)
    model.model.names = {0: "cat"}
    network = model.model.eval()
    image = cv2.resize(cv2.imread(str(tmp_path / "images" / "1.png")), (64, 64), interpolation=cv2.INTER_LINEAR)
    batch = torch.from_numpy(np.ascontiguousarray(image[..., ::-1].transpose(2, 0, 1)))[None].float() / 255
    with torch.no_grad():
        x, y, w, h, *scores = network(batch)[0][0].unbind(1)
    # Newer releases give a score and its class, sorted; older ones the score of each class.
    score = scores[0] if len(scores) == 2 else torch.stack(scores).amax(0)
    expected = np.stack([160 * (x - w / 2), 48 * (y - h / 2), 160 * (x + w / 2), 48 * (y + h / 2), score], 1)
    expected = expected[np.argsort(-expected[:, 4], kind="stable")]
    expected[:, :4] = expected[:, :4].clip(0, [160, 48, 160, 48])
    monkeypatch.setattr(detect_module, "scale_boxes", None)  # of one ratio for both sides in older releases
    found = detect(model, data, "val", 1e-6, 0.7, 30, imgsz=64, device="cpu")
    assert found.settings["iou"] is None  # there is no NMS
    boxes = found.by_file[str(tmp_path / "images" / "1.png")]
    assert len(boxes) == len(expected) == 30
    np.testing.assert_allclose(boxes[:, :5], expected, rtol=0, atol=2e-3)


@pytest.mark.slow
def test_detections_are_those_of_ultralytics_own_json(tmp_path):
    data, model = write_images(tmp_path), ultralytics.RTDETR(write_rtdetr(tmp_path, classes=1))
    model.model.names = {0: "cat"}
    found = detect(model, data, "val", 1e-6, 0.7, 30, imgsz=64, device="cpu")
    arguments = {"imgsz": 64, "conf": 1e-6, "max_det": 30, "device": "cpu", "plots": False, "verbose": False}
    model.val(data=str(data), project=str(tmp_path), name="own", save_json=True, **arguments)
    own = json.loads((tmp_path / "own" / "predictions.json").read_text())
    ours = found.in_coco_form({file: int(Path(file).stem) for file in found.by_file}, [1])
    assert len(ours) == len(own) == 60
    for kept, written in zip(*(sorted(rows, key=lambda row: row["image_id"]) for rows in (ours, own)), strict=True):
        assert kept["bbox"] == pytest.approx(written["bbox"], abs=6e-4)
        assert kept["score"] == pytest.approx(written["score"], abs=6e-6)


@pytest.mark.slow
def test_stock_is_stock_to_the_last_digit_and_giou_within_rounding(data, tmp_path, rtdetr):
    told = {**SHORT, "data": data, "project": str(tmp_path), "epochs": 2}
    found = {}
    for name, kind, loss in (("plain", ultralytics.RTDETR, {}), ("stock", YOLO, {"loss": "stock"})):
        kind(rtdetr).train(**told, **loss, name=name)
        found[name] = results(tmp_path / name)
    assert found["stock"] == found["plain"] and len(found["plain"]) == 2
    YOLO(rtdetr).train(**told, loss="giou", name="giou")
    for ours, stocks in zip(results(tmp_path / "giou"), found["plain"], strict=True):
        assert {key: float(value) for key, value in ours.items()} == pytest.approx(
            {key: float(value) for key, value in stocks.items()}, rel=1e-3, abs=1e-4
        )


@pytest.mark.slow
def test_a_command_says_what_it_swaps_and_that_box_does_nothing(data, tmp_path, rtdetr, command):
    done = command(
        "train", f"model={rtdetr}", "loss=eiou", "box=5", "cls=2", *short(data=data, project=tmp_path, name="run")
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout + done.stderr
    swapped = "1 of the model (the encoder, 2 decoder layers, 2 of denoising), 1 of the EMA"
    assert f"Box loss: eiou, criteria swapped: {swapped}, rank -1, logged as giou_loss" in said
    assert "train/giou_loss" in results(tmp_path / "run")[0]
    assert "box=5 does nothing: the gain of RT-DETR's box loss is its criterion's own, 2." in said
    assert "cls=2 does nothing: the gain of RT-DETR's class loss is its criterion's own, 1." in said
    plain = command("train", f"model={rtdetr}", "loss=stock", "box=5", *short(data=data, project=tmp_path, name="s"))
    said = plain.stdout + plain.stderr
    assert "Box loss: stock (Ultralytics' GIoU), nothing swapped" in said and "does nothing" not in said


@pytest.mark.slow
def test_a_compiled_model_denoises_nothing_and_the_line_says_so(data, tmp_path, rtdetr, monkeypatch, capsys):
    """Ultralytics calls it with images alone; the line has as many outputs as the loss is computed for."""
    if "compile" not in DEFAULT_CFG_DICT:
        pytest.skip("this release of Ultralytics compiles no training")
    monkeypatch.setattr(torch, "compile", lambda model, **_: model)  # which takes minutes
    for compiled, said, outputs in ((False, ", 2 of denoising", 5), (True, "", 3)):
        model, calls = YOLO(rtdetr), []
        model.add_callback("on_train_batch_end", lambda trainer, c=calls: c.append(trainer.model.criterion.calls))
        told = {"compile": compiled, "loss": "eiou", "name": str(compiled)}
        model.train(**{**SHORT, "data": data, "project": str(tmp_path), **told})
        assert f"(the encoder, 2 decoder layers{said})" in capsys.readouterr().out
        assert calls == [outputs * batch for batch in range(1, 1 + len(calls))]


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["wiou+nwd:c=auto", "focal_eiou:gamma=0..0.5"])
def test_a_killed_run_resumes_to_the_last_bit(data, tmp_path, rtdetr, loss, caplog, release):
    release(EXACT_SINCE)
    told = overrides(data, tmp_path, epochs=3, loss=loss, box_stats=True)
    told.pop("model")
    whole = trained(tmp_path / "whole", (), rtdetr, **{**told, "name": "whole"})
    cut = trained(tmp_path / "run", (1,), rtdetr, **told)
    assert same(cut, whole) and results(cut.save_dir) == results(whole.save_dir)
    assert "begin at 1 again" not in caplog.text and "No exact state" not in caplog.text
    for file in (BOX_STATS_FILE, *([FILE] if "wiou" in loss else [])):
        rows = read_csv(cut.save_dir / file)
        assert rows == read_csv(whole.save_dir / file) and [row["epoch"] for row in rows] == [1, 2, 3]


@pytest.mark.slow
def test_losses_in_pixels_are_told_the_size_that_multi_scale_draws(data, tmp_path, rtdetr):
    seen = []

    def watch(trainer):
        trainer.model.register_forward_pre_hook(lambda _, inputs: seen.append(tuple(inputs[0]["img"].shape[2:])))
        trainer.model.criterion.register_forward_pre_hook(lambda criterion, _: seen.append(criterion.image))

    model = YOLO(rtdetr)
    model.add_callback("on_train_start", watch)
    scales = 0.5 if check_version(ultralytics.__version__, ">=8.4.105") else True
    told = {"loss": "mpdiou", "multi_scale": scales, "imgsz": 96, "batch": 4, "epochs": 2}
    model.train(**{**SHORT, **told, "data": data, "project": str(tmp_path)})
    assert seen[::2] == seen[1::2] and len(seen) == 2 * 12 and len(set(seen)) > 1


@pytest.mark.slow
def test_a_python_without_us_uses_our_checkpoints(data, tmp_path, rtdetr):
    model = YOLO(rtdetr)
    model.train(**{**SHORT, "data": data, "project": str(tmp_path), "name": "run", "loss": "wiou"})
    script = WITHOUT_US.replace("    exported", "    continue\n    exported")  # its export is Ultralytics' own affair
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "run"), data],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "all without us" in done.stdout
    kept = torch.load(tmp_path / "run" / "weights" / "last.pt", weights_only=False)["model"]
    assert not [name for name in kept.state_dict() if "criterion" in name]
    assert is_rtdetr(ultralytics.RTDETR(tmp_path / "run" / "weights" / "last.pt").model)


def by_stocks_term(trainer):
    """One of the layers' box terms is stock's."""
    criterion, term = trainer.model.criterion, RTDETRDetectionLoss._get_loss_bbox

    def compute(pred, target, postfix=""):
        if postfix == "_dn":
            return term(criterion, pred, target, postfix)
        return type(criterion)._get_loss_bbox(criterion, pred, target, postfix)

    criterion._get_loss_bbox = compute


def replace_it(trainer):
    trainer.model.criterion = RTDETRDetectionLoss(nc=6, use_vfl=True)


def drop_the_emas(trainer):
    trainer.ema.ema.criterion = None


def skip_it(trainer):
    """A loss() of the model with a criterion of its own."""
    model, own = trainer.model, RTDETRDetectionLoss(nc=6, use_vfl=True)
    stock_loss = model.loss

    def loss(batch, preds=None):
        kept, model.criterion = model.criterion, own
        try:
            return stock_loss(batch, preds)
        finally:
            model.criterion = kept

    model.loss = loss


@pytest.mark.slow
@pytest.mark.parametrize(
    ("event", "act"),
    [
        ("on_train_epoch_start", by_stocks_term),
        ("on_train_batch_end", by_stocks_term),
        ("on_train_batch_start", replace_it),
        ("on_train_epoch_start", skip_it),
        ("on_train_epoch_end", drop_the_emas),
    ],
)
def test_a_loss_that_is_lost_ends_the_training_before_anything_is_written(event, act, data, tmp_path, rtdetr):
    model = YOLO(rtdetr)
    model.add_callback(event, act)
    with pytest.raises(LossNotAppliedError, match="raining stops here"):
        model.train(**{**SHORT, "data": data, "project": str(tmp_path), "name": "run", "loss": "eiou"})
    assert not list(tmp_path.glob("run/weights/*")) and not (tmp_path / "run" / "results.csv").exists()


@pytest.mark.slow
def test_two_ranks_of_which_one_has_no_objects_end_with_equal_weights_and_means(data, tmp_path, rtdetr, release):
    release(RANKS_SINCE)
    source = Path(yaml.safe_load(Path(data).read_text())["path"])
    shutil.copytree(source, tmp_path / "few", ignore=shutil.ignore_patterns("*.cache"))
    for path in sorted((tmp_path / "few" / "labels" / "train").glob("*.txt"))[8:]:
        path.write_text("")
    (tmp_path / "few.yaml").write_text(Path(data).read_text().replace(str(source), str(tmp_path / "few")))
    (tmp_path / "script.py").write_text(SCRIPT.replace('"yolov8n.yaml"', repr(rtdetr)))
    arguments = {
        **SHORT,
        "data": str(tmp_path / "few.yaml"),
        "project": str(tmp_path / "runs"),
        "name": "run",
        "loss": "wiou",
        "epochs": 2,
        "batch": 2,  # one image a rank, so that many have no objects
        "mosaic": 0.0,
    }
    done = run_ranks(tmp_path, "script.py", json.dumps(arguments))
    assert done.returncode == 0, done.stderr[-2000:]
    (_, _, weights0, folder), (_, _, weights1, _) = reports(done.stdout)
    assert weights0 == weights1
    assert sorted(re.findall(r"Box loss: wiou .* rank (\d)", done.stdout)) == ["0", "1"]
    assert [0 < row["mean_1"] < 1 for row in read_csv(Path(folder) / FILE)] == [True, True]


@pytest.mark.slow
def test_gradient_norms_are_those_of_the_main_output_and_stock_is_giou(data, rtdetr):
    losses = ["stock", "giou", "mpdiou", "nwd", "wiou"]
    rows = measure_gradient_norms({**SHORT, "model": rtdetr, "data": data}, losses, batches=2)
    assert [row["loss"] for row in rows] == losses  # and no ciou: the reference is the model's own
    stock, giou, *others = rows
    assert (giou["reference"], giou["gradient_ratio"]) == ("giou", 1)
    assert {**stock, "loss": ""} == {**giou, "loss": ""}
    assert all(row["gradient_norm"] > 0 and row["batches"] == 2 for row in others)

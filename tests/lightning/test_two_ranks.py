"""Two processes train a detector as one does on the same batches."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml

from tests.lightning import rank_worker
from tests.lightning.trainings import (
    SHORT,
    Killed,
    curve,
    run,
    weights_of,
    write_model,
)
from yolo_feiou.results.run_record import read_run_record

TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")


def on_two_ranks(folder, given, **more):
    told = json.dumps({"arguments": given, "folder": str(folder), **more})
    words = [sys.executable, *TORCHRUN, rank_worker.__file__, told]
    return subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)


ALIKE = [
    *(pytest.param(detector, "focal_eiou", id=f"{detector}-focal_eiou") for detector in ("retinanet", "atss", "paa")),
    *(pytest.param(detector, "stock", id=f"{detector}-stock") for detector in ("retinanet", "atss", "paa")),
    pytest.param("atss", "wiou", id="atss-wiou"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("detector", "loss"), ALIKE)
def test_two_ranks_train_as_one_process_on_the_same_batches(detector, loss, tmp_path, data):
    """Four images, two a rank: all sums over objects are shared, and torchvision's RetinaNet means over images.

    Two steps: after four a difference of a last digit has grown to 5e-6.
    """
    model = write_model(tmp_path, detector, "norm: group\ndetections: 10\n")
    given = {**SHORT, "model": model, "data": data, "loss": loss, "batch": 4, "iterations": 2, "val": True, "lr0": 0.01}
    run(tmp_path / "one", **given)
    done = on_two_ranks(tmp_path / "two", given)
    assert done.returncode == 0, done.stderr[-2000:]
    assert_alike(tmp_path / "one", tmp_path / "two")
    lines = [line for line in done.stdout.splitlines() if line.startswith("Box loss: ")]
    assert len(lines) == 2 and (f"{loss}," in lines[0] or f"{loss} (" in lines[0])
    if detector != "retinanet" or loss != "stock":
        assert sorted(line[-1] for line in lines) == ["0", "1"]
    record = read_run_record(tmp_path / "two")
    assert (record.launcher, record.processes, len(record.sessions)) == ("torchrun", 2, 1)
    shutil.rmtree(tmp_path / "one"), shutil.rmtree(tmp_path / "two")


def assert_alike(one, two, columns=()):
    """Weights and losses of two trainings to 1e-6, and their AP."""
    weights, others = weights_of(one), weights_of(two)
    assert weights.keys() == others.keys()
    for name, value in weights.items():
        torch.testing.assert_close(
            others[name], value, rtol=1e-6, atol=1e-6, msg=lambda text, name=name: f"{name}: {text}"
        )
    for row, other in zip(curve(one), curve(two), strict=True):
        assert row.keys() == other.keys()
        for name, value in row.items():
            assert float(other[name]) == pytest.approx(float(value), rel=1e-5, abs=1e-6), name


def one_image(folder, data):
    """A data set in which one image is trained on, so that all in a batch are the same."""
    content = yaml.safe_load(Path(data).read_text())
    image = sorted((Path(content["path"]) / "images" / "train").iterdir())[0]
    (folder / "images.txt").write_text(f"{image}\n")
    path = folder / "one.yaml"
    path.write_text(yaml.safe_dump({**content, "train": str(folder / "images.txt")}))
    return str(path)


#: All proposals are taken for the head; at 32 px all anchors that count, 258 less those between the thresholds, are for
#: the proposal network.
FIXED = "norm: group\nanchor_sizes: [8, 16, 24, 32, 48]\naspect_ratios: [0.5, 1, 2]\nproposals: 40\nregions: 512\n"


def write_r_cnn(folder, detector):
    path = folder / f"{detector}.yaml"
    path.write_text(f"detector: {detector}\nbackbone: resnet18\nweights: none\n{FIXED}")
    return str(path)


@pytest.mark.slow
@pytest.mark.parametrize("detector", ["faster_rcnn", "mask_rcnn"])
def test_two_ranks_of_an_r_cnn_train_as_one_process_where_nothing_is_drawn(detector, tmp_path, data):
    """On a single image: torchvision divides by the samples of a process, which are as many on both then.

    A single step, at a hundredth of lr0: after a second one of Mask R-CNN, differences of 1e-7 have grown to 1e-5.
    """
    given = {**SHORT, "model": write_r_cnn(tmp_path, detector), "data": one_image(tmp_path, data), "imgsz": 32}
    given = {**given, "loss": "focal_eiou", "rpn": True, "iterations": 1, "fliplr": 0, "lr0": 0.1}
    run(tmp_path / "one", **given)
    done = on_two_ranks(tmp_path / "two", given)
    assert done.returncode == 0, done.stderr[-2000:]
    assert_alike(tmp_path / "one", tmp_path / "two")
    shutil.rmtree(tmp_path / "one"), shutil.rmtree(tmp_path / "two")


@pytest.mark.slow
def test_the_box_loss_of_an_r_cnn_is_over_the_regions_of_both_ranks(tmp_path, data):
    """In the first step, of four images: later ones differ, since other losses are means of each process's own samples.

    Neither the mean of ranks nor that of images: with the first step's weights alone they would be alike otherwise.
    """
    given = {**SHORT, "model": write_r_cnn(tmp_path, "faster_rcnn"), "data": data, "imgsz": 32, "batch": 4}
    given = {**given, "loss": "focal_eiou", "rpn": True, "iterations": 1}
    run(tmp_path / "one", **given)
    done = on_two_ranks(tmp_path / "two", given)
    assert done.returncode == 0, done.stderr[-2000:]
    (row,), (other,) = curve(tmp_path / "one"), curve(tmp_path / "two")
    assert float(other["train/box_loss"]) == pytest.approx(float(row["train/box_loss"]), rel=1e-5)  # of six digits
    shutil.rmtree(tmp_path / "one"), shutil.rmtree(tmp_path / "two")


@pytest.mark.slow
def test_two_ranks_resume_as_one_process_would_go_on(tmp_path, data, kill):
    """The checkpoint of one process: all ranks read it, and one of them writes."""
    model = write_model(tmp_path, "atss", "norm: group\ndetections: 10\n")
    given = {"model": model, "data": data, "loss": "focal_eiou", "batch": 4, "iterations": 2, "val": True}
    run(tmp_path / "one", **given)
    revive = kill(1)
    with pytest.raises(Killed):
        run(tmp_path / "two", **given)
    revive()
    done = on_two_ranks(tmp_path / "two", {**SHORT, **given}, resume=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert_alike(tmp_path / "one", tmp_path / "two")
    assert len(read_run_record(tmp_path / "two").sessions) == 2
    shutil.rmtree(tmp_path / "one"), shutil.rmtree(tmp_path / "two")


@pytest.mark.slow
def test_a_batch_without_equal_parts_is_refused_on_two_ranks(tmp_path, data):
    done = on_two_ranks(tmp_path / "run", {**SHORT, "model": write_model(tmp_path), "data": data, "batch": 3})
    assert done.returncode != 0 and "batch=3 can't be shared by 2 processes" in done.stderr

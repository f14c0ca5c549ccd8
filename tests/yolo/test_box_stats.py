"""The record of the positives: right numbers, of the training alone, and a training that doesn't notice."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from ultralytics.utils.loss import BboxLoss

from tests.runs import SHORT, overrides, results
from tests.test_resume import KILLED
from tests.yolo.test_bbox_loss import IMAGE, boxes
from tests.yolo.test_distributed import run_ranks
from yolo_feiou import YOLO, build_loss
from yolo_feiou.storage.tables import read_csv, write_csv
from yolo_feiou.yolo.bbox_loss import Positives, SwappedBboxLoss
from yolo_feiou.yolo.box_stats import BIN_NAMES, BOX_STATS_FILE, BoxStats
from yolo_feiou.yolo.distributed import RANKS_SINCE

CPU = torch.device("cpu")
SQUARE = (0, 0, 4, 4)
#: A square of side 2 at the centre of one of 4, one of side 3, one of side 6 around it, one far off, and itself.
PRED = torch.tensor([(1, 1, 3, 3), (0.5, 0.5, 3.5, 3.5), (-1, -1, 5, 5), (10, 10, 14, 14), SQUARE])
TARGET = torch.tensor([SQUARE] * 5).float()
COLUMNS = [
    *("epoch", "positives", "iou_mean", "share_75", "share_90"),
    *("pos_00", "pos_10", "pos_20", "pos_30", "pos_40", "pos_50", "pos_60", "pos_70", "pos_80", "pos_90"),
    *("grad_00", "grad_10", "grad_20", "grad_30", "grad_40", "grad_50", "grad_60", "grad_70", "grad_80", "grad_90"),
]


def stats(loss, *batches, folder=None, **arguments):
    """The statistics of batches: pred, target, scores and total of each."""
    made = BoxStats(build_loss(loss), folder / BOX_STATS_FILE if folder else None, CPU, **arguments)
    for batch in batches:
        made.add(Positives(*batch))
    return made


def count_positives(monkeypatch):
    """A list that gets the number of positives of each batch that statistics see."""
    calls, add = [], BoxStats.add
    monkeypatch.setattr(BoxStats, "add", lambda self, seen: (calls.append(len(seen.pred)), add(self, seen)))
    return calls


def filled(row, kind):
    """The bins of a row that are not 0, as numbers."""
    return {name: row[f"{kind}_{name}"] for name in BIN_NAMES if row[f"{kind}_{name}"] != 0}


def test_statistics_are_shares_by_bin_of_iou():
    # IoU: 4/16, 9/16, 16/36, 0, 1. Of 1 − IoU, with side a: inside, ∂IoU/∂w = a/16 for each of four edges, so the
    # norm is 2a/16: 1/4 and 3/8. Around, IoU = 16/wh, so ∂IoU/∂w = −16/6³ and the norm 32/216 = 4/27. Far off, 0.
    # Times the scores 1, ½, 1, 1, 0, and all over 4: in the ratio 1/4 : 3/16 : 4/27 = 108 : 81 : 64.
    row = stats("iou", (PRED, TARGET, torch.tensor([1, 0.5, 1, 1, 0]), 4.0)).row()
    assert row["positives"] == 5
    assert row["iou_mean"] == pytest.approx((4 / 16 + 9 / 16 + 16 / 36 + 1) / 5)
    assert row["share_75"] == row["share_90"] == 0.2
    assert filled(row, "pos") == {"00": 0.2, "20": 0.2, "40": 0.2, "50": 0.2, "90": 0.2}
    assert filled(row, "grad") == pytest.approx({"20": 108 / 253, "40": 64 / 253, "50": 81 / 253})


@pytest.mark.parametrize("norm", ["paper", "tal"])
def test_the_gradient_is_that_of_the_loss_with_its_focal_weight(norm):
    # EIoU inside, with side a: ∂/∂w = −a/16 + (a − 4)/8, so −3/8 and −5/16, and twice that is the norm. IoU^1 weighs
    # them with 4/16 and 9/16: 4·3/8 : 9·5/16 = 8 : 15. (Weighing after the fact, or not at all, gives other shares.)
    batch = PRED[:2], TARGET[:2], torch.ones(2), 1.0
    row = stats(f"focal_eiou:gamma=1,norm={norm}", batch).row()
    assert filled(row, "grad") == pytest.approx({"20": 8 / 23, "50": 15 / 23})


def test_the_norm_of_a_gradient_is_euclidean():
    # 1 − IoU of a box of 1 by 3 within the square: 3/16 for each edge along x, 1/16 along y, so the norm is √20/16.
    # Beside the square of side 2, whose norm is 4/16 (and whose absolute values have the same sum).
    pred = torch.tensor([(1, 1, 3, 3), (1.5, 0.5, 2.5, 3.5)])
    row = stats("iou", (pred, TARGET[:2], torch.ones(2), 2.0)).row()
    assert filled(row, "grad") == pytest.approx({"10": 20**0.5 / (4 + 20**0.5), "20": 4 / (4 + 20**0.5)})


def test_batches_add_up_pair_by_pair():
    # One pair, then three: the mean of 1/4 and three times 9/16, not of the batches' means. Gradients as they were
    # trained: 1/4 : (3/8)/3 for each of three.
    row = stats(
        "iou",
        (PRED[:1], TARGET[:1], torch.ones(1), 1.0),
        (PRED[[1, 1, 1]], TARGET[:3], torch.ones(3), torch.tensor(3.0)),
    ).row()
    assert row["iou_mean"] == pytest.approx((1 / 4 + 3 * 9 / 16) / 4)
    assert filled(row, "pos") == {"20": 0.25, "50": 0.75}
    assert filled(row, "grad") == pytest.approx({"20": 2 / 5, "50": 3 / 5})


@pytest.mark.parametrize(
    ("iou", "name"),
    [
        *[(0, "00"), (0.0999, "00"), (0.1001, "10"), (0.2999, "20"), (0.3001, "30"), (0.4999, "40"), (0.5, "50")],
        *[(0.6001, "60"), (0.6999, "60"), (0.7001, "70"), (0.8999, "80"), (0.9001, "90"), (0.9999, "90"), (1, "90")],
    ],
)
def test_a_bin_begins_at_its_iou_and_the_last_one_takes_1(iou, name):
    pred = torch.tensor([(0, 0, 4, 4 * iou)])  # as wide as the square, and within it
    assert filled(stats("iou", (pred, TARGET[:1], torch.ones(1), 1.0)).row(), "pos") == {name: 1}


def test_share_75_begins_at_75():
    pred = torch.tensor([(0, 0, 4, 3), (0, 0, 4, 2.999)])  # IoU 3/4, and a little less
    assert stats("iou", (pred, TARGET[:2], torch.ones(2), 2.0)).row()["share_75"] == 0.5


def test_without_pairs_shares_are_missing(tmp_path):
    none = torch.zeros(0, 4)
    made = stats("focal_eiou", (none, none, torch.zeros(0), 1.0), folder=tmp_path)
    made.finish(1)
    (row,) = read_csv(tmp_path / BOX_STATS_FILE)
    assert list(row) == COLUMNS
    assert row == {"epoch": 1, "positives": 0, **dict.fromkeys(COLUMNS[2:], "")}


def test_without_gradients_their_shares_are_missing():
    row = stats("iou", (PRED[3:4], TARGET[:1], torch.ones(1), 1.0)).row()  # boxes that don't touch
    assert row["iou_mean"] == 0
    assert filled(row, "grad") == dict.fromkeys(BIN_NAMES)


def test_half_precision_keeps_small_gradients():
    # A total of a million makes them 4e-7, where fp16 has steps of 6e-8.
    batch = PRED[:2].half(), TARGET[:2], torch.ones(2, dtype=torch.float16), torch.tensor(1e6)
    assert filled(stats("iou", batch).row(), "grad") == pytest.approx({"20": 2 / 5, "50": 3 / 5}, rel=1e-4)


def test_the_batch_and_the_random_state_stay_as_they_are():
    leaf = PRED.clone().requires_grad_()
    pred, state = leaf * 1, torch.get_rng_state()
    stats("focal_eiou", (pred, TARGET, torch.ones(5), 5.0))
    assert leaf.grad is None and pred.requires_grad
    assert torch.get_rng_state().equal(state)
    pred.sum().backward()
    assert leaf.grad.equal(torch.ones(5, 4))


def test_under_amp_the_weights_get_the_gradients_that_they_get_without():
    def train(watch):
        torch.manual_seed(0)
        pred, target, scores, positives = boxes()
        layer, loss = torch.nn.Linear(4, 4), SwappedBboxLoss(BboxLoss(16), build_loss("focal_eiou"))
        loss.on_positives = watch
        with torch.autocast("cpu", torch.bfloat16):
            pred = target + layer(pred)
            dist = layer(target).repeat(1, 1, 16)
            terms = loss(dist, pred, target[0, :, :2], target, scores, scores.sum(), positives, *IMAGE)
            sum(terms).backward()
        return *(weight.grad for weight in layer.parameters()), torch.rand(4)

    made = stats("focal_eiou")
    for seen, unseen in zip(train(made.add), train(None), strict=True):
        assert seen.equal(unseen)
    assert made.row()["positives"] > 0


def test_an_epoch_begins_with_nothing(tmp_path):
    made = stats("iou", (PRED, TARGET, torch.ones(5), 5.0), folder=tmp_path)
    made.finish(1)
    made.start()
    made.add(Positives(PRED[:1], TARGET[:1], torch.ones(1), 1.0))
    made.finish(2)
    assert [(row["epoch"], row["positives"]) for row in read_csv(tmp_path / BOX_STATS_FILE)] == [(1, 5), (2, 1)]


def test_resuming_keeps_the_epochs_that_are_done_and_replaces_the_others(tmp_path):
    values = dict.fromkeys(COLUMNS[2:], 0.123456) | {"grad_00": ""}
    old = [{"epoch": epoch, "positives": 123456780 + epoch, **values} for epoch in (1, 2, 3)]
    write_csv(tmp_path / BOX_STATS_FILE, old)
    text = (tmp_path / BOX_STATS_FILE).read_text()
    made = stats("iou", (PRED, TARGET, torch.ones(5), 5.0), folder=tmp_path, epochs_done=2)
    assert (tmp_path / BOX_STATS_FILE).read_text() == text
    made.finish(3)
    assert (tmp_path / BOX_STATS_FILE).read_text().splitlines()[:3] == text.splitlines()[:3]
    assert [row["positives"] for row in read_csv(tmp_path / BOX_STATS_FILE)] == [123456781, 123456782, 5]


def test_a_fresh_start_takes_nothing_from_an_older_file(tmp_path):
    (tmp_path / BOX_STATS_FILE).write_text("what,ever\n1,2\n")
    stats("iou", (PRED, TARGET, torch.ones(5), 5.0), folder=tmp_path).finish(1)
    assert len(read_csv(tmp_path / BOX_STATS_FILE)) == 1


@pytest.mark.slow
def test_training_is_the_same_with_statistics_and_without(train, monkeypatch):
    """And validation, of the EMA and at the end, is not looked at: 24 images in batches of 8, twice."""
    calls, add = [], BoxStats.add
    monkeypatch.setattr(
        BoxStats, "add", lambda self, positives: (calls.append(len(positives.pred)), add(self, positives))
    )
    without = train(epochs=2, loss="focal_eiou").save_dir
    assert not (without / BOX_STATS_FILE).exists() and not calls
    recorded = train(epochs=2, loss="focal_eiou", box_stats=True).save_dir
    assert len(calls) == 2 * 3
    rows = read_csv(recorded / BOX_STATS_FILE)
    assert [row["epoch"] for row in rows] == [1, 2]
    assert [row["positives"] for row in rows] == [sum(calls[:3]), sum(calls[3:])]
    for row in rows:
        for kind in ("pos", "grad"):
            assert sum(row[f"{kind}_{name}"] for name in BIN_NAMES) == pytest.approx(1, abs=1e-6)
    assert results(recorded) == results(without)
    assert yaml.safe_load((recorded / "args.yaml").read_text())["box_stats"] is True
    again = train(name=recorded.name, exist_ok=True, loss="eiou").save_dir
    assert again == recorded and not (recorded / BOX_STATS_FILE).exists()  # not the older run's beside the new results


@pytest.mark.slow
@pytest.mark.parametrize("more", [{}, {"nms": False}])
def test_of_two_heads_that_counts_which_validates(data, tmp_path, release, more):
    """The one-to-one head has a positive an object at most, the one-to-many more: up to ten."""
    release("8.4.0")
    still, validated = dict.fromkeys(("mosaic", "translate", "scale", "fliplr"), 0.0), []
    model = YOLO("yolo26n.yaml")
    model.add_callback("on_val_end", lambda validator: validated.append(bool(validator.end2end)))
    model.train(**{**overrides(data, tmp_path, loss="eiou", box_stats=True, **still, **more), "model": "yolo26n.yaml"})
    (row,) = read_csv(tmp_path / "run" / BOX_STATS_FILE)
    labels = [path.read_text().splitlines() for path in Path(data).parent.glob("labels/train/*.txt")]
    assert len(labels) == 24 and row["positives"] > 0
    assert {row["positives"] <= sum(map(len, labels))} == set(validated)


@pytest.mark.slow
def test_a_killed_run_resumes_with_its_table(command, data, tmp_path):
    arguments = {**SHORT, "epochs": 3, "data": data, "project": str(tmp_path), "name": "run", "loss": "eiou"}
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, json.dumps({**arguments, "box_stats": True})], capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL
    before = (tmp_path / "run" / BOX_STATS_FILE).read_text()
    last = f"model={tmp_path / 'run' / 'weights' / 'last.pt'}"
    refused = command("train", "resume", last, "box_stats=False")
    assert refused.returncode == 2
    assert "this run trains with box_stats=True, and resuming can't change it to box_stats=False" in refused.stderr
    assert command("train", "resume", last, "box_stats=True").returncode == 0
    after = (tmp_path / "run" / BOX_STATS_FILE).read_text()
    assert len(before.splitlines()) == 2 and after.startswith(before)
    assert [row["epoch"] for row in read_csv(tmp_path / "run" / BOX_STATS_FILE)] == [1, 2, 3]


@pytest.mark.slow
def test_an_epoch_that_is_done_again_after_a_nan_counts_once(data, tmp_path, monkeypatch, release):
    release("8.4.105")
    calls, add = [], BoxStats.add
    monkeypatch.setattr(
        BoxStats, "add", lambda self, positives: (calls.append(len(positives.pred)), add(self, positives))
    )

    def spoil(trainer):
        if trainer.epoch == 1 and not trainer.nan_recovery_attempts:
            trainer.loss = torch.tensor(float("nan"))

    model = YOLO("yolov8n.yaml")
    model.add_callback("on_train_epoch_end", spoil)
    model.train(**overrides(data, tmp_path, epochs=3, box_stats=True))
    assert len(calls) == 4 * 3  # one epoch more than there are; the new EMA, a copy of the model, is not looked at
    assert [row["positives"] for row in read_csv(tmp_path / "run" / BOX_STATS_FILE)] == [
        sum(calls[:3]),
        sum(calls[6:9]),
        sum(calls[9:]),
    ]


COUNTED = """
import json, sys
from ultralytics.utils import RANK
from yolo_feiou import YOLO
from yolo_feiou.yolo import box_stats
from yolo_feiou.yolo.box_stats import BoxStats

finish, write_csv = BoxStats.finish, box_stats.write_csv

def count(self, epoch, **arguments):
    print(f"epoch {epoch} rank {RANK} positives {self.row()['positives']}", flush=True)
    finish(self, epoch, **arguments)

def write(*table):
    print(f"rank {RANK} writes", flush=True)
    write_csv(*table)

BoxStats.finish, box_stats.write_csv = count, write
YOLO("yolov8n.yaml").train(**json.loads(sys.argv[1]))
"""


@pytest.mark.slow
def test_two_ranks_sum_up(data, tmp_path, release):
    release(RANKS_SINCE)
    (tmp_path / "script.py").write_text(COUNTED)
    done = run_ranks(tmp_path, "script.py", json.dumps(overrides(data, tmp_path, epochs=2, box_stats=True)))
    assert done.returncode == 0, done.stderr[-2000:]
    counted = re.findall(r"epoch (\d) rank (\d) positives (\d+)", done.stdout)
    assert sorted(words[:2] for words in counted) == [("1", "0"), ("1", "1"), ("2", "0"), ("2", "1")]
    assert all(int(count) > 0 for *_, count in counted)
    assert re.findall(r"rank (\d) writes", done.stdout) == ["0", "0"]
    for row in read_csv(tmp_path / "run" / BOX_STATS_FILE):
        assert row["positives"] == sum(int(count) for epoch, _, count in counted if int(epoch) == row["epoch"])

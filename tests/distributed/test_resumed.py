"""Two ranks that were cut off and resumed end with the weights of two that were not."""

import json
import re

import pytest

from tests.runs import SHORT, results
from tests.yolo.test_distributed import SCRIPT, run_ranks
from yolo_feiou.results.run_record import read_run_record
from yolo_feiou.storage.tables import read_csv
from yolo_feiou.yolo.loss_state import FILE
from yolo_feiou.yolo.resume_state import EXACT_SINCE

CUT = SCRIPT.replace(
    'model = YOLO("yolov8n.yaml")\n',
    """import os
from yolo_feiou.yolo.loss_state import find_swapped
told, at = json.loads(sys.argv[1]), int(sys.argv[2])
model = YOLO(told.pop("model"))
model.add_callback("on_train_batch_end", lambda trainer: trainer.epoch == at and os._exit(3))
means = lambda trainer: [m.value.item() for loss in find_swapped(trainer.model) for m in loss.box_loss.running_means]
model.add_callback("teardown", lambda trainer: print(f"rank {RANK} means {means(trainer)}", flush=True))
""",
).replace("json.loads(sys.argv[1]))", "told)")


@pytest.mark.slow
def test_two_ranks_resume_to_the_last_bit(data, tmp_path, release):
    """With a step each 5 batches of 3 an epoch, so that gradients, which are the mean of all ranks', wait for it.

    The loss has a state, which is that of the pairs of both ranks, and a length in pixels, from the training set.
    """
    release(EXACT_SINCE)
    (tmp_path / "script.py").write_text(CUT)
    told = {
        **SHORT,
        "model": "yolov8n.yaml",
        "data": data,
        "project": str(tmp_path),
        "loss": "wiou+nwd:c=auto",
        "epochs": 4,
    }
    told |= {"nbs": 40, "warmup_epochs": 0, "mixup": 0.5}
    whole = run_ranks(tmp_path, "script.py", json.dumps({**told, "name": "whole"}), "-1")
    assert whole.returncode == 0, whole.stderr[-2000:]
    assert run_ranks(tmp_path, "script.py", json.dumps({**told, "name": "cut"}), "2").returncode != 0
    last = tmp_path / "cut" / "weights" / "last.pt"
    assert (last.parent / "epoch2.state").exists()
    resumed = run_ranks(tmp_path, "script.py", json.dumps({"model": str(last), "resume": True}), "-1")
    assert resumed.returncode == 0, resumed.stderr[-2000:]
    of = [re.findall(r"weights (\w+)", text.stdout) for text in (whole, resumed)]
    assert len(of[0]) == 2 and {*of[0]} == {*of[1]} and len({*of[0]}) == 1
    means = [re.findall(r"means (\[.*?\])", text.stdout) for text in (whole, resumed)]
    assert len(means[0]) == 2 and {*means[0]} == {*means[1]} and len({*means[0]}) == 1 and "[1.0]" not in means[0]
    assert read_csv(tmp_path / "cut" / FILE) == read_csv(tmp_path / "whole" / FILE)
    assert results(tmp_path / "cut") == results(tmp_path / "whole")
    assert [session["first_epoch"] for session in read_run_record(tmp_path / "cut").sessions] == [1, 3]

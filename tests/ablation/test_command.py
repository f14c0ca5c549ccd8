"""`yolo ablate` from end to end, and through faults: every run here is a real training."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
import ultralytics
import yaml

from tests.ablation.process_helpers import assert_whole, epochs_done, the_run, until, worker
from tests.detection import copy_of
from tests.export.factories import coco_form
from tests.runs import typed
from yolo_feiou.ablation.store import run_folders
from yolo_feiou.storage.tables import read_csv

pytestmark = pytest.mark.slow


def test_a_grid_is_done_once_and_grows(command, words, tmp_path):
    done = command(*words(losses="ciou,eiou", seeds=0, jobs=2, box_stats="True"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        "0 of 2 runs were done before" in done.stdout and "2 of 2 runs are done. Next: yolo report out" in done.stdout
    )
    folders = run_folders(tmp_path / "out")
    for folder in folders:
        assert_whole(folder, 1, 0)
        assert f"Box loss: {folder.run().arguments['loss']}, criteria swapped" in folder.log.read_text()
        recorded = yaml.safe_load((folder.train / "args.yaml").read_text())  # what W&B, MLflow and others log
        assert (recorded["project"], recorded["name"]) == ("out", folder.path.name)
        assert recorded["loss"] == folder.run().arguments["loss"] and recorded["save_dir"] == str(folder.train)
    rows = read_csv(tmp_path / "out" / "results.csv")
    assert [row["loss"] for row in rows] == ["ciou", "eiou"] and {row["axes"] for row in rows} == {"loss"}
    assert {(row["evaluator"], row["eval_split"], row["area_source"]) for row in rows} == {
        ("faster-coco-eval", "val", "box")
    }
    assert len(read_csv(tmp_path / "out" / "box_stats.csv")) == 2
    before = {folder: (folder.path / "row.json").stat().st_mtime_ns for folder in folders}
    weights = {folder: folder.best.stat().st_mtime_ns for folder in folders}

    more = command(*words(losses="ciou,eiou", seeds="0,1", jobs=2, box_stats="True"))
    assert more.returncode == 0 and "2 of 4 runs were done before" in more.stdout
    assert before == {folder: (folder.path / "row.json").stat().st_mtime_ns for folder in folders}
    assert len(read_csv(tmp_path / "out" / "results.csv")) == 4

    again = command(*words(losses="ciou,eiou", seeds=0, split="test", weights="last", box_stats="True"))
    assert again.returncode == 0 and "0 of 2 runs were done before" in again.stdout, "the evaluation is another"
    assert weights == {folder: folder.best.stat().st_mtime_ns for folder in folders}, "and the training is not"
    assert {(f.row()["eval_split"], f.row()["eval_weights"]) for f in folders} == {("test", "last")}


def test_a_loss_of_ones_own_trains_from_the_copy_in_its_run(command, words, tmp_path):
    (tmp_path / "own.py").write_text("import beside\n\ndef f(pair, scale=1.0):\n    return scale * (1 - pair.iou)\n")
    (tmp_path / "beside.py").write_text("")
    line = words(losses="iou,own.py:f", seeds=0)
    done = command(*line)
    assert done.returncode == 0, done.stdout + done.stderr
    named, own = sorted(run_folders(tmp_path / "out"), key=lambda folder: folder.run().arguments["loss"])
    for place in (own.path, own.train):
        assert {path.name for path in (place / "loss").glob("*/*.py")} == {"own.py", "beside.py"}
    assert not (named.path / "loss").exists() and named.row()["AP"] == own.row()["AP"]
    assert own.row()["loss_holds"] == own.run().contents["loss"]
    assert "own.py:f: ok    finite: values and gradients are finite" in own.log.read_text()
    (tmp_path / "beside.py").write_text("raise SystemExit('this is another file')\n")
    again = command(*line)
    assert again.returncode == 2 and "this is another file" in again.stderr
    (tmp_path / "beside.py").write_text("# another file")
    planned = command(*line, "plan=True").stdout
    assert own.key not in planned and named.key in planned, "a changed file is another run"
    report = command("report", "out")
    assert report.returncode == 0 and "own.py:f" in report.stdout, report.stderr


def test_a_json_that_the_data_names_later_is_evaluated_on(command, words, tmp_path):
    """The run stays what it is and isn't trained anew; without the JSON nothing begins."""
    data = coco_form(tmp_path / "squares", {"train": 4, "val": 2})
    named = data.read_text()
    data.write_text(yaml.safe_dump({k: v for k, v in yaml.safe_load(named).items() if k != "annotations"}))
    first = command(*words(data=data))
    assert first.returncode == 0, first.stdout + first.stderr
    folder = the_run(tmp_path)
    weights, row = folder.best.stat().st_mtime_ns, folder.row()
    assert (row["ground_truth"], row["area_source"]) == ("labels", "box")
    data.write_text(named)
    again = command(*words(data=data))
    assert again.returncode == 0 and "0 of 1 runs were done before" in again.stdout
    assert the_run(tmp_path) == folder and folder.best.stat().st_mtime_ns == weights
    assert (folder.row()["ground_truth"], folder.row()["area_source"]) == ("instances_val2017.json", "json")
    assert "1 of 1 runs were done before" in command(*words(data=data)).stdout
    (tmp_path / "squares" / "annotations" / "instances_val2017.json").unlink()
    lost = command(*words(data=data, out="other"))
    assert lost.returncode == 2 and "instances_val2017.json can't be read" in lost.stderr
    assert not (tmp_path / "other").exists()


def test_the_run_of_a_runner_that_was_killed_is_resumed_by_the_same_command(begin, command, words, tmp_path):
    """The run dies with it; the same command resumes the run from its last checkpoint."""
    line = words(losses="eiou", seeds=0, epochs=5)
    runner = begin(line)
    folder = the_run(tmp_path)
    until(lambda: epochs_done(folder) >= 2)
    os.kill(runner.pid, signal.SIGKILL)
    until(lambda: not folder.busy, 10)
    assert worker(folder) is None and folder.row() is None
    done = command(*line)
    assert done.returncode == 0 and "0 of 1 runs were done before" in done.stdout
    assert_whole(folder, 5, 1)
    assert ": half, " in folder.log.read_text()
    assert len(read_csv(tmp_path / "out" / "results.csv")) == 1


def test_a_run_that_was_killed_is_resumed_at_once(begin, words, tmp_path):
    """The runner takes it up again at once."""
    runner = begin(words(losses="eiou", seeds=0, epochs=5))
    folder = the_run(tmp_path)
    until(lambda: epochs_done(folder) >= 2)
    os.kill(worker(folder), signal.SIGKILL)
    out, _ = runner.communicate(timeout=200)
    assert runner.returncode == 0, out
    assert_whole(folder, 5, 1)
    assert out.count("started") == 2


def test_a_run_that_raises_has_a_row_with_its_reason_and_the_other_is_done(command, words, tmp_path):
    """All layers frozen, which Ultralytics refuses once the model is built."""
    done = command(*words(losses="eiou", seeds=0, freeze="0,100", jobs=2))
    assert done.returncode == 1
    (failed,) = [line for line in done.stdout.splitlines() if line.startswith("failed: ")]
    assert "freeze=100" in failed and "RuntimeError" in failed
    rows = {int(row["freeze"]): row for row in read_csv(tmp_path / "out" / "results.csv")}
    assert rows[0]["status"] == "done" and rows[100]["status"] == "failed"
    assert "RuntimeError" in rows[100]["reason"] and rows[100]["AP"] == ""
    assert "Traceback" not in done.stdout + done.stderr


def test_what_a_full_disk_stopped_is_done_by_the_same_command_once_there_is_room(command, words, tmp_path):
    """4 MiB hold the folder and no checkpoint; with room, the same command does it."""
    place = tmp_path / "out"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no file system of a given size can be mounted: {mounted.stderr.strip()}")
    try:
        done = command(*words(losses="eiou", seeds=0))
        assert done.returncode == 1, done.stdout + done.stderr
        assert "No space left on device" in done.stdout and "Traceback" not in done.stdout + done.stderr
        subprocess.run(["mount", "-o", "remount,size=300m", place], check=True)
        done = command(*words(losses="eiou", seeds=0))
        assert done.returncode == 0, done.stdout + done.stderr
        assert_whole(run_folders(place)[0], 1, 0)
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def test_a_run_with_a_damaged_record_is_set_aside_and_repeated(command, words, tmp_path):
    line = words(losses="ciou,eiou", seeds=0, jobs=2)
    command(*line)
    first, second = run_folders(tmp_path / "out")
    (first.path / "row.json").write_text('{"AP": 0.99')
    kept = (second.path / "row.json").read_text()
    done = command(*line)
    assert done.returncode == 0 and "1 of 2 runs were done before" in done.stdout
    assert f"{first.path / 'row.json'} is not a complete JSON file" in done.stdout and "set aside" in done.stdout
    assert_whole(first, 1, 0)
    assert (second.path / "row.json").read_text() == kept


def test_two_runners_in_a_folder_do_each_run_once(begin, words, tmp_path):
    """Each run is done once, by one of them; both see all as done."""
    line = words(losses="ciou,eiou", seeds="0,1")
    runners = [begin(line), begin(line)]
    outs = [runner.communicate(timeout=280)[0] for runner in runners]
    assert [runner.returncode for runner in runners] == [0, 0], outs
    for folder in run_folders(tmp_path / "out"):
        assert_whole(folder, 1, 0)
        assert folder.log.read_text().count(": new, 0 epochs are done") == 1
    assert len(read_csv(tmp_path / "out" / "results.csv")) == 4
    assert sum(out.count(": started") for out in outs) >= 4


@pytest.mark.usefixtures("real_python")
def test_an_interrupted_runner_ends_its_runs_and_says_how_to_resume(begin, words, tmp_path):
    runner = begin(words(losses="eiou", seeds=0, epochs=50))
    folder = the_run(tmp_path)
    until(lambda: epochs_done(folder) >= 1)
    os.kill(runner.pid, signal.SIGINT)
    out, _ = runner.communicate(timeout=30)
    assert out.splitlines()[-1] == "interrupted; the same command resumes here" and "Traceback" not in out
    assert runner.returncode == -signal.SIGINT, "a shell's loop would go on"
    assert worker(folder) is None


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"losses": "eoiu"}, "unknown loss 'eoiu': did you mean 'eiou'?"),
        ({"losses": "ciou,ciou"}, "the list of losses has 'ciou' twice"),
        ({"epocs": "1,2"}, "'epocs' is not a training argument: did you mean 'epochs'?"),
        ({"seeds": ""}, "seed= has an empty value"),
        ({"data": "nowhere.yaml"}, "data=nowhere.yaml"),
        ({"split": "dev"}, "has no split 'dev'"),
        ({"evaluator": "coco"}, "evaluator=coco is not one of"),
        ({"only": "3"}, "only=3: no run of the 1 has that number or key"),
        ({"model": "yolov8z9.yaml", "preflight": "True"}, "model=yolov8z9.yaml: there are no such weights"),
        ({"engine": "ray", "address": "127.0.0.1:1"}, "address=127.0.0.1:1: there is no Ray cluster"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(command, words, tmp_path, more, message):
    done = command(*words(**more))
    assert done.returncode == 2
    assert message in done.stderr and len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_else_is_refused(command, words, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    done = command(*words())
    assert done.returncode == 2 and "holds something else (notes.txt)" in done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["notes.txt"]


def test_another_evaluation_without_its_weights_fails_and_the_row_stays(command, words, tmp_path):
    """Another evaluation needs them; the run that is done stays as it is, and nothing is trained anew."""
    command(*words(losses="eiou", seeds=0))
    (folder,) = run_folders(tmp_path / "out")
    before = folder.row()
    shutil.rmtree(folder.train / "weights")
    done = command(*words(losses="eiou", seeds=0, split="test"))
    assert done.returncode == 1 and "its weights are gone" in done.stdout
    assert folder.row() == before and folder.results.exists()


def test_odd_names_are_recorded_as_given(command, words, data, tmp_path):
    """In data, model and out; the records say what was given, and the command can be typed again."""
    odd = 'a $HOME "b"\n\rc\x1b\t;'
    model = Path(ultralytics.__file__).parent / "cfg" / "models" / "v8" / "yolov8.yaml"
    shutil.copy(data, tmp_path / f"{odd}.yaml")
    shutil.copy(model, tmp_path / f"yolov8n{odd}.yaml")
    line = words(data=f"{odd}.yaml", model=f"yolov8n{odd}.yaml", losses="ciou", seeds=0, out=f"{odd}/out")
    done = command(*line)
    assert done.returncode == 0, done.stdout + done.stderr
    out = tmp_path / odd / "out"
    (row,) = read_csv(out / "results.csv", ["data", "model", "command"])
    assert (row["status"], row["data"], row["model"]) == ("done", f"{odd}.yaml", f"yolov8n{odd}.yaml")
    assert typed(row["command"]) == ["yolo", *line]
    assert len(read_csv(out / "curves.csv")) == 1
    assert "1 of 1 runs were done before" in command(*line).stdout


def test_a_run_that_takes_too_long_has_failed_and_says_why(command, words, tmp_path):
    """0.04 s, in which no training is done; the next command resumes it without the limit."""
    done = command(*words(losses="eiou", seeds=0, timeout=0.00001))
    assert done.returncode == 1 and "FAILED: took longer than timeout= allows" in done.stdout
    (row,) = read_csv(tmp_path / "out" / "results.csv")
    assert row["status"] == "failed" and row["reason"].startswith("took longer than timeout=")
    assert worker(run_folders(tmp_path / "out")[0]) is None
    assert command(*words(losses="eiou", seeds=0)).returncode == 0
    assert_whole(run_folders(tmp_path / "out")[0], 1, 0)


def test_a_fifo_among_the_images_is_named_before_the_first_run(command, words, tmp_path):
    data = coco_form(tmp_path / "squares", {"train": 4, "val": 2})
    os.mkfifo(tmp_path / "squares" / "images" / "train" / "pipe.jpg")
    refused = command(*words(data=data))
    assert refused.returncode == 2 and "pipe.jpg (a FIFO): reading would wait there for ever" in refused.stderr
    assert not (tmp_path / "out").exists()


def test_a_finished_run_whose_reevaluation_was_killed_is_in_the_table_again(command, words, tmp_path):
    """On test it takes longer than it may; on val it was done before, and the table says so."""
    line = words(losses="eiou", seeds=0)
    command(*line)
    again = command(*words(losses="eiou", seeds=0, split="test", timeout=0.00001))
    assert again.returncode == 1
    assert [row["status"] for row in read_csv(tmp_path / "out" / "results.csv")] == ["failed"]
    assert "1 of 1 runs were done before" in command(*line).stdout
    (row,) = read_csv(tmp_path / "out" / "results.csv")
    assert (row["status"], row["eval_split"]) == ("done", "val")


@pytest.mark.parametrize(
    ("name", "model", "columns", "metric"),
    [
        ("coco8-seg", "yolov8n-seg.yaml", ("mAP_mask", "mAP50_mask"), "AP"),
        ("dota8", "yolov8n-obb.yaml", ("mAP_obb", "mAP50_obb"), "mAP"),
    ],
)
def test_other_tasks_than_detection_have_ultralytics_own_metrics(
    command, words, tmp_path, name, model, columns, metric
):
    """From the run to the report; the same command finds the run done."""
    line = words(data=copy_of(name, tmp_path) / f"{name}.yaml", model=model, losses="stock", seeds=0, imgsz=64)
    done = command(*line)
    assert done.returncode == 0 and f": done, {metric} " in done.stdout, done.stdout + done.stderr
    (row,) = read_csv(tmp_path / "out" / "results.csv")
    assert all(0 <= row[column] <= 1 for column in columns) and row["images"] == 4
    assert (row["AP"] == "") is (row.get("metric") == "mAP_obb") is (metric == "mAP")
    assert "1 of 1 runs were done before" in command(*line).stdout
    report = command("report", "out")
    assert report.returncode == 0 and f"the {metric} of" not in report.stderr, report.stderr
    table = "task" if metric == "AP" else "table"
    assert "mAP50" in (tmp_path / "out" / "report" / f"{table}.md").read_text()

"""`yolo train`, `val` and `predict` of detectors: folders, resume, and mistakes that are one line each."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml
from ultralytics.utils import RUNS_DIR

from tests.lightning.conftest import words
from yolo_feiou.distributed.launch import Launch
from yolo_feiou.distributed.resume import lock_run, write_launch_record
from yolo_feiou.lightning.checkpoints import load_checkpoint
from yolo_feiou.lightning.command import MODES, PREDICT_ARGUMENTS, VAL_ARGUMENTS, run_predict
from yolo_feiou.lightning.words import read_settings
from yolo_feiou.results.epochs import read_curve


def assert_refused(said, message):
    """One line of error that says so, and no traceback."""
    status, out, err = said
    errors = [line for line in err if line.startswith("error: ")]
    assert status == 2 and len(errors) == 1 and message in errors[0], said
    assert "Traceback" not in "".join(out + err)


def change(data, tmp_path, **keys):
    """A data YAML with other keys; None takes one out."""
    content = {**yaml.safe_load(Path(data).read_text()), **keys}
    path = tmp_path / "changed.yaml"
    path.write_text(yaml.safe_dump({key: value for key, value in content.items() if value is not None}))
    return path


def without(data, tmp_path, what):
    """A copy of a data set without its labels' lines, or without its masks."""
    root = tmp_path / "copy"
    shutil.copytree(Path(data).parent, root, ignore=shutil.ignore_patterns("*.cache"))
    for path in root.glob("labels/*/*.txt" if what == "objects" else "annotations/*"):
        path.write_text("") if what == "objects" else path.unlink()
    return change(data, tmp_path, path=str(root), masks=None, download=None)


@pytest.mark.slow
def test_a_training_leaves_its_files(trained, data):
    names = {"args.yaml", "provenance.json", "results.csv", "weights"}
    assert names <= {path.name for path in trained.iterdir()}
    assert {path.name for path in (trained / "weights").iterdir()} == {"last.pt", "best.pt"}
    arguments = yaml.safe_load((trained / "args.yaml").read_text())
    assert arguments["loss"] == "eiou" and arguments["data"] == data and arguments["iterations"] == 4
    record = json.loads((trained / "provenance.json").read_text())
    assert record["loss"] == "eiou" and record["sessions"]
    assert record["asked"]["imgsz"] == 64 and record["arguments"]["iterations"] == 4  # numbers, not text
    assert [(row["epoch"], row["iteration"]) for row in read_curve(trained / "results.csv")] == [(1, 2), (2, 4)]
    assert "optimizer_states" not in load_checkpoint(trained / "weights" / "last.pt")


@pytest.mark.slow
def test_a_training_says_its_loss_and_what_comes_next_and_the_next_has_a_number(yolo, data, tmp_path):
    for name in ("train", "train2"):
        status, out, _ = yolo(*words(data=data, project=tmp_path, loss="eiou", iterations=1, val=False))
        assert status == 0 and (tmp_path / name / "weights" / "last.pt").is_file()
        assert "Box loss: eiou, in 1 head of RetinaNet, box=2.5, rank 0" in out
        assert out[-1] == f"Trained. Next: yolo val model={tmp_path / name / 'weights' / 'best.pt'}"


@pytest.mark.parametrize(
    ("line", "mode", "given"),
    [
        ("train {}", "train", []),
        ("detect train {}", "train", []),
        ("{} train", "train", []),
        ("task=detect mode=train {}", "train", []),
        ("--mode=train, {}", "train", []),
        ("{}", "train", []),
        ("val {} conf=0.1", "val", ["conf=0.1"]),
        ("detect {} val", "val", []),
        ("train {} resume", "train", ["resume=True"]),
        ("train {} exist_ok amp --rpn", "train", ["exist_ok=True", "amp=True", "rpn=True"]),
        ("train {} lr0 = 0.1", "train", ["lr0=0.1"]),
    ],
)
def test_words_stand_in_any_order(yolo, monkeypatch, line, mode, given):
    seen = []
    for name in MODES:
        monkeypatch.setitem(MODES, name, lambda found, name=name: seen.append((name, found)))
    assert yolo(*line.format("model=retinanet_r18.yaml").split())[0] == 0
    assert seen == [(mode, ["model=retinanet_r18.yaml", *given])]


@pytest.mark.slow
def test_an_existing_folder_is_written_to_if_that_is_ok(yolo, data, tmp_path):
    for _ in range(2):
        line = words(data=data, project=tmp_path, name="one", iterations=1, val=False)
        assert yolo(*line, "exist_ok")[0] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["one"]
    assert len(read_curve(tmp_path / "one" / "results.csv")) == 1


@pytest.mark.slow
def test_a_recipe_gives_arguments_and_even_the_model(yolo, data, tmp_path):
    recipe = {"model": "retinanet_r18.yaml", "loss": "giou", "iterations": 9, "imgsz": 64, "batch": 2, "val": False}
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    line = [f"data={data}", "iterations=1", "workers=0", "device=cpu", f"project={tmp_path}"]
    assert yolo("train", f"cfg={tmp_path / 'recipe.yaml'}", *line)[0] == 0
    arguments = yaml.safe_load((tmp_path / "train" / "args.yaml").read_text())
    assert (arguments["loss"], arguments["iterations"], arguments["imgsz"]) == ("giou", 1, 64)


def test_a_recipe_with_an_argument_of_yolo_is_refused(yolo, data, tmp_path):
    (tmp_path / "recipe.yaml").write_text("mosaic: 0\n")
    line = words(data=data, cfg=tmp_path / "recipe.yaml", project=tmp_path / "runs")
    assert_refused(yolo(*line), "'mosaic' is no argument of a detector's training. It has model,")
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
@pytest.mark.parametrize("spelling", ["resume model={}", "resume={}", "resume=True model={}"])
def test_an_interrupted_training_is_resumed(yolo, stopping, data, tmp_path, spelling):
    folder = tmp_path / "half"
    shutil.copytree(stopping[1], folder)
    last = folder / "weights" / "last.pt"
    assert load_checkpoint(last)["global_step"] == 2 and len(read_curve(folder / "results.csv")) == 1
    status, out, _ = yolo("train", *spelling.format(last).split(), "workers=0")
    assert status == 0 and "The training goes on at step 2 of 4" in out
    assert [row["iteration"] for row in read_curve(folder / "results.csv")] == [2, 4]
    said = yolo("train", *spelling.format(last).split())
    assert_refused(said, "is not the last.pt of an unfinished training, there is nothing to resume")


@pytest.mark.slow
def test_a_killed_training_and_its_resume_end_with_the_weights_of_an_unbroken_one(yolo, data, tmp_path):
    """It is killed in the third step, in which its loss waits."""
    flag = tmp_path / "wait"
    (tmp_path / "waits.py").write_text(
        "from pathlib import Path\nfrom time import sleep\n\ncalls = []\n\n\ndef waits(pred, target):\n"
        f"    calls.append(1)\n    if Path({str(flag)!r}).exists() and len(calls) > 2:\n        sleep(100)\n"
        "    return 1 - 1 / (1 + (pred - target).abs().mean(1) / 64)\n"
    )
    flag.touch()
    line = words(data=data, project=tmp_path, loss=f"{tmp_path / 'waits.py'}:waits", check=False)
    with subprocess.Popen([sys.executable, "-m", "yolo_feiou", *line, "name=killed"], cwd=tmp_path) as process:
        last, until = tmp_path / "killed" / "weights" / "last.pt", time.monotonic() + 120
        while not last.exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.5)
        os.kill(process.pid, signal.SIGKILL)
    flag.unlink()
    assert yolo("train", "resume", f"model={last}")[0] == 0
    assert yolo(*line, "name=whole")[0] == 0
    killed, whole = (load_checkpoint(tmp_path / name / "weights" / "last.pt") for name in ("killed", "whole"))
    assert killed["state_dict"].keys() == whole["state_dict"].keys()
    for name, weight in whole["state_dict"].items():
        assert torch.equal(weight, killed["state_dict"][name]), name
    first, second = (read_curve(tmp_path / name / "results.csv") for name in ("killed", "whole"))
    assert [{**row, "time": 0} for row in first] == [{**row, "time": 0} for row in second]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (["lr0=1"], "lr0= can't be changed on resume: data=, device= and workers= alone count."),
        (["device=7"], "device=7: there is no GPU 7 here"),
        (["model=retinanet_r18.yaml"], "model=retinanet_r18.yaml and resume="),
    ],
)
def test_what_a_resume_cannot_change_is_refused(yolo, stopping, changed, message):
    last = stopping[1] / "weights" / "last.pt"
    before = load_checkpoint(last)["global_step"]
    assert_refused(yolo("train", f"resume={last}", *changed), message)
    assert load_checkpoint(last)["global_step"] == before


@pytest.mark.parametrize("named", ["resume=retinanet_r18.yaml", "resume model=retinanet_r18.yaml"])
def test_what_is_no_checkpoint_is_not_resumed(yolo, named):
    said = yolo("train", *named.split())
    assert_refused(said, "'yolo train resume' needs a trained detector: 'retinanet_r18.yaml' is no checkpoint of one.")


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("export", "'yolo export' isn't for detectors beside YOLO: torch.onnx.export takes"),
        ("track", "'yolo track' isn't for detectors beside YOLO: there is no tracker"),
        ("benchmark", "'yolo benchmark' isn't for detectors beside YOLO"),
        ("tune", "'yolo tune' isn't for detectors beside YOLO: list values in yolo ablate"),
        ("mode=tune", "'yolo tune' isn't for detectors beside YOLO"),
        ("trai", "'yolo trai' isn't known: did you mean 'train'? Expected train, val, predict."),
        ("segment", "task=segment isn't for detectors beside YOLO"),
        ("task=obb", "task=obb isn't for detectors beside YOLO"),
    ],
)
def test_other_modes_and_tasks_are_refused_with_the_reason(yolo, data, tmp_path, mode, message):
    line = words(data=data, project=tmp_path / "runs")[1:]
    assert_refused(yolo(mode, *line), message)
    assert_refused(yolo(*line, mode, "train"), message)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"model": None, "resume": "retinanet.yaml"}, "'retinanet.yaml' is no checkpoint of one"),
        ({"data": None}, "no data= is given: a data YAML, as for YOLO."),
        ({"data": "nix.yaml"}, "data=nix.yaml: there is no such file, nor a data set of that name"),
        ({"data": "nix.yaml", "loss": "eiuo"}, "unknown loss 'eiuo': did you mean 'eiou'?"),
        ({"data": "nix.yaml", "loss": "nix.py:f"}, "nix.py"),
        ({"mosaic": 0}, "'mosaic' is no argument of a detector's training. It has model,"),
        ({"optimizer": "AdamW"}, "'optimizer' is no argument of a detector's training. It has model,"),
        ({"lr": 0.1}, "'lr' is no argument of a detector's training: did you mean 'lr0'?"),
        ({"epoch": 3, "iterations": None}, "did you mean 'epochs'?"),
        ({"epochs": 1}, "got epochs=1 and iterations=4, two lengths of one training: give one."),
        ({"imgsz": 1}, "imgsz=1 is not a whole number from 32 to 8192: the shorter side"),
        ({"batch": 0}, "batch=0 is not a whole number from 1 to 65536"),
        ({"workers": -1}, "workers=-1 is not a whole number from 0 to 256"),
        ({"box": -1}, "box=-1 is not a number from 0 to 1e6, or auto"),
        ({"data": "nix.yaml", "rpn": True}, "rpn=true is for Faster and Mask R-CNN"),
        ({"device": 7}, "device=7: there is no GPU 7 here."),
        ({"device": "0,1"}, "device=0,1: there is no GPU 0 here."),
        ({"device": "xyz"}, "device=xyz can't be used here"),
        ({"cfg": "nix.yaml"}, "cfg=nix.yaml: there is no such file, nor a recipe of that name"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(yolo, data, tmp_path, changed, message):
    project = tmp_path / "new" / "runs"
    said = yolo(*words(**{"data": data, "project": project, "loss": "eiou", **changed}))
    assert_refused(said, message)
    assert not project.parent.exists()


def test_an_argument_given_twice_is_refused(yolo, data):
    assert_refused(yolo(*words(data=data, seed=0), "seed=1"), "'yolo train' got seed= twice: give it once.")


def test_a_project_that_cannot_be_made_is_told(yolo, data, tmp_path):
    (tmp_path / "file").touch()
    said = yolo(*words(data=data, project=tmp_path / "file"))
    assert_refused(said, f"{tmp_path / 'file' / 'train'} can't be made: Not a directory. Name another one by project=.")


def test_a_function_of_the_users_is_checked_before_it_trains(yolo, data, tmp_path):
    (tmp_path / "own.py").write_text("def wrong(pred, target):\n    return (pred - target).abs().mean()\n")
    said = yolo(*words(data=data, loss=f"{tmp_path / 'own.py'}:wrong", project=tmp_path / "runs"))
    assert_refused(said, "wrong")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("what", "model", "message"),
    [
        ("objects", "retinanet_r18.yaml", "split 'train' has no objects in its 24 images: there is nothing to train"),
        ("masks", "mask_rcnn_r18.yaml", "split 'train' has no masks"),
    ],
)
def test_data_without_what_a_detector_learns_is_told(yolo, data, tmp_path, what, model, message):
    said = yolo(*words(data=without(data, tmp_path, what), model=model, project=tmp_path / "runs"))
    assert_refused(said, message)
    assert not (tmp_path / "runs").exists()


def test_data_without_a_val_split_is_told(yolo, data, tmp_path):
    said = yolo(*words(data=change(data, tmp_path, val=None), project=tmp_path / "runs"))
    assert_refused(said, "'val:' key missing")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("weights: nix.pth", "weights=nix.pth: there is no such file in "),
        ("backbon: resnet18", "has the unknown key 'backbon': did you mean 'backbone'?"),
    ],
)
def test_a_mistake_in_a_detectors_yaml_is_told(yolo, data, tmp_path, text, message):
    (tmp_path / "mine.yaml").write_text(f"detector: retinanet\n{text}\n")
    said = yolo(*words(data=data, model=tmp_path / "mine.yaml", project=tmp_path / "runs"))
    assert_refused(said, message)
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["train", "val", "predict", "train resume"])
def test_a_torn_checkpoint_is_told(yolo, trained, data, tmp_path, mode):
    (tmp_path / "torn.pt").write_bytes((trained / "weights" / "last.pt").read_bytes()[:-1000])
    said = yolo(*mode.split(), f"model={tmp_path / 'torn.pt'}", f"data={data}", "device=cpu")
    assert_refused(said, "torn.pt is torn, its end is missing: copy it again, or train it again.")


@pytest.mark.slow
def test_a_checkpoint_is_validated(yolo, trained, tmp_path):
    """A higher class score, a lower IoU of NMS and fewer detections leave fewer of them."""

    def validate(**given):
        line = [f"{key}={value}" for key, value in {"conf": 0, "max_det": 1000, **given}.items()]
        name = "-".join(["run", *given])
        status, out, _ = yolo("val", f"model={weights}", f"project={tmp_path}", f"name={name}", "device=cpu", *line)
        assert (
            status == 0
            and out[0].startswith("AP    ")
            and out[0].endswith(" %")
            and out[-1].endswith(f"are in {tmp_path / name}")
        )
        expected = {"conf": 0, "iou": 0.5, "max_det": 1000, **given}
        assert out[-2] == ", ".join(f"{key}={value:g}" for key, value in expected.items())
        return [one["score"] for one in json.loads((tmp_path / name / "predictions.json").read_text())]

    weights = trained / "weights" / "best.pt"
    scores = validate()
    bound = sorted(scores)[len(scores) // 2]
    assert all(score > bound for score in validate(conf=bound))
    assert 0 < len(validate(iou=0.1)) < len(scores)
    assert len(validate(max_det=3)) == 3 * 8


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["conf=7"], "conf=7 is not a number from 0 to 1."),
        (["data=nix.yaml"], "data=nix.yaml: there is no such file"),
        (["split=tset"], "has no split 'tset': did you mean 'test'? It has train, val, test."),
        (["evaluator=coco"], "evaluator=coco is unknown: did you mean 'pycocotools'?"),
        (["mosaic=0"], "'yolo val' has no argument 'mosaic'"),
        (["device=5"], "device=5: there is no GPU 5 here."),
        (["device=x"], "device=x can't be used here"),
    ],
)
def test_a_mistake_in_val_is_told_and_leaves_nothing(yolo, trained, tmp_path, line, message):
    said = yolo("val", f"model={trained / 'weights' / 'best.pt'}", f"project={tmp_path / 'runs'}", *line)
    assert_refused(said, message)
    assert not (tmp_path / "runs").exists()


def test_the_page_names_what_val_and_predict_take():
    """Each argument, and no other."""
    page = (Path(__file__).parents[2] / "docs" / "detectors.md").read_text(encoding="utf-8")
    for mode, arguments in (("val", VAL_ARGUMENTS), ("predict", PREDICT_ARGUMENTS)):
        (sentence,) = re.findall(rf"`yolo {mode}` takes .*?\.\s", page, re.DOTALL)
        assert sorted(re.findall(r"`(\w+)=`", sentence)) == sorted(one.name for one in arguments)


def test_without_project_a_run_lies_in_ultralytics_folder_of_runs(trained_file, monkeypatch):
    place = "yolo_feiou.lightning.command"
    made = []
    monkeypatch.setattr(f"{place}.make_run_folder", lambda given, mode, runs: [(given, mode, runs)])
    monkeypatch.setattr(f"{place}.predict", lambda weights, source, make_folder, **options: made.append(make_folder()))
    run_predict([f"model={trained_file}", "source=x", "device=cpu"])
    assert made == [({"project": None, "name": None}, "predict", Path(RUNS_DIR) / "detect")]


def test_val_needs_a_checkpoint(yolo):
    assert_refused(yolo("val", "model=retinanet_r18.yaml"), "'yolo val' needs a trained detector")


@pytest.mark.parametrize("device", ["0,1", "-1"])
def test_val_takes_one_device(yolo, trained_file, monkeypatch, device):
    monkeypatch.setattr("yolo_feiou.lightning.command.check_device", lambda _: None)  # as if they were there
    assert_refused(yolo("val", f"model={trained_file}", f"device={device}"), "'yolo val' takes one device")


@pytest.fixture
def trained_file(tmp_path):
    """What is taken for a checkpoint of a detector's until its weights are needed."""
    torch.save({"detector_config": {}, "train_args": {}}, tmp_path / "some.pt")
    return tmp_path / "some.pt"


@pytest.mark.parametrize(("words", "conf"), [([], 0.25), (["conf=0.05"], 0.05)])
def test_predictions_are_drawn_from_yolos_score_on(words, conf, yolo, trained_file, monkeypatch):
    """As Ultralytics' own `predict`: an evaluation counts a hundred detections an image."""
    drawn = []
    monkeypatch.setattr("yolo_feiou.lightning.command.predict", lambda *_, **options: drawn.append(options["conf"]))
    yolo("predict", f"model={trained_file}", "source=x.jpg", *words)
    assert drawn == [conf]


@pytest.mark.slow
def test_images_are_predicted(yolo, trained, data, tmp_path):
    weights = trained / "weights" / "best.pt"
    source = Path(data).parent / "images" / "val"
    status, out, _ = yolo("predict", f"model={weights}", f"source={source}", "conf=0", f"project={tmp_path}")
    assert status == 0 and out[-1] == f"Pictures are in {tmp_path / 'predict'}"
    assert len(out) == 9 and all(re.match(rf"{source}/\d+\.jpg: \d+ ", line) for line in out[:8])
    assert len([*(tmp_path / "predict").iterdir()]) == 8


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ([], "no source= is given: an image, or a folder of images."),
        (["source=nix"], "source=nix has no images"),
        (["source=.", "device=5"], "device=5: there is no GPU 5 here."),
        (["source=.", "imgsz=64"], "'yolo predict' has no argument 'imgsz'"),
    ],
)
def test_a_mistake_in_predict_is_told_and_leaves_nothing(yolo, trained, tmp_path, line, message):
    said = yolo("predict", f"model={trained / 'weights' / 'best.pt'}", f"project={tmp_path / 'runs'}", *line)
    assert_refused(said, message)
    assert not (tmp_path / "runs").exists()


def torchrun(tmp_path, *line):
    """Run a command in two processes, always under the same id."""
    run = [sys.executable, "-m", "torch.distributed.run", "--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0"]
    run += ["--rdzv-id=mine", "--nproc-per-node=2", "-m", "yolo_feiou"]
    return subprocess.run(
        [*run, *map(str, line)], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.slow
def test_the_same_command_under_torchrun_resumes_what_was_killed_to_the_last_digit(data, tmp_path):
    """Both ranks are killed in the third step, the first after a checkpoint."""
    flag = tmp_path / "die"
    (tmp_path / "dies.py").write_text(
        "import os\nimport signal\nfrom pathlib import Path\n\ncalls = []\n\n\ndef dies(pred, target):\n"
        f"    calls.append(1)\n    if Path({str(flag)!r}).exists() and len(calls) > 2:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return 1 - 1 / (1 + (pred - target).abs().mean(1) / 64)\n"
    )
    flag.touch()
    runs = tmp_path / "runs"
    line = words(data=data, project=runs, loss=f"{tmp_path / 'dies.py'}:dies", check=False, batch=4, val=False)
    assert torchrun(tmp_path, *line, "name=killed").returncode
    assert [row["iteration"] for row in read_curve(runs / "killed" / "results.csv")] == [2]
    flag.unlink()
    again = torchrun(tmp_path, *line, "name=killed")
    assert again.returncode == 0, again.stderr
    assert again.stdout.count(f"Resuming {runs / 'killed'}, which this command began and didn't finish.") == 1
    assert torchrun(tmp_path, *line, "name=whole").returncode == 0
    assert sorted(path.name for path in runs.iterdir()) == ["killed", "whole"]
    killed, whole = (load_checkpoint(runs / name / "weights" / "last.pt") for name in ("killed", "whole"))
    assert killed["state_dict"].keys() == whole["state_dict"].keys()
    for name, weight in whole["state_dict"].items():
        assert torch.equal(weight, killed["state_dict"][name]), name
    first, second = (read_curve(runs / name / "results.csv") for name in ("killed", "whole"))
    assert [{**row, "time": 0} for row in first] == [{**row, "time": 0} for row in second]
    assert len(json.loads((runs / "killed" / "provenance.json").read_text())["sessions"]) == 2
    finished = torchrun(tmp_path, *line, "name=killed")
    assert finished.returncode == 0 and "rank 0" not in finished.stdout
    assert finished.stdout.count("killed is what this command trained, and finished: give another id") == 1


@pytest.mark.slow
def test_what_is_being_trained_is_refused_under_torchrun(data, tmp_path):
    line = words(data=data, project=tmp_path, batch=4)
    settings = read_settings(line[1:])
    folder = tmp_path / "train"
    folder.mkdir()
    launch = Launch(0, 0, 2, 2, 1, 0, "mine")
    write_launch_record(folder, launch, {**settings, "loss": "stock"})
    with lock_run(folder, launch):
        done = torchrun(tmp_path, *line)
    assert done.returncode and f"error: {folder} is being trained by another process: wait for its end" in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["torchrun.json", "torchrun.lock"]
    assert [*tmp_path.iterdir()] == [folder]


@pytest.mark.slow
def test_a_last_pt_of_what_is_being_trained_is_refused_under_torchrun(stopping, tmp_path):
    shutil.copytree(stopping[1], tmp_path / "half")
    last = tmp_path / "half" / "weights" / "last.pt"
    with lock_run(tmp_path / "half", Launch(0, 0, 2, 2, 1, 0, "other")):
        done = torchrun(tmp_path, "train", f"resume={last}", "workers=0")
    assert done.returncode and f"error: {tmp_path / 'half'} is being trained by another process" in done.stderr
    assert load_checkpoint(last)["global_step"] == 2


@pytest.mark.slow
def test_torchrun_trains_in_one_folder(data, tmp_path):
    done = torchrun(tmp_path, *words(data=data, project=tmp_path, loss="eiou", batch=4))
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["train"]
    assert [row["iteration"] for row in read_curve(tmp_path / "train" / "results.csv")] == [2, 4]
    for rank in (0, 1):
        assert done.stdout.count(f"Box loss: eiou, in 1 head of RetinaNet, box=2.5, rank {rank}") == 1
    assert done.stdout.count("Trained. Next:") == done.stdout.count("1 of 2, step 2:") == 1
    record = json.loads((tmp_path / "train" / "provenance.json").read_text())
    assert (record["launcher"], record["processes"]) == ("torchrun", 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"batch": 3}, "batch=3 can't be shared by 2 processes: give a multiple of that."),
        ({"data": "nix.yaml"}, "data=nix.yaml: there is no such file"),
        ({"project": "file"}, "train can't be made: Not a directory."),
    ],
)
def test_a_mistake_under_torchrun_has_no_traceback_of_ours(data, tmp_path, changed, message):
    (tmp_path / "file").touch()
    done = torchrun(tmp_path, *words(**{"data": data, "batch": 4, "project": tmp_path / "runs", **changed}))
    assert done.returncode and f"error: {changed.get('project', '')}" in done.stderr and message in done.stderr
    assert "yolo_feiou/" not in done.stderr  # torchrun's own traceback follows
    assert [path.name for path in tmp_path.iterdir()] == ["file"]

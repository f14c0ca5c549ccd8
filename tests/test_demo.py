"""The demo: what `make demo` installs and says, where the script writes, and what it leaves as it was."""

import csv
import json
import os
import re
import subprocess
import sys
from functools import partial

import cv2
import numpy as np
import pytest

from tests.scripts import SCRIPTS, load_script
from yolo_feiou.errors import ArgumentError
from yolo_feiou.evaluation.saved import Evaluation
from yolo_feiou.evaluation.truth import GroundTruth
from yolo_feiou.storage.tables import read_csv

ROOT = SCRIPTS.parent
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
INDEX = "--extra-index-url https://download.pytorch.org/whl/cpu"


@pytest.fixture
def script():
    return load_script("demo")


@pytest.fixture
def make(tmp_path):
    """A function that runs make in a checkout without an environment; what it was told by a make above is not heard."""
    for name in ("Makefile", "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    told = ("TORCH", "MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL")

    def run(*words, **environment):
        kept = {name: value for name, value in os.environ.items() if name not in told}
        return subprocess.run(
            ["make", *words],
            cwd=tmp_path,
            env=kept | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


@pytest.fixture
def plan(make):
    """A function that returns what make would run, or what it says instead."""
    return partial(make, "--dry-run")


def list_installs(process):
    """Return what pip is asked to install, command by command."""
    assert process.returncode == 0, process.stderr
    return re.findall(r"-m pip install +(.*)", process.stdout)


def test_the_demo_installs_the_package_alone_and_tests_add_theirs(plan):
    assert list_installs(plan("demo")) == ["--editable ."]
    assert list_installs(plan("test")) == ["--editable .", "--editable '.[dev]'"]


def test_what_is_there_is_not_installed_again(plan, tmp_path):
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "package").touch()
    assert list_installs(plan("demo")) == list_installs(plan("install")) == [] and list_installs(plan("test")) == [
        "--editable '.[dev]'"
    ]
    (tmp_path / ".venv" / "installed").touch()
    assert list_installs(plan("test")) == []


@pytest.mark.parametrize("target", ["demo", "install", "test"])
def test_torch_without_cuda_is_from_the_index_of_its_authors(plan, target):
    """Given as a variable of make or of the environment; only the command is looked at, and nothing is fetched."""
    for process in (plan(target, "TORCH=cpu"), plan(target, TORCH="cpu")):
        first, *others = list_installs(process)
        assert first == f"{INDEX} --editable ." and INDEX not in " ".join(others)
    assert INDEX not in plan(target).stdout


def test_an_existing_environment_keeps_its_torch_and_says_so(plan, tmp_path):
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "package").write_text("\n")
    process = plan("demo", "TORCH=cpu")
    assert list_installs(process) == []
    assert process.stdout.startswith("note: .venv keeps the torch it has: remove .venv for TORCH=cpu\n")
    (tmp_path / ".venv" / "package").write_text("cpu\n")
    assert "note:" not in plan("demo", "TORCH=cpu").stdout + plan("demo").stdout


def test_which_torch_there_is_stays_known_when_the_package_is_installed_again(make, plan, tmp_path):
    """With a Python that makes an environment of a Python that does nothing."""
    python = tmp_path / "python"
    python.write_text(
        "#!/bin/sh\nmkdir -p .venv/bin && printf '#!/bin/sh\\n' >.venv/bin/python && chmod +x .venv/bin/python\n"
    )
    python.chmod(0o755)
    for words in (["TORCH=cpu"], ["--always-make"]):
        process = make(".venv/package", f"PYTHON={python}", *words)
        assert process.returncode == 0, process.stderr
        assert process.stdout.startswith("Fetching what .venv lacks of ")
    assert "note:" not in plan("demo", "TORCH=cpu").stdout


@pytest.mark.parametrize("value", ["gpu", "CPU", "cpu cpu"])
def test_another_torch_is_refused_in_one_line(plan, value):
    process = plan("demo", f"TORCH={value}")
    assert process.returncode == 2 and process.stdout == ""
    (line,) = process.stderr.splitlines()
    assert f"TORCH={value}: expected cpu, or nothing for what pip chooses" in line


def read_measured():
    return read_csv(ROOT / "docs" / "install.csv", ("version", "measured", "python"))


def sum_sizes(**wanted):
    """Return the number of packages in docs/install.csv that are so, and their size in GB."""
    rows = [row for row in read_measured() if all(row[key] == value for key, value in wanted.items())]
    return len(rows), sum(row["bytes"] for row in rows) / 1e9


def test_what_is_fetched_is_said_before_with_its_measured_size(plan):
    """Number and size of the packages, of CUDA's among them, and of what tests add, as docs/install.csv has them."""
    said = plan("test").stdout
    lines = [line for line in said.splitlines() if line.startswith('echo "')]
    (number, size), (_, cuda) = sum_sizes(step="demo"), sum_sizes(step="demo", cuda="True")
    assert f"{number} packages, {size:.1f} GB, {cuda:.1f} GB of them CUDA's" in lines[0]
    number, size = sum_sizes(step="test")
    assert f"{number} packages more, {size:.1f} GB" in lines[1]
    assert said.index(lines[0]) < said.index("--editable .") < said.index(lines[1]) < said.index(".[dev]")


def test_the_sizes_are_of_the_machine_that_is_named():
    ((measured, machine),) = {(row["measured"], row["machine"]) for row in read_measured()}
    assert MAKEFILE.count(f"measured {measured[:7]}, {machine}") == 2


def test_all_that_the_demo_writes_is_ignored_by_git(script):
    top = script.OUT.relative_to(ROOT).parts[0]
    assert f"{top}/" in (ROOT / ".gitignore").read_text().splitlines()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["epochs"], "expected key=value, such as epochs=2 or out=FOLDER, got 'epochs'"),
        (["out="], "got 'out='"),
        (["data=coco8.yaml"], "'data' is the demo's own; 'yolo train data=coco8.yaml …' takes any"),
        (["epochs=2", "loss=eiou"], "'loss' is the demo's own"),
    ],
)
def test_an_argument_that_does_not_fit_is_told_before_anything_is_written(script, args, words, tmp_path, monkeypatch):
    monkeypatch.setattr(script, "OUT", tmp_path / "out")
    with pytest.raises(ArgumentError, match=re.escape(words)):
        script.main(args)
    assert not list(tmp_path.iterdir())


def test_further_arguments_are_of_the_training(script, tmp_path):
    assert script.read_arguments([f"out={tmp_path}", "epochs=2"]) == (tmp_path, {"epochs": "2"})
    assert script.read_arguments([]) == (script.OUT, {})


def make_evaluation(shift):
    """Ten images, of which the third and every later one have three objects; a detection beside each of them."""
    images = [{"id": i, "file_name": f"images/{i}.png", "width": 64, "height": 64} for i in range(1, 11)]
    places = [(i, 20 * k) for i in range(1, 11) for k in range(3 if i > 2 else 2)]
    records = [{"image_id": i, "category_id": 1, "bbox": [x, 5, 18, 30]} for i, x in places]
    truth = [{**one, "id": number, "area": 540, "iscrowd": 0} for number, one in enumerate(records, 1)]
    found = [{**one, "bbox": [one["bbox"][0] + shift, 5, 18, 30], "score": 0.9} for one in records]
    return Evaluation(GroundTruth(images, truth, [{"id": 1, "name": "box"}], "box"), found, {})


@pytest.fixture
def images(tmp_path):
    """The folder of the images of `make_evaluation`; the n-th has a brightness of 20 n."""
    (tmp_path / "images").mkdir()
    for number in range(1, 11):
        cv2.imwrite(str(tmp_path / "images" / f"{number}.png"), np.full((64, 64, 3), 20 * number, np.uint8))
    return tmp_path


def test_the_picture_has_the_first_unseen_images_with_objects_and_both_losses(script, images):
    """The third image and every later one have three objects; detections lie 0 and 2 pixels beside the first at x=0."""
    evaluations = {"ciou": make_evaluation(0), "focal_eiou": make_evaluation(2)}
    figure = script.draw(evaluations, {"ciou": {"AP50": 0.613}, "focal_eiou": {"AP50": 0.587}}, images)
    assert len(figure.axes) == 18
    assert [axis.images[0].get_array().mean() for axis in figure.axes] == [20 * i for i in range(3, 9)] * 3
    assert [axis.get_ylabel() for axis in figure.axes[::6]] == ["truth", "CIoU, mAP50 0.61", "Focal-EIoU, mAP50 0.59"]
    solid = [[box for box in axis.patches if box.get_linestyle() == "-"] for axis in figure.axes]
    assert [boxes[0].get_x() + 0.5 for boxes in solid] == [0] * 12 + [2] * 6
    assert "one training each can't say" in figure.get_suptitle()


def test_the_title_says_what_is_drawn(script, images):
    """Six images of three objects: as many boxes with CIoU; those with Focal-EIoU are below the score that is shown."""
    missed = make_evaluation(0)
    evaluations = {
        "ciou": make_evaluation(0),
        "focal_eiou": Evaluation(missed.truth, [{**one, "score": 0.2} for one in missed.predictions], {}),
    }
    figure = script.draw(evaluations, {"ciou": {"AP50": 0.6}, "focal_eiou": {"AP50": 0.0}}, images)
    assert ", 18 objects; boxes found: 18 with CIoU, 0 with Focal-EIoU. " in figure.get_suptitle()
    first, below = figure.axes[0].patches, figure.axes[12].patches
    assert [box.get_linestyle() for box in (*first, *below)] == ["-"] * 3 + ["--"] * 3
    assert "Objects: white, dashed below the first row." in figure.get_supxlabel()


def test_a_training_below_the_goal_fails_unless_arguments_were_given(script, monkeypatch, tmp_path, capsys):
    rows = {"ciou": {"AP50": 0.6, "images": 200}, "focal_eiou": {"AP50": 0.499, "images": 200}}
    monkeypatch.setattr(script, "OUT", tmp_path)
    monkeypatch.setattr(script, "use_own_settings", lambda out: None)
    monkeypatch.setattr(script, "make_data", lambda out: out / "data" / "shapes.yaml")
    monkeypatch.setattr(script, "train", lambda loss, *rest: (None, rows[loss]))
    monkeypatch.setattr(script, "draw", lambda *rest: None)
    monkeypatch.setattr(script, "save_picture", lambda *rest: None)
    with pytest.raises(SystemExit, match=r"should reach a mAP50 of 0\.5, and Focal-EIoU has 0\.499"):
        script.main([])
    script.main(["epochs=2"])
    rows["focal_eiou"]["AP50"] = 0.5
    script.main([])
    assert "Focal-EIoU: mAP50 0.500 on 200 unseen images." in capsys.readouterr().out


def take_snapshot(*folders):
    """Return all files and folders below some, files with their contents."""
    return {
        path: path.read_bytes() if path.is_file() else None for folder in folders for path in sorted(folder.rglob("*"))
    }


@pytest.mark.slow
def test_a_run_writes_into_its_folder_alone_and_again(tmp_path, real_python):
    """With a home whose Ultralytics has settings: these and the folders that they name are as they were, to the byte.

    A second run begins again, with the same images; an interrupted one would, too.
    """
    from ultralytics.utils import SettingsManager

    home, users, work, out = (tmp_path / name for name in ("home", "users", "work", "out"))
    for folder in (home, users / "datasets", users / "runs", users / "weights", work):
        folder.mkdir(parents=True)
    settings = home / ".config" / "Ultralytics" / "settings.json"
    settings.parent.mkdir(parents=True)
    SettingsManager(settings).update({f"{kind}_dir": str(users / kind) for kind in ("datasets", "runs", "weights")})
    assert json.loads(settings.read_text())["runs_dir"] == str(users / "runs")
    before = take_snapshot(home, users, work)
    own = ("YOLO_CONFIG_DIR", "YOLO_AUTOINSTALL", "MPLCONFIGDIR", "TORCH_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in own and "XDG_" not in name}
    environment |= {"HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    small = ["epochs=1", "fraction=0.02", "imgsz=32", "batch=16"]
    for _ in range(2):
        line = [sys.executable, str(SCRIPTS / "demo.py"), f"out={out}", *small]
        process = subprocess.run(
            line, cwd=work, env=environment, capture_output=True, text=True, check=False, timeout=600
        )
        assert process.returncode == 0, process.stderr
        assert take_snapshot(home, users, work) == before
        for loss in ("ciou", "focal_eiou"):
            with open(out / loss / "results.csv", newline="") as file:
                assert len(list(csv.DictReader(file))) == 1
            assert f"loss: {loss}\n" in (out / loss / "args.yaml").read_text()
            assert str(out / loss / "weights" / "best.pt") in process.stdout
        assert process.stdout.count("  epoch 1 of 1: mAP50 ") == process.stdout.count("  epoch ") == 2
        assert process.stdout.endswith(f"picture {out / 'detections.png'}\n")
    assert cv2.imread(str(out / "detections.png")).shape[1] > 1500
    assert {path.name for path in out.iterdir()} == {"data", "settings", "ciou", "focal_eiou", "detections.png"}
    assert (out / "settings" / "Ultralytics" / "settings.json").is_file() or list((out / "settings").glob("*.json"))


@pytest.mark.slow
def test_an_unknown_argument_of_the_training_is_one_line(tmp_path, real_python):
    line = [sys.executable, str(SCRIPTS / "demo.py"), f"out={tmp_path / 'out'}", "epohcs=2"]
    process = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600)
    assert process.returncode == 2
    (said,) = [line for line in process.stderr.splitlines() if "epohcs" in line]
    assert said.startswith("error:") and "Traceback" not in process.stderr

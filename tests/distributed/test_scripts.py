"""The scripts for a node and for Slurm, in processes on CPU and with stand-ins for Slurm's own commands."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.runs import results, short, stand_ins, typed
from yolo_feiou.yolo.distributed import RANKS_SINCE

SCRIPTS = Path(__file__).parents[2] / "scripts"
NAMES = ("train_coco.sh", "train_coco.slurm", "ablate_slurm.sh")
RECIPE = "cfg=coco/yolov8.yaml"


def train_coco(*words, **environment):
    environment = {**os.environ, "PYTHON": sys.executable, "PROCESSES": "2", **environment}
    line = [SCRIPTS / "train_coco.sh", *words]
    return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=200, check=False)


def test_a_dry_run_prints_the_command():
    (line,) = train_coco("data=coco.yaml", "loss=focal_eiou", DRY_RUN="1", ID="mine").stdout.splitlines()
    assert line.split()[0] == "TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1"
    assert line.split()[2:4] == ["-m", "torch.distributed.run"]
    assert {"--nnodes=1", "--nproc-per-node=2", "--max-restarts=3", "--rdzv-id=mine"} <= set(line.split())
    assert line.split()[-5:] == ["yolo_feiou", "train", RECIPE, "data=coco.yaml", "loss=focal_eiou"]
    named = train_coco("data=coco.yaml", "cfg=coco/1x.yaml", DRY_RUN="1").stdout
    assert RECIPE not in named and "cfg=coco/1x.yaml" in named
    assert RECIPE in train_coco("data=coco.yaml", "model=yolov8n.yaml", DRY_RUN="1").stdout


def test_a_detector_beside_yolo_has_no_recipe_of_yolo():
    words = train_coco("data=coco.yaml", "model=retinanet.yaml", DRY_RUN="1").stdout.split()
    assert words[-4:] == ["yolo_feiou", "train", "data=coco.yaml", "model=retinanet.yaml"]


def test_each_of_several_nodes_has_the_same_command():
    several = {"MACHINES": "4", "HOST": "node1:29500", "ID": "mine", "DRY_RUN": "1"}
    words = train_coco("data=coco.yaml", **several).stdout.split()
    assert {"--nnodes=4", "--rdzv-endpoint=node1:29500", "--rdzv-id=mine"} <= set(words)
    missing = train_coco("data=coco.yaml", **{**several, "ID": ""})
    assert missing.returncode == 2 and "several nodes need HOST=name:port and ID=name" in missing.stderr
    assert train_coco("loss=eiou").returncode == 2


def test_the_same_command_is_the_same_training_unless_told_otherwise():
    def named(*words, **environment):
        return [word for word in train_coco(*words, DRY_RUN="1", **environment).stdout.split() if "--rdzv-id=" in word]

    assert named("data=coco.yaml", "seed=0") == named("data=coco.yaml", "seed=0")
    assert named("data=coco.yaml", "seed=0") != named("data=coco.yaml", "seed=1")
    assert named("data=coco.yaml", ID="mine") == ["--rdzv-id=mine"]


@pytest.mark.slow
@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_training_that_is_finished_is_not_begun_again(tmp_path, data, release, processes):
    """By the command that the script prints, each time anew."""
    release(RANKS_SINCE)
    words = ["cfg=coco/1x.yaml", "model=yolov8n.yaml", "close_mosaic=0", "loss=eiou"]
    words += short(data=data, project=tmp_path / "runs", name="run")

    def train():
        setting, *line = typed(train_coco(*words, PROCESSES=processes, DRY_RUN="1").stdout)
        environment = {**os.environ, **dict([setting.split("=")])}
        return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=200, check=False)

    first = train()
    assert first.returncode == 0 and len(results(tmp_path / "runs" / "run")) == 1, first.stderr[-2000:]
    again = train()
    assert again.returncode == 0 and "what this command trained, and finished" in again.stdout + again.stderr
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["run"]
    assert len(results(tmp_path / "runs" / "run")) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["data=shapes.yaml", "loss=eoiu"], "did you mean 'eiou'"),
        (["data=nowhere.yaml"], "data=nowhere.yaml: there is no such file"),
        (["data=shapes.yaml", "epocs=3"], "'epocs' is not a valid YOLO argument"),
        (["data=shapes.yaml", "cfg=coco/yolov9.yaml"], "did you mean 'coco/yolov8.yaml'"),
        (["data=shapes.yaml", "project=Bob's"], "project= and name=: Ultralytics can't load weights from"),
        (["data=shapes.yaml", "model=atss.yaml", "mosaic=0"], "'mosaic' is no argument of a detector's training"),
    ],
)
def test_a_mistake_is_one_line(words, message):
    line = [sys.executable, "-m", "yolo_feiou.dispatch", "check", *words]
    done = subprocess.run(line, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 2 and message in done.stderr and done.stderr.count("error: ") == 1


@pytest.mark.slow
@pytest.mark.parametrize("model", ["yolov8n.yaml", "retinanet_r18.yaml"])
def test_a_mistake_is_said_once_before_any_process_starts(model):
    done = train_coco("data=shapes.yaml", f"model={model}", "loss=eoiu")
    assert done.returncode == 2 and "did you mean 'eiou'" in done.stderr
    assert done.stderr.count("error: ") == 1 and "torch.distributed" not in done.stderr


@pytest.fixture
def installed(tmp_path):
    """The folder of an environment's commands, with the scripts and a Python, which is not on the PATH."""
    folder = tmp_path / "environment"
    stand_ins(folder, python=f'exec {sys.executable} "$@"')
    for name in NAMES:
        shutil.copy(SCRIPTS / name, folder)
    return folder


def test_the_scripts_need_nothing_else_of_the_repository(slurm, installed, tmp_path):
    environment = {**slurm, "SLURM_SUBMIT_DIR": str(tmp_path), "DRY_RUN": "1", "PROCESSES": "2"}
    environment["PATH"] = f"{installed}:{slurm['PATH']}"
    how = {"cwd": tmp_path, "capture_output": True, "text": True, "timeout": 60, "check": False}
    line = [installed / "train_coco.slurm", "data=coco.yaml", "model=yolov8n.yaml"]
    assert RECIPE in subprocess.run(line, env=environment, **how).stdout.split()
    plan = {"sbatch": 'echo "$ABLATE_KEYS"', "yolo-feiou": 'echo "1 0a1b loss=eiou"'}
    environment["PATH"] = stand_ins(tmp_path / "cluster", **plan)
    assert subprocess.run([installed / "ablate_slurm.sh", "out=x"], env=environment, **how).stdout.split() == ["0a1b"]


def test_a_job_takes_the_script_of_the_checkout_that_it_is_submitted_from(slurm, installed, tmp_path):
    own = tmp_path / "scripts" / "train_coco.sh"
    own.parent.mkdir()
    own.write_text("#!/bin/sh\necho of the checkout\n")
    own.chmod(0o755)
    environment = {**slurm, "SLURM_SUBMIT_DIR": str(tmp_path), "PATH": f"{installed}:{slurm['PATH']}"}
    done = subprocess.run([installed / "train_coco.slurm"], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "of the checkout\n"


def test_the_python_beside_the_script_trains_as_it_has_the_package(installed):
    """So the command works by its path too, without the environment on the PATH."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHON"}
    environment |= {"DRY_RUN": "1", "PROCESSES": "2"}

    def interpreter(script):
        line = [script, "data=coco.yaml"]
        done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=60, check=True)
        return done.stdout.split()[1]

    assert interpreter(installed / "train_coco.sh") == str(installed / "python")
    environment["PATH"] = stand_ins(installed.parent / "path", python="exit 1")
    assert interpreter(SCRIPTS / "train_coco.sh") == str(installed.parent / "path" / "python")


@pytest.mark.parametrize("name", NAMES)
def test_help_is_what_the_script_begins_with(name):
    done = subprocess.run([SCRIPTS / name, "--help"], capture_output=True, text=True, timeout=60, check=True)
    comment = re.match(r"#!.*\n((?:# .*\n|#\n)+)", (SCRIPTS / name).read_text())[1]
    assert done.stdout == re.sub("^# ?", "", comment, flags=re.MULTILINE)
    assert re.search(rf"^Usage: (sbatch .*)?{name} ", done.stdout, re.MULTILINE)


@pytest.fixture
def slurm(tmp_path):
    """The environment of a job of Slurm on this machine, with an srun that just runs."""
    path = stand_ins(
        tmp_path / "bin",
        srun='[ "$2" = --cpus-per-task=64 ] || exit 9\nshift 2\nexec "$@"',
        scontrol='[ "$1" = show ] && echo localhost && exit; echo "$@" > scontrol.txt',
    )
    job = {"SLURM_NNODES": "1", "SLURM_JOB_ID": "4711", "SLURM_JOB_NODELIST": "node[1-2]", "SLURM_CPUS_PER_TASK": "64"}
    return {**os.environ, **job, "SLURM_SUBMIT_DIR": str(SCRIPTS.parent), "PATH": path, "PYTHON": sys.executable}


def test_a_job_of_slurm_starts_torchrun_on_each_of_its_nodes(slurm, tmp_path):
    environment = {**slurm, "SLURM_NNODES": "2", "DRY_RUN": "1", "PROCESSES": "8"}
    line = [SCRIPTS / "train_coco.slurm", "data=coco.yaml", "loss=eiou"]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=60, check=True)
    expected = {"--nnodes=2", "--nproc-per-node=8", "--rdzv-endpoint=localhost:24711", "--rdzv-id=4711", "loss=eiou"}
    assert expected <= set(done.stdout.split())
    assert (
        "--rdzv-id=mine"
        in subprocess.run(
            line, env={**environment, "ID": "mine"}, capture_output=True, text=True, timeout=60, check=True
        ).stdout
    )
    elsewhere = {**environment, "SLURM_SUBMIT_DIR": str(tmp_path), "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    done = subprocess.run(line, env=elsewhere, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "there is no train_coco.sh on the PATH" in done.stderr


@pytest.mark.slow
def test_a_job_whose_time_runs_out_is_requeued_and_resumes(slurm, tmp_path, data, release):
    release(RANKS_SINCE)
    words = [
        "cfg=coco/1x.yaml",
        "model=yolov8n.yaml",
        *short(data=data, project=tmp_path / "runs", name="run", epochs=4),
    ]
    words += ["loss=focal_eiou:gamma=0.25", "close_mosaic=0"]
    line, folder = [SCRIPTS / "train_coco.slurm", *words], tmp_path / "runs" / "run"
    environment = {**slurm, "PROCESSES": "2"}
    with subprocess.Popen(line, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL) as job:
        deadline = time.monotonic() + 100
        while not (folder / "weights" / "last.pt").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        job.send_signal(signal.SIGUSR1)
        assert job.wait(60) == 0
    assert (tmp_path / "scontrol.txt").read_text() == "requeue 4711\n"
    done = len(results(folder))
    assert 1 <= done < 4
    again = subprocess.run(
        line, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=200, check=False
    )
    assert again.returncode == 0, again.stderr[-2000:]
    assert re.search(rf"Resuming training \S+ from epoch [{done}{done + 1}]", again.stdout)
    assert [row["epoch"] for row in results(folder)] == list("1234")
    assert again.stdout.count("Box loss: focal_eiou (gamma=0.25") == 2


@pytest.mark.slow
def test_a_job_of_a_detector_is_requeued_and_resumes(slurm, tmp_path, data):
    words = ["model=retinanet_r18.yaml", f"data={data}", f"project={tmp_path / 'runs'}", "name=run", "loss=focal_eiou"]
    words += ["imgsz=64", "batch=4", "workers=0", "device=cpu", "val=false", "iterations=10", "intervals=5"]
    line, folder = [SCRIPTS / "train_coco.slurm", *words], tmp_path / "runs" / "run"
    environment = {**slurm, "PROCESSES": "2"}
    with subprocess.Popen(line, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL) as job:
        deadline = time.monotonic() + 100
        while not (folder / "weights" / "last.pt").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        job.send_signal(signal.SIGUSR1)
        assert job.wait(60) == 0
    assert (tmp_path / "scontrol.txt").read_text() == "requeue 4711\n"
    assert 1 <= len(results(folder)) < 5
    requeued = subprocess.run(
        line, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=200, check=False
    )
    assert requeued.returncode == 0, requeued.stderr[-2000:]
    assert requeued.stdout.count(f"Resuming {folder}, which this command began and didn't finish.") == 1
    assert [int(row["epoch"]) for row in results(folder)] == [*range(1, 6)]
    assert [path.name for path in folder.parent.iterdir()] == ["run"]


def test_a_failure_is_not_requeued(slurm, tmp_path):
    (tmp_path / "bin" / "srun").write_text("#!/bin/sh\nexit 3\n")
    done = subprocess.run([SCRIPTS / "train_coco.slurm", "data=x"], cwd=tmp_path, env=slurm, timeout=60, check=False)
    assert done.returncode == 3 and not (tmp_path / "scontrol.txt").exists()

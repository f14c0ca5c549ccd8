"""The same grid as an array job of Slurm, and one run of it at a time."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ablation.process_helpers import epochs_done, the_run, until
from tests.runs import stand_ins
from yolo_feiou.ablation.store import run_folders

pytestmark = pytest.mark.slow

SLURM = Path(__file__).parents[2] / "scripts" / "ablate_slurm.sh"


def test_the_number_of_a_plan_chooses_that_run_alone(command, words, tmp_path):
    plan = command(*words("plan=True", losses="ciou,eiou", seeds="0,1"))
    lines = plan.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["1", "2", "3", "4"] and not (tmp_path / "out").exists()
    done = command(*words("only=3", losses="ciou,eiou", seeds="0,1"))
    assert done.returncode == 0
    (folder,) = run_folders(tmp_path / "out")
    assert lines[2].split()[1:] == [folder.key, "loss=eiou", "seed=0"]
    assert json.loads((folder.path / "run.json").read_text())["arguments"]["loss"] == "eiou"


@pytest.fixture
def slurm(tmp_path):
    """The environment of a cluster whose sbatch and scontrol only write down their words, and keep ABLATE_KEYS."""
    path = stand_ins(
        tmp_path / "bin",
        sbatch='printf "%s\\n" "$@" > sbatch.txt; echo "$ABLATE_KEYS" > keys.txt',
        scontrol='echo "$@" > scontrol.txt',
        yolo_feiou=f'echo "Some words of others"\nexec {sys.executable} -m yolo_feiou "$@"',
    )
    return {**os.environ, "PATH": path, "SBATCH_OPTIONS": "--gres=gpu:1 --time=60"}


def test_a_task_of_slurm_does_the_run_of_its_key(words, tmp_path, slurm):
    """Submitted, and then as task 2 of the array, of a grid to which a loss was added in front meanwhile."""
    line = [str(SLURM), *words(losses="ciou,eiou", seeds=0)[1:]]
    subprocess.run(line, cwd=tmp_path, env=slurm, check=True, timeout=120)
    told = (tmp_path / "sbatch.txt").read_text().splitlines()
    assert "--array=1-2" in told and "--gres=gpu:1" in told and "--requeue" in told
    assert told[told.index(str(SLURM)) + 1 :] == line[1:]
    task = {**slurm, "SLURM_ARRAY_TASK_ID": "2", "ABLATE_KEYS": (tmp_path / "keys.txt").read_text()}
    line = [str(SLURM), *words(losses="iou,ciou,eiou", seeds=0)[1:]]
    subprocess.run(line, cwd=tmp_path, env=task, check=True, timeout=200)
    (folder,) = run_folders(tmp_path / "out")
    assert folder.run().arguments["loss"] == "eiou" and folder.row()["status"] == "done"


def test_an_array_of_runs_that_are_not_known_before_is_refused(words, tmp_path, slurm):
    line = [str(SLURM), *words(losses="ciou,eiou", until=0.5)[1:]]
    refused = subprocess.run(line, cwd=tmp_path, env=slurm, check=False, capture_output=True, text=True, timeout=120)
    assert refused.returncode == 2 and "submit 'yolo ablate' itself, several times" in refused.stderr
    assert not (tmp_path / "sbatch.txt").exists()


def test_a_task_of_slurm_whose_time_runs_out_is_requeued(words, tmp_path, slurm):
    line = [str(SLURM), *words(losses="ciou,eiou", seeds=0, epochs=50)[1:]]
    subprocess.run(line, cwd=tmp_path, env=slurm, check=True, timeout=120)
    keys = (tmp_path / "keys.txt").read_text()
    task = {**slurm, "SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_JOB_ID": "77", "ABLATE_KEYS": keys}
    with subprocess.Popen(line, cwd=tmp_path, env=task) as process:
        folder = the_run(tmp_path)
        until(lambda: epochs_done(folder) >= 1)
        process.send_signal(signal.SIGTERM)  # as Slurm does a minute before the end
        assert process.wait(60) == 0
    assert (tmp_path / "scontrol.txt").read_text() == "requeue 77_1\n"
    assert not folder.busy and folder.row() is None and folder.last.exists()

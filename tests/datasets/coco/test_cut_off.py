"""A command that is stopped anywhere, finds no space, or is not alone."""

import errno
import os
import resource
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from tests.datasets.coco.assertions import EXTRACTED, refusal, tree
from tests.datasets.coco.factories import labels, own_data
from tests.datasets.coco.server import serving
from yolo_feiou.datasets.coco import command, convert
from yolo_feiou.datasets.coco.command import prepare_coco
from yolo_feiou.errors import ArgumentError
from yolo_feiou.storage.locks import hold_lock


def test_a_full_disk_is_a_message_and_leaves_no_half(own, out, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(convert, "write_task", full)
    assert "no space left" in refusal(own)
    assert (
        tree(out) == ["images/train", "prepared.sha256", "preparing.json"]
        and not (out / "labels" / "train.part").exists()
    )
    monkeypatch.undo()
    prepare_coco(own)
    assert (out / "prepared.json").exists()
    monkeypatch.setattr(convert, "write_task", full)
    refusal([*own, "missing=skip"])  # what was whole is not taken for the new
    assert not (out / "prepared.json").exists() and not (out / "mine.yaml").exists()


@pytest.mark.slow
def test_a_real_limit_of_the_disk_is_a_message(own, out, tmp_path):
    # As the disk quota of a user: no file may grow beyond 10 bytes.
    words = own_data(tmp_path / "own")
    code = "import sys; from yolo_feiou.cli import main; sys.argv[1:1] = ['prepare', 'coco']; main()"
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))  # noqa: E731
    (out / "labels").mkdir(parents=True)
    line = [sys.executable, "-c", code, f"out={out}", *words]
    unmeasured = {key: value for key, value in os.environ.items() if not key.startswith("COVERAGE_")}  # in a file
    done = subprocess.run(line, preexec_fn=limit, env=unmeasured, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "there is no space left" in done.stderr and "Traceback" not in done.stderr
    assert not (out / "prepared.json").exists() and not (out / "mine.yaml").exists()
    prepare_coco(own)


@pytest.mark.slow
def test_killed_anywhere_the_same_command_completes_it(coco, tmp_path, monkeypatch):
    """The process kills itself before the n-th step that changes the disk, for every n."""
    files, published = coco
    with serving(files) as server:
        prepare_coco([f"out={tmp_path / 'whole'}"], published, server.url)
        expected = {
            path: (tmp_path / "whole" / path).read_bytes() for path in EXTRACTED[:-4] if "coco.yaml" not in path
        }
        step, killed = 0, 0
        while True:
            out = tmp_path / f"out{step}"
            pid = os.fork()
            if not pid:
                try:
                    die_at(step)
                    prepare_coco([f"out={out}"], published, server.url)
                    os._exit(0)
                finally:
                    os._exit(1)
            end = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            if end == 0:
                break
            assert end == -signal.SIGKILL
            killed += 1
            if (out / "coco.yaml").exists():  # whoever trains with it finds all labels
                assert labels(out / "labels") == labels(tmp_path / "whole" / "labels")
            prepare_coco([f"out={out}"], published, server.url)
            assert [path for path in tree(out) if path != ".preparing.lock"] == EXTRACTED
            assert all((out / path).read_bytes() == content for path, content in expected.items())
            step += 1
    assert killed > 30


def die_at(step):
    """Kill this process before its n-th call that makes, renames or removes something."""
    left = [step]

    def hook(event, arguments):
        changes = event in ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.symlink", "shutil.rmtree") or (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        )
        if changes:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def test_a_second_command_in_the_folder_is_refused(own, out):
    script = f"""
import sys, time, pathlib
from yolo_feiou.storage.locks import hold_lock
with hold_lock(pathlib.Path({str(out / ".preparing.lock")!r})):
    print("held", flush=True)
    time.sleep(60)
"""
    out.mkdir(parents=True)
    other = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "held\n"
    assert "another process is preparing" in refusal(own, ArgumentError, patience=0.1)
    other.kill()
    other.wait()
    prepare_coco(own)


def test_what_another_process_wrote_meanwhile_stays(own, out, tmp_path, monkeypatch):
    """The other one is done while this one waits for the lock: what this one knows of the folder is out of date."""

    @contextmanager
    def after_another(path, patience):
        monkeypatch.undo()
        prepare_coco(own)
        with hold_lock(path, patience):
            yield

    monkeypatch.setattr(command, "hold_lock", after_another)
    assert "another process has just written to out=" in refusal([*own, "missing=skip"], ArgumentError)
    assert (out / "prepared.json").exists() and (out / "mine.yaml").exists()
    prepare_coco([*own, "missing=skip"])

"""A session says which versions, commit and hardware trained."""

import subprocess
from datetime import datetime, timezone

import pytest
import torch
import ultralytics

from yolo_feiou.results.provenance import (
    DEVICE,
    find_git_commit,
    find_versions,
    get_utc_time,
    make_session,
    name_cpu,
    name_hardware,
)


def git(folder, *words):
    """Run git as somebody, without the settings of whoever runs the tests."""
    settings = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *settings, *words], cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def package(tmp_path):
    """The folder of a package in a checkout."""
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (tmp_path / "README.md").write_text("")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=Begin")
    find_git_commit.cache_clear()
    return folder


def test_a_checkout_is_named_by_its_commit(package, tmp_path):
    (tmp_path / "README.md").write_text("changed, and no part of the package")
    assert find_git_commit(package) == git(package, "rev-parse", "HEAD")[:12]


@pytest.mark.parametrize("name", ["__init__.py", "new.py"])
def test_a_file_that_differs_from_the_commit_is_a_plus(package, name):
    (package / name).write_text("x = 1")
    assert find_git_commit(package) == git(package, "rev-parse", "HEAD")[:12] + "+"


def test_a_package_that_is_installed_in_a_checkout_of_something_else_has_no_commit(package, tmp_path):
    installed = tmp_path / ".venv" / "package"
    installed.mkdir(parents=True)
    (installed / "__init__.py").write_text("")
    assert find_git_commit(installed) == ""


def test_outside_a_checkout_and_without_git_there_is_no_commit(package, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / ".git").rename(tmp_path / "moved")
    assert find_git_commit(package) == ""
    (tmp_path / "moved").rename(tmp_path / ".git")
    find_git_commit.cache_clear()
    monkeypatch.setenv("PATH", str(package))
    assert find_git_commit(package) == ""


def test_versions_are_those_that_are_imported():
    found = find_versions()
    assert found["ultralytics"] == ultralytics.__version__
    assert found["torch"].partition("+")[0] == torch.__version__.partition("+")[0]


def test_a_session_begins_after_the_epochs_that_are_done(monkeypatch):
    monkeypatch.delenv(DEVICE, raising=False)
    entry = make_session(3, "cpu")
    assert (entry["first_epoch"], entry["device"], entry["machine"]) == (4, "cpu", name_hardware("cpu"))
    assert make_session(0, "")["device"] == "chosen by Ultralytics"
    monkeypatch.setenv(DEVICE, "5")  # which the process itself sees as 0
    assert make_session(0, "0")["device"] == "5"


def test_the_time_is_in_utc_to_the_second():
    read = datetime.fromisoformat(get_utc_time())
    assert read.utcoffset().total_seconds() == 0 and read.microsecond == 0
    assert abs((datetime.now(timezone.utc) - read).total_seconds()) < 60


def test_gpus_are_named_once_each_and_a_cpu_by_its_cores(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 3)
    monkeypatch.setattr("torch.cuda.get_device_name", ("B", "A", "B").__getitem__)
    assert name_hardware("") == name_hardware("0,1,2") == "A, B"
    assert name_hardware("cpu").endswith(" cores")


def test_a_cpu_has_the_kernel_s_name_and_the_instructions_that_pytorch_uses(monkeypatch, tmp_path):
    """Two processors of an architecture give two trainings of the same seed, and must not look the same."""
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Some  CPU @ 2 GHz\nmodel name\t: Other\n")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr("platform.processor", lambda: "")
    assert name_cpu(tmp_path / "cpuinfo") == "Some CPU @ 2 GHz"
    assert name_cpu(tmp_path / "nothing") == "x86_64"
    (tmp_path / "cpuinfo").write_text("Hardware\t: BCM\n")
    assert name_cpu(tmp_path / "cpuinfo") == "x86_64"
    monkeypatch.setattr("torch.backends.cpu.get_cpu_capability", lambda: "AVX9")
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    assert name_hardware("cpu") == f"{name_cpu()} (AVX9), 3 cores"

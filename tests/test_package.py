"""Importing is light: torch at most, nothing printed, nothing patched."""

import base64
import hashlib
import os
import pkgutil
import re
import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

import yolo_feiou
from tests.runs import short


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_import_brings_no_ultralytics_and_prints_nothing(real_python):
    assert (
        python("import yolo_feiou, sys; assert 'ultralytics' not in sys.modules; yolo_feiou.build_loss('eiou')") == ""
    )


def test_public_names_are_there():
    assert all(getattr(yolo_feiou, name) for name in yolo_feiou.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        yolo_feiou.nope  # noqa: B018


def test_the_python_page_has_every_public_name():
    """By the place of its definition, from which mkdocstrings takes the docstring."""
    page = (Path(__file__).parents[1] / "docs" / "python.md").read_text(encoding="utf-8")
    named = [pkgutil.resolve_name(place) for place in re.findall(r"^::: (\S+)$", page, re.MULTILINE)]
    public = [getattr(yolo_feiou, name) for name in yolo_feiou.__all__ if name != "__version__"]
    assert [one for one in public if not any(one is shown for shown in named)] == []


def test_import_of_trainers_patches_nothing(real_python):
    code = """
from ultralytics.utils import DEFAULT_CFG_DICT
import ultralytics, subprocess, torch
before = dict(DEFAULT_CFG_DICT), ultralytics.YOLO, subprocess.run, torch.nn.parallel.DistributedDataParallel
from yolo_feiou import YOLO, DetectionTrainer
assert before == (DEFAULT_CFG_DICT, ultralytics.YOLO, subprocess.run, torch.nn.parallel.DistributedDataParallel)
"""
    python(code)


@pytest.mark.slow
def test_the_files_of_ultralytics_stay_as_pip_installed_them(command, data, tmp_path):
    """After a training by our command each of them has the checksum that pip wrote down."""
    assert command("train", "model=yolov8n.yaml", "loss=eiou", *short(data=data, project=tmp_path)).returncode == 0
    files = [file for file in distribution("ultralytics").files if file.hash and file.suffix in (".py", ".yaml")]
    assert len(files) > 100
    for file in files:
        assert file.hash.mode == "sha256"
        digest = hashlib.sha256(file.locate().read_bytes()).digest()
        assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == file.hash.value, file


@pytest.mark.slow
def test_an_installed_wheel_finds_its_files(tmp_path):
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(tmp_path),
        ".",
    ]
    subprocess.run(build, cwd=Path(__file__).parents[1], check=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path / "site")
        executable = {file.filename for file in wheel.infolist() if file.external_attr >> 16 & 0o111 == 0o111}
    code = """
import yolo_feiou
from yolo_feiou.yolo.configs import find_data, find_recipe
print(yolo_feiou.__file__, find_data("shapes"), find_recipe("focal_eiou"))
"""
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    printed = done.stdout.splitlines()[-1].split()  # Ultralytics tells before where it makes its settings
    package = tmp_path / "site" / "yolo_feiou"
    assert printed == [
        str(package / "__init__.py"),
        str(package / "cfg" / "datasets" / "shapes.yaml"),
        str(package / "cfg" / "focal_eiou.yaml"),
    ]
    assert (package / "py.typed").is_file()
    (scripts,) = (tmp_path / "site").glob("*.data/scripts")
    commands = {path.name for path in scripts.iterdir()}
    assert commands == {"train_coco.sh", "train_coco.slurm", "ablate_slurm.sh"}
    assert commands == {Path(name).name for name in executable if ".data/scripts/" in name}

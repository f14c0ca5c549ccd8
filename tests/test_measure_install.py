"""The script that measures an install: each package once, by the step that fetches it first."""

import pytest

from tests.scripts import SCRIPTS, load_script
from yolo_feiou.storage.tables import read_csv

FOUND = {
    ".": {"torch": ("2.9.0", "file:///wheels/torch%20.whl"), "triton": ("3.5.0", "https://index/triton.whl")},
    ".[dev]": {"torch": ("2.9.0", "file:///wheels/torch%20.whl"), "pytest": ("9.0", "https://index/pytest.whl")},
}


@pytest.fixture
def script():
    return load_script("measure_install")


def test_a_package_is_of_the_first_step_that_fetches_it(script, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(script, "list_files", FOUND.get)
    monkeypatch.setattr(script, "read_size", lambda url: 10 * len(url))
    script.main([f"out={tmp_path / 'install.csv'}"])
    rows = read_csv(tmp_path / "install.csv", ("version", "measured", "python"))
    assert [(row["step"], row["package"], row["bytes"], row["cuda"]) for row in rows] == [
        ("demo", "torch", 10 * len("file:///wheels/torch%20.whl"), "False"),
        ("demo", "triton", 10 * len("https://index/triton.whl"), "True"),
        ("test", "pytest", 10 * len("https://index/pytest.whl"), "False"),
    ]
    assert capsys.readouterr().out.splitlines()[1] == "test: 1 packages, 0.00 GB, CUDA's 0.00"


def test_a_file_on_disk_has_its_own_size(script, tmp_path):
    (tmp_path / "a b.whl").write_bytes(b"12345")
    assert script.read_size((tmp_path / "a b.whl").as_uri()) == 5


@pytest.mark.parametrize(
    ("name", "cuda"),
    [("nvidia-cublas", True), ("cuda-toolkit", True), ("triton", True), ("torch", False), ("nvidia-ml-py", False)],
)
def test_packages_of_cuda_are_known(script, name, cuda):
    """nvidia-ml-py is asked for by Ultralytics, whatever torch is."""
    assert script.is_cuda(name) is cuda


def test_what_is_measured_is_what_make_installs(script):
    makefile = (SCRIPTS.parent / "Makefile").read_text()
    assert all(f"--editable {what}\n" in makefile.replace("'", "") for what in script.STEPS.values())

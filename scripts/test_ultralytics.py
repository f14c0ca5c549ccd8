"""Run Ultralytics' own tests with its models and command and with ours, and print where ours fail and stock's pass.

    python scripts/test_ultralytics.py [--limit SECONDS] [--out FOLDER] [pytest arguments...]

The tests come with the sdist of the release that is installed; pip fetches it. They run twice on the packages of this
environment, each time in a folder of its own with that sdist and with settings of its own: as they are, and with
`ultralytics.YOLO` and its siblings, the trainers and the command `yolo` replaced by ours. Nothing is installed. Data
sets and weights that they would download are synthetic, of the same form, so that most of what trains works without
network; what doesn't fails alike in both. Without pytest arguments, the files run that train, load, resume, tune or use
the command; that takes an hour on two cores.

The exit status is 1 if a test fails with ours that passes with stock's, and 2 if nothing could be compared.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import ultralytics

ROOT = Path(__file__).resolve().parents[1]
FILES = ["tests/test_cli.py", "tests/test_engine.py", "tests/test_python.py", "tests/test_integrations.py", "--slow"]

#: Loaded by pytest: takes ours for stock's, ends a test that takes too long, and notes each outcome at once.
PLUGIN = """
import json, os, signal
import pytest
import ultralytics.utils
import ultralytics.utils.checks, ultralytics.utils.events  # which go on by what is true

ultralytics.utils.ONLINE = True  # so that tests don't skip themselves: what they need is synthetic

if os.environ["SIDE"] == "ours":
    import ultralytics
    from ultralytics.models import yolo
    from yolo_feiou.yolo.model import MODELS
    from yolo_feiou.yolo.trainers import TRAINERS

    for name, model in MODELS.items():
        setattr(ultralytics, name, model)
    SWAPPED = {
        (task, stock.__name__): ours
        for stock, ours in TRAINERS.items()
        for task in [stock.__module__.split(".")[3]]
        if getattr(getattr(yolo, task, None), stock.__name__, None) is stock
    }
else:
    SWAPPED = {}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    def stop(*_):
        raise TimeoutError(f"longer than {os.environ['LIMIT']} s")

    stock = {}
    if "monkeypatch" not in item.fixturenames:  # who patches a trainer means the class that others derive from
        for (task, name), trainer in SWAPPED.items():
            stock[task, name] = getattr(getattr(yolo, task), name)
            setattr(getattr(yolo, task), name, trainer)
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(int(os.environ["LIMIT"]))
    yield
    signal.alarm(0)
    for (task, name), trainer in stock.items():
        setattr(getattr(yolo, task), name, trainer)


def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        why = str(getattr(getattr(report.longrepr, "reprcrash", None), "message", ""))[:300]
        with open(os.environ["OUTCOMES"], "a") as file:
            file.write(json.dumps([report.nodeid, report.when, report.outcome, why]) + "\\\\n")
"""


def main() -> int:
    """Run both sides and compare them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, default=120, help="seconds a test may take")
    parser.add_argument("--out", type=Path, help="where the logs and outcomes go (default: a temporary folder)")
    options, chosen = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="test-ultralytics-") as scratch:
        out = options.out or Path(scratch) / "out"
        out.mkdir(parents=True, exist_ok=True)
        sdist = fetch_tests(Path(scratch))
        sides = {side: run_side(side, sdist, Path(scratch), out, options.limit, chosen or FILES) for side in SIDES}
    return compare(*sides.values())


SIDES = ("stock", "ours")


def fetch_tests(scratch: Path) -> Path:
    """Return the archive of the installed release, with its tests, from pip's index."""
    name = f"ultralytics=={ultralytics.__version__}"
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "ultralytics", name]
    subprocess.run([*fetch, "--dest", str(scratch)], check=True)
    return next(scratch.glob("ultralytics-*.tar.gz"))


def run_side(side: str, sdist: Path, scratch: Path, out: Path, limit: int, chosen: list[str]) -> dict[str, str]:
    """Run the tests of one side; return their outcomes by test."""
    folder = scratch / side
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")  # the package too: its tests write runs and look for files beside it
    root = next(folder.iterdir())
    (root / "pyproject.toml").unlink()  # its options are for its own developers
    (root / "side.py").write_text(PLUGIN.replace("\\\\n", "\\n"))
    command(root / "bin", "yolo_feiou.cli:main" if side == "ours" else "ultralytics.cfg:entrypoint")
    make_stand_ins(root)
    outcomes = out / f"{side}.jsonl"
    outcomes.unlink(missing_ok=True)
    environment = {
        **os.environ,
        "SIDE": side,
        "LIMIT": str(limit),
        "OUTCOMES": str(outcomes.resolve()),
        "PATH": os.pathsep.join([str(root / "bin"), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join([str(root), str(ROOT)]),
        "YOLO_CONFIG_DIR": str(root / "config"),
        "YOLO_AUTOINSTALL": "false",
    }
    (root / "config").mkdir()
    options = ["-p", "side", "-q", "--tb=short", f"--rootdir={root}", "-o", "markers=slow"]
    line = [sys.executable, "-m", "pytest", *options, *chosen]
    print(f"{side}: {' '.join(line[2:])}", flush=True)
    with (out / f"{side}.log").open("w") as log:
        subprocess.run(line, cwd=root, env=environment, stdout=log, stderr=subprocess.STDOUT, check=False)
    seen = [json.loads(text) for text in outcomes.read_text().splitlines()] if outcomes.exists() else []
    found = {}
    for test, _, outcome, why in seen:
        found[test] = outcome if outcome == "passed" else f"{outcome}: {why}"
    print(f"{side}: {dict(Counter(text.partition(':')[0] for text in found.values()))}", flush=True)
    return found


def command(folder: Path, entry: str) -> None:
    """Write a script `yolo` that runs an entry point in this Python."""
    module, _, function = entry.partition(":")
    folder.mkdir()
    script = folder / "yolo"
    script.write_text(f"#!{sys.executable}\nimport sys\nfrom {module} import {function}\nsys.exit({function}())\n")
    script.chmod(0o755)


def make_stand_ins(root: Path) -> None:
    """Make data sets and weights of the form, but not with the content, of those that the tests download."""
    random = np.random.default_rng(0)
    box = "0 0.5 0.5 0.4 0.4"
    labels = {
        "coco8": box,
        "coco8-seg": "0 0.3 0.3 0.7 0.3 0.7 0.7 0.3 0.7",
        "coco8-pose": f"{box} {' '.join(['0.5 0.5 2'] * 17)}",
        "dota8": "0 0.3 0.3 0.7 0.3 0.7 0.7 0.3 0.7",
    }
    for name, line in labels.items():
        for split in ("train", "val"):
            for kind in ("images", "labels"):
                (root / "datasets" / name / kind / split).mkdir(parents=True)
            for index in range(4):
                image = random.integers(0, 255, (96, 96, 3), np.uint8)
                cv2.imwrite(str(root / "datasets" / name / "images" / split / f"{index}.jpg"), image)
                (root / "datasets" / name / "labels" / split / f"{index}.txt").write_text(line + "\n")
    for split in ("train", "val", "test"):
        for label in range(10):
            folder = root / "datasets" / "imagenet10" / split / f"class{label}"
            folder.mkdir(parents=True)
            for index in range(2):
                image = random.integers(0, 255, (64, 64, 3), np.uint8)
                cv2.imwrite(str(folder / f"{index}.jpg"), image)
    weights = root / "weights"
    (weights / "path with spaces").mkdir(parents=True)
    for task in ("", "-seg", "-pose", "-cls", "-obb", "-sem", "-depth"):
        model = ultralytics.YOLO(f"yolo26n{task}.yaml")
        model.ckpt = {"train_args": {}}
        for folder in (weights, root, *([weights / "path with spaces"] if not task else [])):
            model.save(folder / f"yolo26n{task}.pt")


def compare(stock: dict[str, str], ours: dict[str, str]) -> int:
    """Print what passes in stock and not in ours, and the other way round; return the exit status."""
    passed = [test for test, outcome in stock.items() if outcome == "passed"]
    lost = [test for test in passed if ours.get(test) != "passed"]
    gained = [test for test, outcome in ours.items() if outcome == "passed" and stock.get(test) != "passed"]
    for test in lost:
        print(f"FAILS IN OURS ALONE {test}: {ours.get(test, 'was not run')}")
    for test in gained:
        print(f"fails in stock alone {test}: {stock.get(test, 'was not run')}")
    print(f"Ultralytics {ultralytics.__version__}: {len(stock)} tests, {len(passed)} pass in stock, {len(lost)} of")
    print("those fail in ours" if lost else "those fail in ours: a drop-in as far as they go")
    if not passed:
        print("nothing to compare: the logs say why", file=sys.stderr)
        return 2
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())

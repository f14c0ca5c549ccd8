"""The arguments of a short training, and what a run wrote."""

import csv
import os
import subprocess
from pathlib import Path

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
SHORT = {
    "imgsz": 64,
    "epochs": 1,
    "batch": 8,
    "nbs": 8,
    "optimizer": "AdamW",
    "lr0": 0.001,
    "device": "cpu",
    "workers": 0,
    "plots": False,
    "verbose": False,
    "seed": 0,
}


def short(**arguments):
    """The arguments of a short training as `key=value` words."""
    return [f"{key}={value}" for key, value in {**SHORT, **arguments}.items()]


def results(folder):
    """The rows of a run's results.csv, without the column that holds the time."""
    with open(Path(folder) / "results.csv") as file:
        rows = csv.DictReader(file, skipinitialspace=True)
        return [{key.strip(): value for key, value in row.items() if key.strip() != "time"} for row in rows]


def overrides(data, project, **arguments):
    """The arguments of a short training with a loss, as a trainer takes them."""
    run = {"model": "yolov8n.yaml", "data": data, "project": str(project), "name": "run", "loss": "eiou"}
    return {**SHORT, **run, **arguments}


def stand_ins(folder, **scripts):
    """Shell scripts in the place of commands that a machine doesn't have, by name; returns the PATH that finds them."""
    folder.mkdir()
    for name, lines in scripts.items():
        tool = folder / name.replace("_", "-")
        tool.write_text(f"#!/bin/sh\n{lines}\n")
        tool.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def typed(command):
    """The words of a command, as bash reads it."""
    said = subprocess.run(["bash", "-c", f"printf '%s\\0' {command}"], capture_output=True, check=True)
    return said.stdout.decode().split("\0")[:-1]

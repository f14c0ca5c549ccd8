"""The help of `yolo train`: ours first, and a line for each argument of Ultralytics' that a training reads."""

import re

from ultralytics.utils import DEFAULT_CFG_DICT

from yolo_feiou.results.arguments import EXTRA_PARAMETERS
from yolo_feiou.yolo.training_help import format_training_help, iter_stock_lines

STOCK = """\
# Ultralytics
task: detect # (str) YOLO task

# Train settings -----------------------------------------
model: # (str, optional) path to a model
epochs: 100 # (int) number of epochs, i.e. 5 # or more

# Predict settings ---------------------------------------
source: # (str) where from
# Hyperparameters ----------------------------------------
box: 7.5 # (float) box loss gain
cfg: # (str) a YAML
"""


def test_lines_are_those_of_the_yaml_and_sections_that_no_training_reads_are_left_out():
    assert [re.sub(" {2,}", "  ", line.strip()) for line in iter_stock_lines(STOCK)] == [
        "task=detect  (str) YOLO task",
        "Train settings",
        "model=  (str, optional) path to a model",
        "epochs=100  (int) number of epochs, i.e. 5 # or more",
        "Hyperparameters",
        "box=7.5  (float) box loss gain",
    ]


def test_ours_are_first_and_all_of_a_training_are_there():
    lines = [line.strip() for line in format_training_help().splitlines() if line.startswith("    ")]
    names = [line.split("=")[0] for line in lines]
    assert names[: len(EXTRA_PARAMETERS)] == [parameter.name for parameter in EXTRA_PARAMETERS]
    assert (
        {"model", "data", "epochs", "imgsz", "box", "lr0", "mosaic"}
        <= {*names}
        <= {
            *DEFAULT_CFG_DICT,
            *(parameter.name for parameter in EXTRA_PARAMETERS),
        }
    )
    assert all(len(line.split()) > 2 for line in lines)  # none without a meaning

"""The help of a mode: ours first, and a line for each argument of Ultralytics' that the mode reads."""

import re

import pytest
from ultralytics.cfg import MODES
from ultralytics.utils import DEFAULT_CFG_DICT

from yolo_feiou.results.arguments import EXTRA_PARAMETERS
from yolo_feiou.yolo.mode_help import MODE_HELP, format_stock_mode_help, iter_stock_lines

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
    assert list_lines("train") == [
        "task=detect  (str) YOLO task",
        "Train settings",
        "model=  (str, optional) path to a model",
        "epochs=100  (int) number of epochs, i.e. 5 # or more",
        "Hyperparameters",
        "box=7.5  (float) box loss gain",
    ]


def test_a_mode_has_its_sections_and_what_it_reads_of_others():
    assert list_lines("predict", False) == ["model=  (str, optional) path to a model", "source=  (str) where from"]


def list_lines(mode, has_titles=True):
    """What is said of Ultralytics' arguments of a mode, without the columns."""
    lines = iter_stock_lines(STOCK, MODE_HELP[mode].reads, has_titles)
    return [re.sub(" {2,}", "  ", line.strip()) for line in lines]


@pytest.mark.parametrize("mode", [*MODES])
def test_each_mode_says_its_own_arguments_and_what_a_loss_has_to_do_with_it(mode):
    text = format_stock_mode_help(mode)
    names = [line.split("=")[0].strip() for line in text.splitlines() if line.startswith("    ")]
    own = {"train": "epochs", "val": "split", "predict": "source", "track": "tracker", "export": "opset"}
    assert {"model", own.get(mode, "format")} <= {*names} and len(names) == len({*names})
    assert ("val" in names) == (mode == "train")  # there it is whether it validates
    assert ("epochs" in names) == (mode == "train") == ("loss" in names)
    assert "loss=" in text.split("\n    ")[0] and "'yolo " in text.split("\n\n")[-1]
    assert all(len(line) <= 120 for line in (text.splitlines()[0], *MODE_HELP[mode].about.splitlines()))


def test_ours_are_first_and_all_of_a_training_are_there():
    lines = [line.strip() for line in format_stock_mode_help("train").splitlines() if line.startswith("    ")]
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

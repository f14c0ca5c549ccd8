"""Check the arguments of a training once, before torchrun starts it: see `dispatch.main`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ultralytics.cfg import check_dict_alignment, merge_equals_args
from ultralytics.utils import DEFAULT_CFG_DICT

from yolo_feiou.errors import ArgumentError
from yolo_feiou.yolo.command import check_command_arguments
from yolo_feiou.yolo.configs import check_data_file, find_data
from yolo_feiou.yolo.default_cfg import extended_default_cfg
from yolo_feiou.yolo.weights_path import check_weights_folder


def check_training_command(args: Sequence[str]) -> None:
    """Check the arguments of `yolo train`, as far as that goes without training.

    Raises:
        YoloFeiouError: If an argument is unknown or wrong, or there is no such data or recipe.
    """
    args = merge_equals_args(list(args))
    check_command_arguments(["train", *args])
    given = dict(arg.lstrip("-").split("=", 1) for arg in args if "=" in arg)
    with extended_default_cfg():
        try:
            check_dict_alignment(DEFAULT_CFG_DICT, given)
        except SyntaxError as error:
            raise ArgumentError(str(error).strip().partition("\n")[0]) from None
    check_data_file(find_data(given.get("data")))
    folder = Path(given.get("project", ""), given.get("name", ""))
    check_weights_folder(folder.absolute(), "project= and name=")

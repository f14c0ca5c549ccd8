"""`python -m yolo_feiou.yolo.check_command WORDS`: look at the words of a training once, before torchrun starts it.

Otherwise each process finds the same mistake, and torchrun restarts all of them for it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ultralytics.cfg import check_dict_alignment, merge_equals_args
from ultralytics.utils import DEFAULT_CFG_DICT

from yolo_feiou.errors import ArgumentError, exit_on_error
from yolo_feiou.yolo.command import check_command_arguments
from yolo_feiou.yolo.configs import check_data_file, find_data
from yolo_feiou.yolo.default_cfg import extended_default_cfg
from yolo_feiou.yolo.weights_path import check_weights_folder


def check_training_command(words: Sequence[str]) -> None:
    """Check the words that follow `yolo train`, as far as that goes without training.

    Raises:
        YoloFeiouError: If an argument is unknown or wrong, or there is no such data or recipe.
    """
    words = merge_equals_args(list(words))
    check_command_arguments(["train", *words])
    given = dict(word.lstrip("-").split("=", 1) for word in words if "=" in word)
    with extended_default_cfg():
        try:
            check_dict_alignment(DEFAULT_CFG_DICT, given)
        except SyntaxError as error:
            raise ArgumentError(str(error).strip().partition("\n")[0]) from None
    check_data_file(find_data(given.get("data")))
    folder = Path(given.get("project", ""), given.get("name", ""))
    check_weights_folder(folder.absolute(), "project= and name=")


def main() -> None:
    """Check the words of the command line; a mistake is one line on stderr and exit status 2."""
    with exit_on_error():
        check_training_command(sys.argv[1:])


if __name__ == "__main__":
    main()

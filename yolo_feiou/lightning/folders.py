"""The folder of a run, which is gone again if the run doesn't come to begin."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from yolo_feiou.errors import ArgumentError


@contextmanager
def begin_run_folder(arguments: Mapping[str, Any], mode: str, runs: Path) -> Iterator[Path]:
    """Make the folder of a run, and yield it; an error before its `args.yaml` is written removes what was made.

    Args:
        arguments: `project`, `name` and `exist_ok`, as far as they are given.
        mode: What the folder is called without a `name`.
        runs: Where it goes without a `project`.

    Raises:
        ArgumentError: If it can't be made.
    """
    folder, new = make_run_folder(arguments, mode, runs)
    try:
        yield folder
    except BaseException:
        if new and not (folder / "args.yaml").exists():
            shutil.rmtree(folder, ignore_errors=True)
            for parent in new[1:]:
                with suppress(OSError):  # another run has come to lie in it
                    parent.rmdir()
        raise


def make_run_folder(arguments: Mapping[str, Any], mode: str, runs: Path) -> tuple[Path, list[Path]]:
    """Make the folder `name` in `project`, with a number if there is one of that name.

    Returns:
        The folder; and those that weren't there before: it and its parents, the inner ones first.

    Raises:
        ArgumentError: If it can't be made.
    """
    project = Path(arguments.get("project") or runs)
    name, number = arguments.get("name") or mode, 1
    while True:
        folder = project / (name if number == 1 else f"{name}{number}")
        new = [path for path in (folder, *folder.parents) if not path.exists()]
        try:
            folder.mkdir(parents=True, exist_ok=bool(arguments.get("exist_ok")))
        except FileExistsError:
            if arguments.get("exist_ok"):
                raise ArgumentError(f"{folder} is a file: name another folder by name= or project=.") from None
            number += 1
        except OSError as error:
            raise ArgumentError(f"{folder} can't be made: {error.strerror}. Name another one by project=.") from None
        else:
            return folder, new

"""`yolo prepare`: which data set is made ready for training."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from yolo_feiou.errors import ArgumentError, did_you_mean

PREPARE_USAGE = """yolo prepare KIND [argument=value ...]

Makes a data set ready for training: labels, lists and a data YAML. KIND is

    coco    COCO 2017, which is downloaded if need be, or a data set of your own with COCO JSON
    voc     a data set with VOC XML, with splits by chance or its own

'yolo prepare KIND --help' tells the arguments of each. The synthetic data sets shapes.yaml and shapes-obb.yaml are made
on first use, and those that Ultralytics knows are downloaded then."""


def prepare_data_set(args: Sequence[str]) -> None:
    """Run `yolo prepare` with its arguments.

    Raises:
        ArgumentError: If the kind is unknown, or an argument doesn't fit.
        DataError: If the data can't be obtained, used or written.
    """
    kind = args[0].lower() if args else "help"
    if kind.strip("-") in ("help", "h"):
        print(PREPARE_USAGE)
    elif kind in KINDS:
        KINDS[kind](args[1:])
    else:
        raise ArgumentError(
            f"'yolo prepare' makes {' or '.join(KINDS)} data ready, got '{args[0]}'{did_you_mean(kind, KINDS)} "
            "'yolo prepare --help' tells more."
        )


def _prepare_coco(args: Sequence[str]) -> None:
    from yolo_feiou.datasets.coco.command import prepare_coco

    prepare_coco(args)


def _prepare_voc(args: Sequence[str]) -> None:
    from yolo_feiou.datasets.voc.command import prepare_voc

    prepare_voc(args)


KINDS: dict[str, Callable[[Sequence[str]], None]] = {"coco": _prepare_coco, "voc": _prepare_voc}

"""The forms of the JSON files in an ablation's folders: what doesn't have its form was damaged, or edited by hand."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0)]
Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Arguments(msgspec.Struct):
    """Of the arguments of a run, those that it can't be without."""

    loss: str
    seed: Count
    data: Any


class RunSettings(msgspec.Struct):
    """`RUN/run.json`."""

    key: str
    gain: Literal["same", "matched"]
    axes: list[str]
    arguments: Arguments
    contents: dict[str, str]


class Session(msgspec.Struct):
    """An entry of `RUN/sessions.json`."""

    first_epoch: Annotated[int, msgspec.Meta(ge=1)]
    started: str | None


class RowRecord(msgspec.Struct):
    """`RUN/row.json`: of its columns, those that the runner and the table go by."""

    run: str
    key: str
    status: Literal["done"]
    loss: str
    seed: Count
    AP: Fraction | None
    epochs_done: Annotated[float, msgspec.Meta(ge=0)]
    minutes: Annotated[float, msgspec.Meta(ge=0)] | None
    mAP_obb: Fraction | None = None


class Failure(msgspec.Struct):
    """`RUN/failed.json`."""

    reason: str
    time: str


class LossSize(msgspec.Struct):
    """A row of `preflight/*.json`: of its columns, those that gains and warnings hang on."""

    loss: str
    gradient_ratio: float
    reference: str = ""


class Preflight(msgspec.Struct):
    """`preflight/*.json`."""

    rows: Annotated[list[LossSize], msgspec.Meta(min_length=1)]


class Sequential(msgspec.Struct):
    """Of `ablation.json`, how seeds are added: see `design.Design`; `seeds` are the first ones."""

    until: Annotated[float, msgspec.Meta(gt=0)]
    max_seeds: Annotated[int, msgspec.Meta(ge=2)]
    race: bool
    seeds: Annotated[list[Count], msgspec.Meta(min_length=2)]


class Mark(msgspec.Struct):
    """`ablation.json`.

    `evaluation` is what the latest command asked for, see `outcome.RequestedEvaluation`. An ablation to which seeds
    were added once has `sequential` from then on.
    """

    commands: list[str]
    evaluation: dict[str, Any] = {}
    ground_truths: dict[str, dict[str, Any]] = {}
    sequential: Sequential | None = None

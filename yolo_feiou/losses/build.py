"""Build a loss from its spec."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import cast

from yolo_feiou.errors import LossSpecError, did_you_mean
from yolo_feiou.losses.box_loss import BoxLoss, Norm
from yolo_feiou.losses.spec import read_parameters, split_spec
from yolo_feiou.losses.table import LOSSES, WEIGHTS, LossInfo
from yolo_feiou.parameters import Value, format_value

#: The spec of Ultralytics' own box loss, for training: nothing is replaced.
STOCK = "stock"


def loss_to_train(spec: str | None) -> BoxLoss | None:
    """Return the loss to train with, None for 'stock' and for None; otherwise as `build_loss`."""
    return None if spec is None or spec == STOCK else build_loss(spec)


def shorten_spec(spec: str) -> str:
    """Return a spec without the parameters that have their default; raises as `build_loss` does."""
    if loss_to_train(spec) is None:
        return STOCK
    name, given = split_spec(spec)
    parameters = LOSSES[name].parameters
    values = read_parameters(name, given, parameters)
    changed = [f"{p.name}={format_value(values[p.name])}" for p in parameters if values[p.name] != p.default]
    return f"{name}:{','.join(changed)}" if changed else name


def build_loss(spec: str) -> BoxLoss:
    """Return the loss that a spec names.

    Args:
        spec: `name` or `name:key=value,key=value`, for example 'focal_eiou:gamma=0.5'. `LOSSES` is the table of names.

    Raises:
        LossSpecError: If the spec can't be parsed, or names an unknown loss, parameter or value.
    """
    name, given = split_spec(spec)
    if name == STOCK:
        raise LossSpecError(
            "'stock' is Ultralytics' own box loss and only trains: use 'ciou', the same loss with guards."
        )
    if name not in LOSSES:
        raise LossSpecError(f"unknown loss '{name}'{did_you_mean(name, [*LOSSES, STOCK])} 'yolo losses' lists all.")
    return assemble_loss(LOSSES[name], read_parameters(name, given, LOSSES[name].parameters))


def assemble_loss(info: LossInfo, values: Mapping[str, Value]) -> BoxLoss:
    """Return the loss of a row of the table with the given parameter values.

    A weight that is 1 for these values is dropped, and the sums are then those of the loss alone.
    """
    described = ", ".join(f"{key}={format_value(value)}" for key, value in values.items())
    description = f"{info.name} ({described})" if described else info.name
    if info.weight is None:
        return BoxLoss(partial(info.function, **values), description=description)
    weight = WEIGHTS[info.weight]
    of_weight = {parameter.name: values[parameter.name] for parameter in weight.parameters}
    of_loss = {key: value for key, value in values.items() if key != "norm" and key not in of_weight}
    loss, norm = partial(info.function, **of_loss), cast(Norm, values["norm"])
    if weight.neutral is not None and weight.neutral in of_weight.items():
        return BoxLoss(loss, norm="mean" if norm == "mean" else "tal", description=description)
    return BoxLoss(loss, partial(weight.function, **of_weight), norm, description)

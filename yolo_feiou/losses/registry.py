"""The way from a spec to a loss."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import cast

from yolo_feiou.errors import LossSpecError, did_you_mean
from yolo_feiou.losses.box_loss import BoxLoss, Norm
from yolo_feiou.losses.spec import read_parameters, split_spec
from yolo_feiou.losses.table import LOSSES, WEIGHTS, LossInfo
from yolo_feiou.parameters import Value, format_value

#: The spec of Ultralytics' own box loss, for training: nothing is swapped.
STOCK = "stock"


def loss_to_train(spec: str | None) -> BoxLoss | None:
    """Return the loss that training swaps in, None for 'stock' and for None; otherwise as `build_loss`."""
    return None if spec is None or spec == STOCK else build_loss(spec)


def shorten_spec(spec: str) -> str:
    """Return the shortest spelling of a spec, without parameters that have their default; otherwise as `build_loss`."""
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
        LossSpecError: If the spec can't be read, or names no loss, parameter or value there is.
    """
    name, given = split_spec(spec)
    if name == STOCK:
        raise LossSpecError("'stock' is Ultralytics' own box loss, for training alone: 'ciou' is ours of that kind.")
    if name not in LOSSES:
        raise LossSpecError(f"unknown loss '{name}'{did_you_mean(name, [*LOSSES, STOCK])} 'yolo losses' lists all.")
    return assemble_loss(LOSSES[name], read_parameters(name, given, LOSSES[name].parameters))


def assemble_loss(info: LossInfo, values: Mapping[str, Value]) -> BoxLoss:
    """Return the loss of a row of the table, with these values of its parameters.

    A weight that is 1 for these values is left out; the sums are those of the loss alone then.
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

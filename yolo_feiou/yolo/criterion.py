"""Finds every box loss in a criterion, whatever holds it, and swaps it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, cast

import numpy as np
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from ultralytics.engine.trainer import BaseTrainer
from ultralytics.models.utils.loss import DETRLoss, RTDETRDetectionLoss
from ultralytics.nn.tasks import BaseModel
from ultralytics.utils import DEFAULT_CFG_DICT
from ultralytics.utils.loss import BboxLoss, RotatedBboxLoss

from yolo_feiou.errors import LossNotAppliedError
from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.yolo.bbox_loss import Swapped, SwappedBboxLoss, SwappedRotatedBboxLoss
from yolo_feiou.yolo.detr_loss import SwappedDETRLoss

#: Ultralytics' losses that have a box term, and what takes their place. RT-DETR's is the criterion itself.
SWAPS: dict[type, Callable[[Any, BoxLoss], Swapped]] = {
    BboxLoss: SwappedBboxLoss,
    RotatedBboxLoss: SwappedRotatedBboxLoss,
    RTDETRDetectionLoss: SwappedDETRLoss,
}
#: Of losses that have a box term, swapped or not, or another one than those.
AnyBoxLoss = BboxLoss | DETRLoss
#: What the search does not look into: values, functions, and what refers to the whole program.
LEAF_TYPES = (
    *(type(None), bool, int, float, complex, str, bytes, type, np.ndarray, np.generic, Tensor, BoxLoss),
    *(FunctionType, BuiltinFunctionType, ModuleType, BaseModel, BaseTrainer, Dataset, DataLoader),
)
#: Levels of attributes and containers that the search goes down.
MAX_DEPTH = 60
#: The attributes by which torch makes a module of an object.
MODULE_ATTRIBUTES = frozenset(vars(nn.Module()))


class BoxLossSearch:
    """A search of all that a criterion holds: attributes, containers, modules, partials, bound methods, each once.

    Args:
        criterion: Where it begins.
        replace: Gives what takes the place of a box loss of stock's or of ours; None leaves all as it is.

    Attributes:
        root: What stands in the place of the criterion after the search.
        losses: By path, each box loss once; after the replacement.
        gaps: By path, what stands where a box loss is expected: the value of an attribute `bbox_loss` in which there is
            none, or a part that picks positives (it has an `assigner`) and has no box loss to give them to.
    """

    def __init__(self, criterion: object, replace: Callable[[AnyBoxLoss], Any] | None = None) -> None:
        self.losses: dict[str, AnyBoxLoss] = {}
        self.gaps: dict[str, object] = {}
        self._replace = replace
        self._seen: dict[int, tuple[object, Any]] = {}  # by id, what was there, which keeps the id, and what is now
        self._met: list[AnyBoxLoss] = []  # in the order of the search, as often as it came to them
        self._under: dict[int, list[AnyBoxLoss]] = {}  # by id, those in what was seen
        self.root = self._visit(criterion, "", 0)

    def _visit(self, value: Any, path: str, depth: int) -> Any:
        """Return what stands in the place of a value when the search has been through it."""
        if isinstance(value, AnyBoxLoss):
            return self._take(value, path)
        if isinstance(value, LEAF_TYPES) or depth > MAX_DEPTH:
            return value
        if id(value) in self._seen:
            self._met += self._under.get(id(value), [])
        else:
            met = len(self._met)
            self._seen[id(value)] = (value, value)  # where a cycle ends
            self._seen[id(value)] = (value, self._visit_parts(value, path, depth + 1))
            self._under[id(value)] = self._met[met:]
        return self._seen[id(value)][1]

    def _visit_parts(self, value: Any, path: str, depth: int) -> Any:
        if isinstance(value, (dict, list, deque)):
            for key, part in list(value.items() if isinstance(value, dict) else enumerate(value)):
                if (new := self._visit(part, f"{path}[{key!r}]", depth)) is not part:
                    value[key] = new
        elif isinstance(value, (tuple, set, frozenset)):
            parts = [self._visit(part, f"{path}[{index}]", depth) for index, part in enumerate(value)]
            if any(new is not part for new, part in zip(parts, value, strict=True)):
                make = getattr(value, "_make", type(value))  # of a named tuple
                return make(parts)
        elif isinstance(value, partial):
            held = (value.func, value.args, value.keywords)
            function, arguments, keywords = (self._visit(part, path, depth) for part in held)
            if function is not value.func or arguments is not value.args:
                return partial(function, *arguments, **keywords)
        elif isinstance(value, MethodType):
            owner = self._visit(value.__self__, path, depth)
            return value if owner is value.__self__ else getattr(owner, value.__name__)
        else:
            self._visit_attributes(value, path, depth)
        return value

    def _visit_attributes(self, value: object, path: str, depth: int) -> None:
        met, gaps, assigner = len(self._met), len(self.gaps), None
        for name, part, home in list(iter_attributes(value)):
            before, place = len(self._met), f"{path}.{name}" if path else name
            new = self._visit(part, place, depth)
            if new is not part:
                if home is None:
                    setattr(value, name, new)
                else:
                    home[name] = new
            if name == "assigner":
                assigner = new
            if name == "bbox_loss" and part is not None and len(self._met) == before:
                self.gaps[place] = part
        if assigner is None:
            return
        losses = self._met[met:]
        if not losses and len(self.gaps) == gaps:
            self.gaps[path] = value
        if self._replace:
            count_positives(assigner, losses)

    def _take(self, loss: AnyBoxLoss, path: str) -> AnyBoxLoss:
        if id(loss) not in self._seen:
            new = self._replace(loss) if self._replace and is_known(loss) else loss
            self._seen |= {id(loss): (loss, new), id(new): (new, new)}
            self.losses[path] = new
        self._met.append(self._seen[id(loss)][1])
        return self._met[-1]


def iter_attributes(value: object) -> Iterator[tuple[str, Any, dict[str, Any] | None]]:
    """Yield name, value and home of each attribute: the dict that holds it, or None for a slot.

    Those of a class are yielded if they are box losses, and have their home in the instance.
    """
    own = getattr(value, "__dict__", None)
    if isinstance(own, dict):
        module = isinstance(value, nn.Module)
        yield from ((name, part, own) for name, part in own.items() if not (module and name in MODULE_ATTRIBUTES))
        if module:
            yield from ((name, part, own["_modules"]) for name, part in own["_modules"].items())
    for kind in type(value).__mro__:
        if isinstance(own, dict):
            shared = ((name, part) for name, part in vars(kind).items() if name not in own)
            yield from ((name, part, own) for name, part in shared if isinstance(part, AnyBoxLoss))
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                yield name, getattr(value, name), None


def count_positives(assigner: object, losses: Iterable[AnyBoxLoss]) -> None:
    """Let those losses that are ours count the positives that an assigner picks for them."""
    if not isinstance(assigner, nn.Module):
        return
    hooks = assigner._forward_hooks
    for key, hook in list(hooks.items()):
        if isinstance(getattr(hook, "__self__", None), Swapped):  # one that was swapped out
            del hooks[key]
    counting = {id(loss): loss for loss in losses if isinstance(loss, SwappedBboxLoss | SwappedRotatedBboxLoss)}
    for loss in counting.values():
        assigner.register_forward_hook(loss.note_assignment)
        loss.counts_positives = True


def find_heads(criterion: object) -> list[tuple[float, AnyBoxLoss]]:
    """Return the box loss of each head, and what the criterion multiplies it with.

    Of two heads (YOLOv10, YOLO26) the one-to-many is first, the one-to-one last. Their shares in the loss change from
    epoch to epoch.
    """
    shares = {"one2many": "o2m", "one2one": "o2o"} if hasattr(criterion, "one2one") else {}
    parts = [(getattr(criterion, share, 1.0), getattr(criterion, name)) for name, share in shares.items()]
    return [(share, next(iter(find_losses(part)))) for share, part in parts or [(1.0, criterion)]]


def find_predicting_loss(model: nn.Module, arguments: object) -> AnyBoxLoss:
    """Return the box loss of the head that predicts in the validations of a training, and after it.

    Args:
        model: The model that trains.
        arguments: Those of its training, as attributes.
    """
    heads = find_heads(get_criterion(model))
    return heads[-1 if predicts_one_to_one(model, arguments) else 0][1]


def predicts_one_to_one(model: nn.Module, arguments: object) -> bool:
    """Return whether, of the two heads of a model, the one-to-one is to predict.

    Ultralytics has had three ways, which are told by its arguments: `nms`, by whose default None the one-to-many head
    predicts, and with False the one-to-one; before that `end2end`, None for the model's own choice; at first that one
    alone.
    """
    if DEFAULT_CFG_DICT.get("nms", False) is None:
        return getattr(arguments, "nms", None) is False
    asked = getattr(arguments, "end2end", None) if "end2end" in DEFAULT_CFG_DICT else None
    return bool(getattr(model, "end2end", False) if asked is None else asked)


def find_losses(criterion: object) -> list[AnyBoxLoss]:
    """Return all box losses in a criterion."""
    return list(BoxLossSearch(criterion).losses.values())


def get_criterion(model: nn.Module) -> object:
    """Return the model's criterion, made now if it is not there: Ultralytics makes it at the first batch."""
    if getattr(model, "criterion", None) is None:
        # torch declares all that is no method of a module a tensor or a module.
        model.criterion = model.init_criterion()  # pyright: ignore[reportCallIssue]
    return model.criterion


def swap_losses(model: nn.Module, box_loss: BoxLoss) -> int:
    """Put `box_loss` in the place of every box loss in a model's criterion, and return of how many.

    Raises:
        LossNotAppliedError: If there is none, or another one than stock's.
    """
    device = next(model.parameters()).device
    criterion = get_criterion(model)
    search = BoxLossSearch(criterion)
    others = {path: loss for path, loss in search.losses.items() if not is_known(loss)}
    if others := {**others, **search.gaps}:
        path, other = next(iter(others.items()))
        what = f"is a {type(other).__name__}" if path in search.losses else f"({type(other).__name__}) has no box loss"
        expected = ", ".join(stock.__name__ for stock in SWAPS)
        raise LossNotAppliedError(
            f"{type(criterion).__name__}: {path or 'it'} {what}, expected one of Ultralytics' ({expected}): this model "
            "can't train with loss=."
        )

    def replace(loss: AnyBoxLoss) -> Swapped:
        kind = next(ours for stock, ours in SWAPS.items() if type(loss) in (stock, ours))
        swapped = kind(loss, box_loss).to(device)
        swapped.box_loss.to(device)
        return swapped

    model.criterion = BoxLossSearch(criterion, replace).root
    return len(check_swapped_losses(model, box_loss))


def is_known(loss: object) -> bool:
    """Return whether a loss is one of Ultralytics' that are swapped, or ours in its place."""
    return type(loss) in SWAPS or type(loss) in SWAPS.values()


def check_swapped_losses(model: nn.Module, box_loss: BoxLoss) -> list[Swapped]:
    """Return the box losses in a model's criterion, each of which is `box_loss`.

    Raises:
        LossNotAppliedError: If the model has no criterion, the criterion no box loss, or any is another one.
    """
    criterion = getattr(model, "criterion", None)
    if criterion is None:
        raise LossNotAppliedError(
            f"{type(model).__name__} has lost its criterion, and Ultralytics would make a new one, which would not "
            f"train with {box_loss.description}; training stops here."
        )
    search = BoxLossSearch(criterion)
    others = {path: loss for path, loss in search.losses.items() if not is_copy(loss, box_loss)}
    others |= search.gaps
    if others or not search.losses:
        path, other = next(iter(others.items()), ("", None))
        held = f", whose {path} is a {type(other).__name__}," if path else ", which has no box loss,"
        raise LossNotAppliedError(
            f"{type(criterion).__name__}{held} would not train with {box_loss.description}; training stops here."
        )
    return cast("list[Swapped]", list(search.losses.values()))  # no other has a `box_loss`


def is_copy(loss: AnyBoxLoss, box_loss: BoxLoss) -> bool:
    """Return whether a box loss computes a loss of ours, or a copy of it."""
    held = getattr(loss, "box_loss", None)
    return isinstance(held, BoxLoss) and held.origin is box_loss.origin


def copy_states(criterion: object, copy: object) -> None:
    """Give the box losses of a criterion's copy, in the EMA, the state of the criterion's own."""
    for live, stale in zip(find_losses(criterion), find_losses(copy), strict=True):
        if isinstance(live, Swapped) and isinstance(stale, Swapped):
            stale.box_loss.load_state_dict(live.box_loss.state_dict())


def share_arguments(criterion: object, copy: object) -> None:
    """Let a criterion's copy, in the EMA, read the same gains as the criterion itself: the trainer's live arguments.

    So does stock's, which is made at the first validation.
    """
    for name in (None, *getattr(criterion, "__dict__", {})):
        parts: list[Any] = [part if name is None else getattr(part, name, None) for part in (criterion, copy)]
        live, stale = parts
        if hasattr(live, "hyp") and hasattr(stale, "hyp"):
            stale.hyp = live.hyp

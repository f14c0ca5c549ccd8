"""The losses as functions, after torchvision's convention: `focal_eiou_loss(boxes1, boxes2, reduction="none")`.

There is one for each loss of the table, `NAME_loss`, for any leading dimensions: of xyxy boxes (..., 4), or of rotated
ones, xywhr, (..., 5). `ops.pyi` has the signatures, for
editors and type checkers; `make docs` writes it. They keep no state, and `mean` is the plain mean, as in torchvision;
what trains is `BoxLoss.mean`.
"""

from yolo_feiou.losses.functions import make_function
from yolo_feiou.losses.table import LOSSES

for info in LOSSES.values():
    globals()[f"{info.name}_loss"] = make_function(info)

__all__ = [f"{name}_loss" for name in LOSSES]  # pyright: ignore[reportUnsupportedDunderAll]

"""All losses, and their variants that need a test of their own."""

import itertools

from yolo_feiou.losses.table import LOSSES

GAMMAS = (0, 0.25, 0.5, 1, 2)
NORMS = ("paper", "tal", "mean")
FOCAL = [
    f"focal_eiou:gamma={gamma},norm={norm},detach={detach}"
    for gamma, norm, detach in itertools.product(GAMMAS, NORMS, ("true", "false"))
]
STAR = [f"focal_eiou_star:gamma={gamma},norm={norm}" for gamma, norm in itertools.product(GAMMAS, NORMS)]
ALL = [*LOSSES, *FOCAL, *STAR, "focal_l1:beta=1", "focal_eiou_v1:beta=1", "smooth_l1:beta=0"]

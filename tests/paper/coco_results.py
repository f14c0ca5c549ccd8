"""Synthetic results of the paper's detectors with the paper's set-up."""

from yolo_feiou.storage.tables import write_csv

SETUP = {
    **{"backbone": "resnet50", "backbone_weights": "IMAGENET1K_V1 sha256:0676ba61", "data": "/d/coco.yaml"},
    **{
        "ground_truth": "instances_val2017.json",
        "iterations": 90000,
        "imgsz": 800,
        "batch": 16,
        "eval_split": "val",
        "box": "auto",
        "status": "done",
    },
}
NOISE = (0.0, 0.001, -0.001)  # of three seeds
WOBBLE = (0.0, 0.0004, 0.0001)  # what a loss adds to it, so that differences have a spread


def runs(detector, loss, ap, noise=WOBBLE, **changes):
    """Three seeds of a detector with a loss, whose mean AP is about `ap`."""
    return [
        {**SETUP, "run": f"{detector}{loss}{seed}", "detector": detector, "loss": loss, "seed": seed}
        | {"AP": ap + NOISE[seed] + own, "AP50": ap + 0.2, **changes}
        for seed, own in enumerate(noise)
    ]


def write(folder, *rows, name="coco"):
    """Write rows as exported results: `folder`/`name`/results.csv; return the folder."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    columns = dict.fromkeys(key for row in rows for key in row)
    write_csv(folder / name / "results.csv", [{key: row.get(key) for key in columns} for row in rows])
    return folder

"""Run folders as a training leaves them, without a training."""

import torch

from yolo_feiou.ablation.grid import Run
from yolo_feiou.ablation.run_folder import RunFolder
from yolo_feiou.results.run_record import RunRecord

HEADER = "epoch,time,train/box_loss,metrics/mAP50-95(B)\n"
SESSION = {
    **{"started": "2026-01-01T00:00:00+00:00", "first_epoch": 1, "device": "cpu", "threads": 1, "machine": "m"},
    **{"python": "3.11", "torch": "2.0", "ultralytics": "8.4", "yolo_feiou": "0.1", "git_commit": "abc"},
}
MEASURED = {
    **{"model": "best.pt", "data": "d.yaml", "split": "val", "conf": 0.001, "iou": 0.7, "max_det": 300, "imgsz": 64},
    **{"batch": 8, "single_cls": False, "images": 4, "evaluator": "faster-coco-eval", "AP": 0.25, "AP_S": None},
}
TASK = {"device": "cpu", "annotations": "", "weights": "best", "command": "yolo ablate …"}


def run(**arguments):
    """A run with a loss and a seed."""
    return Run({"loss": "eiou", "seed": 0, "data": "d.yaml", "epochs": 3, **arguments})


def row(folder, **columns):
    """The row of a run that is done, with what the runner and the table go by."""
    one = folder.run()
    known = {"run": folder.path.name, "key": folder.key, "status": "done", "loss": one.arguments["loss"], "seed": 0}
    return {**known, "AP": 0.5, "epochs_done": 3, "minutes": 1.0, **columns}


def write_sessions(folder, *sessions):
    """The record of a training of which no more is known than when it began and was resumed."""
    RunRecord("x", sessions=sessions).write(folder.train)


def trained(path, run, lines=("1,2,0.5,0.1", "2,4,0.4,0.2", "3,6,0.3,0.3"), recorded=None, batch=16):
    """The folder of a run that was trained."""
    folder = RunFolder(path)
    folder.write_run(run)
    folder.last.parent.mkdir(parents=True)
    write_sessions(folder, SESSION)
    folder.results.write_text(HEADER + "".join(f"{line}\n" for line in lines))
    arguments = {"imgsz": 640, "batch": 16, "epochs": 100, "box": 7.5, **run.arguments, **(recorded or {})}
    (folder.train / "args.yaml").write_text("".join(f"{key}: {value}\n" for key, value in arguments.items()))
    torch.save({"train_args": {"batch": batch}}, folder.last)
    return folder

"""Train a small YOLO with CIoU and with Focal-EIoU on `shapes`, and draw what both find on six images they never saw.

    python scripts/demo.py [out=FOLDER] [epochs=2 fraction=0.5 …]     training arguments of Ultralytics

All that it writes lies in one folder, runs/demo if no other is named: the images, both runs, the picture, and settings
of Ultralytics' for this demo alone. It needs no network and no GPU, and some minutes on two CPU cores.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolo_feiou.errors import ArgumentError, exit_on_error
from yolo_feiou.terminal import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from yolo_feiou.evaluation.saved import Evaluation

OUT = Path(__file__).parents[1] / "runs" / "demo"
#: The losses, by the name of their run, and how they are called.
LOSSES = {"ciou": "CIoU", "focal_eiou": "Focal-EIoU"}
RECIPE = {"imgsz": 96, "epochs": 8, "batch": 16, "nbs": 16, "optimizer": "AdamW", "lr0": 0.002, "warmup_epochs": 1}
RECIPE |= {"mosaic": 0.0, "device": "cpu", "workers": 0, "plots": False}
#: Arguments that are the demo's own.
OWN_ARGUMENTS = ("data", "exist_ok", "loss", "mode", "model", "name", "project", "resume", "task")
GOAL = 0.5  # mAP50 on unseen images that both trainings reach
IMAGES = 6
MIN_OBJECTS = 3  # of an image that is drawn


def main(args: Sequence[str]) -> None:
    """Train with both losses, evaluate on unseen images, draw, and say where everything lies.

    Raises:
        ArgumentError: If an argument is no `key=value`, or one of the demo's own.
    """
    out, given = read_arguments(args)
    use_own_settings(out)
    say(f"All files of this demo are in {out}")
    data = make_data(out)
    evaluations, rows = {}, {}
    for number, loss in enumerate(LOSSES, 1):
        say(f"Training {number} of {len(LOSSES)}: yolov8n from scratch with {LOSSES[loss]}")
        evaluations[loss], rows[loss] = train(loss, data, out, given)
    picture = out / "detections.png"
    save_picture(draw(evaluations, rows, data.parent / "shapes"), picture)
    for loss, title in LOSSES.items():
        say(f"{title}: mAP50 {rows[loss]['AP50']:.3f} on {rows[loss]['images']} unseen images.")
    say("It is one training each, which says nothing of which loss is better: 'yolo ablate' is for that.")
    for loss in LOSSES:
        say(f"model {out / loss / 'weights' / 'best.pt'}, results {out / loss / 'results.csv'}")
    say(f"picture {picture}")
    low = [f"{LOSSES[loss]} has {rows[loss]['AP50']:.3f}" for loss in LOSSES if rows[loss]["AP50"] < GOAL]
    if low and not given:
        sys.exit(f"error: the demo should reach a mAP50 of {GOAL}, and {', '.join(low)}; please report this output.")


def read_arguments(args: Sequence[str]) -> tuple[Path, dict[str, str]]:
    """Return the folder for all files, and the training arguments as they were given.

    Raises:
        ArgumentError: If one is no `key=value`, or the demo's own.
    """
    given = {}
    for arg in args:
        key, equals, value = arg.partition("=")
        if not (key and equals and value):
            raise ArgumentError(f"expected key=value, such as epochs=2 or out=FOLDER, got '{arg}'.")
        if key in OWN_ARGUMENTS:
            raise ArgumentError(f"{arg}: '{key}' is the demo's own; 'yolo train {arg} …' takes any.")
        given[key] = value
    return Path(given.pop("out", OUT)).resolve(), given


def use_own_settings(out: Path) -> None:
    """Let Ultralytics and matplotlib, neither of them imported yet, keep settings and caches in the demo's folder.

    A user's own settings, and the folders that they name, stay as they are.
    """
    own = out / "settings"
    own.mkdir(parents=True, exist_ok=True)
    os.environ |= {"YOLO_CONFIG_DIR": str(own), "MPLCONFIGDIR": str(own), "YOLO_AUTOINSTALL": "false"}
    os.environ["YOLO_VERBOSE"] = "false"  # or it tells of the settings that it makes, and how the user's are set
    os.environ.setdefault("YOLO_OFFLINE", "true")


def make_data(out: Path) -> Path:
    """Make the images, if they aren't there, and return their YAML, which names their folder by its whole path."""
    import yaml

    from yolo_feiou.datasets.shapes import generate
    from yolo_feiou.yolo.configs import CFG_DIR

    say("Making 1,200 synthetic images, if they aren't there")
    root = out / "data" / "shapes"
    generate(root)
    content = yaml.safe_load((CFG_DIR / "datasets" / "shapes.yaml").read_text(encoding="utf-8"))
    path = root.parent / "shapes.yaml"
    path.write_text(yaml.safe_dump({**content, "path": str(root)}, sort_keys=False), encoding="utf-8")
    return path


def train(loss: str, data: Path, out: Path, given: Mapping[str, str]) -> tuple[Evaluation, Mapping[str, Any]]:
    """Train with a loss, and return the evaluation of its best weights on the test split, and the row of it."""
    from ultralytics.cfg import parse_key_value_pair

    from yolo_feiou import YOLO
    from yolo_feiou.evaluation.saved import load_evaluation
    from yolo_feiou.yolo.evaluate import evaluate
    from yolo_feiou.yolo.quiet import quiet

    told = dict(parse_key_value_pair(f"{key}={value}") for key, value in given.items())
    arguments = {**RECIPE, **told, "data": str(data), "loss": loss}
    model = YOLO("yolov8n.yaml")
    model.add_callback("on_model_save", report_epoch)  # once an epoch, and not for the best weights at the end
    with quiet():
        model.train(**arguments, project=str(out), name=loss, exist_ok=True)
    trainer, folder = model.trainer, out / loss / "evaluation"
    shared = {"imgsz": trainer.args.imgsz, "batch": trainer.batch_size, "workers": arguments["workers"]}
    row = evaluate(trainer.best, data, "test", folder, device=arguments["device"], **shared)
    return load_evaluation(folder), row


def report_epoch(trainer: Any) -> None:
    """Say how far a training is."""
    measured = trainer.metrics.get("metrics/mAP50(B)", 0.0)
    say(f"  epoch {trainer.epoch + 1} of {trainer.epochs}: mAP50 {measured:.3f} on the images for validation")


def draw(evaluations: Mapping[str, Evaluation], rows: Mapping[str, Mapping[str, Any]], root: Path) -> Figure:
    """Draw the first images of the test split with a few objects: these, and what the model of each loss found."""
    import cv2

    from yolo_feiou.plots.detections import FoundRow, draw_detections
    from yolo_feiou.plots.style import get_colour
    from yolo_feiou.report.detections import MIN_SCORE, show_images

    truth = next(iter(evaluations.values())).truth
    holders = [one["image_id"] for one in truth.annotations]
    chosen = [image["id"] for image in truth.images if holders.count(image["id"]) >= MIN_OBJECTS][:IMAGES]
    shown = show_images(truth, [evaluation.predictions for evaluation in evaluations.values()], root, chosen)
    images = [cv2.cvtColor(cv2.imread(str(root / image.name)), cv2.COLOR_BGR2RGB) for image in shown]
    models = [
        FoundRow(
            f"{title}, mAP50 {rows[loss]['AP50']:.2f}",
            get_colour(loss),
            [image.found[number] for image in shown],
        )
        for number, (loss, title) in enumerate(LOSSES.items())
    ]
    objects = sum(len(image.truth) for image in shown)
    counts = [sum(map(len, model.boxes)) for model in models]
    found = ", ".join(f"{count} with {title}" for count, title in zip(counts, LOSSES.values(), strict=True))
    title = (
        f"{len(shown)} images that neither training saw, {objects} objects; boxes found: {found}. Which loss is "
        "better, one training each can't say"
    )
    note = (
        f"The first {len(shown)} images of the test split with {MIN_OBJECTS} objects or more. Objects: white, dashed "
        f"below the first row. Boxes found: score of {MIN_SCORE} or more. mAP50: on all images of that split."
    )
    return draw_detections(images, [image.truth for image in shown], models, title, note)


def save_picture(figure: Figure, path: Path) -> None:
    """Write the picture."""
    from yolo_feiou.plots.style import save_figure

    save_figure(figure, path)


if __name__ == "__main__":
    with exit_on_error("interrupted; the same command begins again, with the images that were made"):
        main(sys.argv[1:])

"""What docs/coco.md, docs/scaling.md and data/README.md claim, and what shows each of it."""

from __future__ import annotations

import re

import yaml

from tests.pages.claims import ROOT, Claim, exempt, measured, row, rows, shown
from yolo_feiou.datasets import shapes
from yolo_feiou.datasets.coco.catalogue import ANNOTATIONS, COCO_2017, TRAIN, VAL
from yolo_feiou.datasets.coco.sizes import MAX_OPENED_IMAGES
from yolo_feiou.distributed.group import TIMEOUT
from yolo_feiou.yolo.resume_state import EXACT_SINCE

CATALOGUE, PREPARED, MODEL = (
    "yolo_feiou/datasets/coco/catalogue.py",
    "benchmarks/prepare_coco.csv",
    "benchmarks/scaling_model.csv",
)
SCALING, RESUMED = "benchmarks/scaling.csv", "benchmarks/resume.csv"
PAPER = "the paper's own settings, section 5.1 and Table 3"
ONCE = "timed once by hand, on the machine that the sentence names"
NAME = "a name"
ARITHMETIC = "follows from figures beside it"


def claims_on_data() -> list[Claim]:
    """Return those of data/README.md."""
    val, train = (published.counts for published in COCO_2017)
    counts = shapes.SPLIT_COUNTS
    made, boxes_only = (
        row(PREPARED, what=what) for what in ("ours, 9 digits, as prepared", "ours, a JSON with boxes only")
    )
    (test,) = {r["images"] for r in rows("results/bccd/results.csv")}
    down = sum(archive.size for archive in (TRAIN, VAL, ANNOTATIONS)) / 1e9
    low, high = shapes.SIDE_RANGE
    return [
        measured(
            f"{sum(counts.values()):,} synthetic images of {shapes.IMAGE_SIDE} × {shapes.IMAGE_SIDE} px, objects of "
            f"{len(shapes.CLASS_NAMES)} classes; {counts['train']} train, {counts['val']} val, {counts['test']} test",
            "yolo_feiou/datasets/shapes.py",
        ),
        exempt("AGPL-3.0", "the name of a licence"),
        exempt("CC BY 4.0", "the name of a licence"),
        exempt("COCO 2017", NAME),
        measured(f"{train[0] + val[0]:,} photographs", CATALOGUE),
        measured(f"{train[0]:,} train, {val[0]:,} val", CATALOGUE),
        exempt("896,782 boxes of 80 classes;", "the published annotations but for crowds and empty boxes; " + NAME),
        exempt(
            "364 microscope images of blood cells, 640 × 480 px, 4,886 boxes of 3 classes; 205 train, 87 val",
            "counted in the data set",
        ),
        shown(
            "363 photographs of playing cards, long side 416 px, 670 boxes of 6 classes; 237 train, 59 val, 67 test",
            "test_real_data.py::test_cards_are_what_the_page_says",
        ),
        exempt("Apache-2.0", "the name of a licence"),
        measured(f"{test} test | the repository", "results/bccd/results.csv"),
        exempt("(about 4 s, 19 MB)", ONCE),
        measured(f"sides of {low:g} to {high:g} of the image", "yolo_feiou/datasets/shapes.py"),
        measured(
            f"aspect ratios of 1:{shapes.MAX_ASPECT:g} to {shapes.MAX_ASPECT:g}:1", "yolo_feiou/datasets/shapes.py"
        ),
        shown(
            "The same seed gives the same bytes.", "datasets/test_shapes.py::test_the_same_seed_gives_the_same_bytes"
        ),
        shown(
            "one that is more than half hidden is left out.", "datasets/test_shapes.py::test_hidden_objects_are_dropped"
        ),
        measured(f"The downloads are {down:.1f} GB", CATALOGUE),
        exempt("JSON and labels take 1 GB.", "about the size of what comes out of the zips"),
        shown(
            "until then 41 GB are needed, 47 GB with `test=True`,",
            "test_readme.py::test_the_space_that_coco_needs_is_as_the_page_says",
        ),
        measured(
            f"The labels take {float(made['seconds']):.0f} s on two "
            "cores in memory, where Ultralytics' own converter takes "
            f"{float(row(PREPARED, what='convert_coco')['seconds']):.0f} s",
            PREPARED,
        ),
        measured(
            f"memory grows by {made['memory_ratio']} times the size of the JSON, or {boxes_only['memory_ratio']} times",
            PREPARED,
        ),
        shown(
            "COCO's 80, whose ids go to 90, become 0 to 79,",
            "datasets/coco/test_annotations.py::test_real_annotations_are_what_pycocotools_reads",
        ),
        shown(
            "have 9 digits: read as float32 they are the nearest",
            "datasets/coco/test_convert.py::test_real_labels_are_exact",
        ),
        shown(
            '1, 1.0 and "1" are one id, "0001" is another.',
            "datasets/coco/test_same_result.py::test_what_is_prepared_is_evaluated",
        ),
        shown(
            "Evaluations keep whole numbers below 2^53",
            "datasets/coco/test_ids.py::test_ordinary_ids_stay_and_others_are_numbered_from_1",
        ),
        shown('("0" is no crowd)', "evaluation/test_truth.py::test_a_flag_of_text_is_read_and_never_taken_for_true"),
        shown(
            "UTF-8 and, by their byte-order mark, UTF-16 and UTF-32 are read.",
            "datasets/coco/test_json_reader.py::test_byte_order_marks_are_read",
        ),
        measured(f"or of {MAX_OPENED_IMAGES} spread evenly over a larger set", "yolo_feiou/datasets/coco/sizes.py"),
        shown(
            "as Roboflow's category 0, those without annotations are left out.",
            "datasets/coco/test_duplicate_categories.py::test_the_one_without_annotations_is_left_out_and_named",
        ),
        shown(
            "Boxes that reach beyond the image are clipped to it.",
            "datasets/coco/test_convert.py::test_boxes_are_clipped_to_the_image",
        ),
    ]


def _claims_on_resuming() -> list[Claim]:
    epochs = row(RESUMED, what="whole")["epochs"]
    size, last = (round(max(int(r[name]) for r in rows(RESUMED)) / 1e6) for name in ("state", "last"))
    return [
        exempt("YOLOv8n from scratch on `shapes`", NAME),
        measured(f"{epochs} epochs at 128 px", RESUMED, "benchmarks/resume.py"),
        measured(f"here up to {size} MB, where `last.pt` has {last} MB", RESUMED),
        shown(
            "16 bytes for each parameter with Adam and 12 with SGD, and 4 more while gradients wait",
            "yolo/test_resume_state.py::test_a_state_takes_the_bytes_that_the_page_says",
        ),
    ]


def claims_on_coco() -> list[Claim]:
    """Return those of docs/coco.md."""
    long, short = (yaml.safe_load((ROOT / "cfg" / "coco" / name).read_text()) for name in ("yolov8.yaml", "1x.yaml"))
    images = COCO_2017[1].counts[0]
    steps = [-(-images // recipe["batch"]) * recipe["epochs"] for recipe in (long, short)]
    assert long["imgsz"] == short["imgsz"]
    return [
        exempt("COCO 2017", NAME),
        measured(f"{long['batch']} on 8 GPUs is {long['batch'] // 8} on each.", "cfg/coco/yolov8.yaml"),
        exempt("Rank 0 alone names", NAME),
        exempt("from rank 0 alone", NAME),
        shown(
            "which restarts a failed worker",
            "distributed/test_nodes.py::test_a_failed_worker_costs_an_epoch_at_most",
        ),
        exempt("32 images of COCO, 2 epochs at 64 px with two processes, 16 s,", ONCE),
        exempt("a failed one costs 6 to 10 s besides its epoch.", ONCE),
        shown(
            "(to 1e-3 of them after four steps, the first ones to the last digits), the weights at the end (to 1e-4),",
            "distributed/test_nodes.py::test_two_nodes_train_as_one_process_does",
        ),
        shown(
            "what is counted from planted detections (to 1e-5)",
            "distributed/test_nodes.py::test_four_ranks_find_what_one_process_finds",
        ),
        shown(
            f"They are equal to the last bit** with Ultralytics {EXACT_SINCE} or newer,",
            "yolo/test_resume_state.py::test_weights_and_metrics_equal_those_of_a_run_without_a_cut",
            "distributed/test_resumed.py::test_two_ranks_resume_to_the_last_bit",
        ),
        *_claims_on_resuming(),
        exempt("rank 0's running statistics", NAME),
        exempt("up to N − 1 are seen twice", ARITHMETIC),
        exempt("(stock: rank 0's)", NAME),
        exempt("(stock: over rank 0's number of them)", NAME),
        exempt("paper, section 5.1", PAPER),
        exempt("ResNet-50", NAME),
        exempt("90,000 steps of 16 images, 12.2 epochs", PAPER),
        measured(f"{long['epochs']} epochs, {steps[0]:,} steps of {long['batch']}", "cfg/coco/yolov8.yaml"),
        measured(f"{short['epochs']} epochs, {steps[1]:,} steps of {short['batch']}", "cfg/coco/1x.yaml"),
        exempt("| total batch | 16, on 4 GPUs |", PAPER),
        exempt("short side 800", PAPER),
        exempt("SGD, 0.01, tenfold less after 60,000 and 80,000 steps", PAPER),
        measured(
            f"{long['optimizer']}, {long['lr0']} falling linearly to {long['lr0'] * long['lrf']:g}",
            "cfg/coco/yolov8.yaml",
        ),
        measured(f"{long['imgsz']} × {long['imgsz']}", "cfg/coco/yolov8.yaml"),
        exempt("1.0 for ℓ-type losses, 2.5 for IoU-type", PAPER),
        exempt("Table 3 has gains of only 0.6 and 0.5", PAPER),
        exempt("The paper's 2.5 and YOLO's", PAPER),
        measured(f"YOLO's {long['box']} are not on one scale", "cfg/coco/yolov8.yaml"),
        exempt(
            "37.3 AP for n and 44.9 for s by Ultralytics' own count; "
            "others who evaluated the released weights of s with "
            "pycocotools found 44.1.",
            "published by others",
        ),
    ]


def claims_on_scaling() -> list[Claim]:
    """Return those of docs/scaling.md."""
    values = {r["what"]: r["value"] for r in rows(SCALING)}
    memory, written = values["memory of the labels, for an image"], values["serialise a checkpoint of yolov8s"]
    metrics = values["metrics of 5,000 images with 300 detections each, rank 0 alone"]
    model = rows(MODEL)
    gpus = sorted({int(r["gpus"]) for r in model})
    recipe, short = (yaml.safe_load((ROOT / "cfg" / "coco" / name).read_text()) for name in ("yolov8.yaml", "1x.yaml"))
    large = next(r for r in model if r["gpus"] == "64" and r["total_batch"] != str(recipe["batch"]))
    times = int(large["total_batch"]) // recipe["batch"]
    text = (ROOT / "benchmarks" / "scaling.py").read_text()
    made = row(PREPARED, what="ours, 9 digits, as prepared")
    each = 1e6 * float(made["json_MB"]) / int(made["annotations"])
    beyond, many = round(float(made["bytes_per_annotation"]) - each, -1), 10e9 / each
    node, _ = re.search(r"GPUS_A_NODE, WORKERS = [\d_]+, [\d_]+, (\d+), (\d+)", text).groups()
    return [
        measured(f"for {gpus[1]} and {gpus[2]} GPUs and for data sets of 10 million images", MODEL),
        measured("yolov8n with 8 images of 160 px", "benchmarks/ranks.csv"),
        measured(f"in nodes of {node}, total batch b", "benchmarks/scaling.py"),
        exempt("With yolov8s at 640 px", "what the model is asked for"),
        exempt("- **8 GPUs** in one node are used almost wholly, as long as 8 cores a GPU", ARITHMETIC),
        measured(f"at the recipe's total batch of {recipe['batch']} have two images each", "cfg/coco/yolov8.yaml"),
        exempt("- **64 GPUs**", ARITHMETIC),
        measured(f"At 16 images each the batch is {int(large['total_batch']):,}, eight times", MODEL),
        measured(f"gives a learning rate of {recipe['lr0'] * times:g}", "cfg/coco/yolov8.yaml"),
        exempt("with a batch of 512 is a loss of 8 AP (ultralytics#22092)", "published by others"),
        exempt("More than 8 or 16 GPUs are better spent", "an opinion, from the table above"),
        shown(
            "at 10 Gbit/s the ring takes 73 ms, of which 41 are not hidden.",
            "test_readme.py::test_the_ring_on_a_slow_network_takes_what_the_page_says",
        ),
        measured(
            f"{memory} bytes an image: {model[1]['labels_gb_a_machine_10m_images']} "
            "GB a node with 8 processes at 10 million",
            *(SCALING, MODEL),
        ),
        exempt("an hour or more for 10 million", "some thousands of images a second"),
        exempt("rank 0,", NAME),
        measured(f"{metrics} s for 5,000 images", SCALING),
        measured(f"at most {TIMEOUT.seconds // 3600} hours", "yolo_feiou/distributed/group.py"),
        measured(f"some {beyond:.0f} bytes an annotation beyond the file's own pages", PREPARED),
        measured(
            f"10 GB like COCO's ({many / 1e6:.0f} million annotations): {many * beyond / 1e9:.1f} GB, and "
            f"about {many / int(made['annotations']) * float(made['seconds']) / 60:.0f} minutes here,",
            PREPARED,
        ),
        exempt("20 million files", ARITHMETIC),
        measured(f"rank 0 writes them, {written} s for yolov8s", SCALING),
        exempt("with 64 GPUs that happens more often", ARITHMETIC),
        measured(f"the recipe's last {short['close_mosaic']} epochs have none.", "cfg/coco/1x.yaml"),
        exempt("below 90 % use means", "a rule of thumb"),
    ]

"""What the README claims, sentence by sentence, and what shows it."""

from __future__ import annotations

import re
from statistics import fmean

from tests.pages.claims import ROOT, Claim, exempt, measured, row, rows, shown
from yolo_feiou.report.comparison import SOUGHT_DIFFERENCE
from yolo_feiou.yolo.doctor import TESTED_RELEASES

AFFAIR = "of other people's software and rights, as its owners say"
ADVICE = "it tells the reader what to do or where to look, and claims nothing"
PURPOSE = "says what the package is for"
BY_HAND = "done by hand, the demo in a network namespace without any network"
CHOICE = "says how something was chosen"
BCCD, SUMMARY, PREFLIGHT = "results/bccd/results.csv", "results/bccd/report/summary.csv", "results/bccd/preflight.csv"
INSTALL = "docs/install.csv"
STUDY = "results/study/summary.csv"
FIGURE = "docs/paper/figure1/figure1.csv"


def claims_on_the_readme() -> list[Claim]:
    """Return them."""
    return [*_first_page(), *_first_page_in_words(), *_use(), *_cases(), *_others(), *_end()]


def _first_page() -> list[Claim]:
    course = {loss: [r for r in rows(FIGURE) if r["loss"] == loss] for loss in ("giou", "diou", "ciou", "eiou")}
    areas = {loss: [float(r["w"]) * float(r["h"]) for r in of] for loss, of in course.items()}
    (w0, h0), (w1, h1) = ((float(course["eiou"][i]["w"]), float(course["eiou"][i]["h"])) for i in (0, -1))
    python = re.search(r'requires-python = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text())[1]
    reached = re.search(r"^GOAL = ([\d.]+)", (ROOT / "scripts" / "demo.py").read_text(), re.MULTILINE)[1]
    return [
        shown("on the unmodified pip package", "test_package.py::test_import_of_trainers_patches_nothing"),
        shown(
            "exactly as in [Focal and Efficient IOU Loss]",
            *("losses/test_iou.py::test_values_are_exact", "losses/test_focal.py::test_values_are_exact"),
            *("losses/test_l1.py::test_values_are_exact", "losses/test_box_loss.py::test_eq_11_is_exact"),
        ),
        measured(f"takes {len(course['eiou']) - 1} steps towards its target (black) under four losses.", FIGURE),
        measured(
            f"make it larger: its area of {areas['ciou'][0]:.1f} times the target's becomes "
            f"{areas['giou'][-1]:.1f}, {areas['diou'][-1]:.1f} and "
            f"{areas['ciou'][-1]:.1f}. EIoU brings its height from "
            f"{h0:.2f} to {h1:.2f}, while its width goes from {w0:.2f} to {w1:.2f} on the way, and its area ends at "
            f"{areas['eiou'][-1]:.1f}.",
            FIGURE,
        ),
        shown("has a result for every statement in it", "paper/test_page.py::test_the_page_is_up_to_date"),
        measured(f"Python ≥ {python},", "pyproject.toml"),
        measured(f"It ends with the mAP50 of both trainings, which must reach {reached},", "scripts/demo.py"),
        _install(),
    ]


def _install() -> Claim:
    """Return what is said of the sizes of an install."""

    def measure(step: str, cuda: bool = False) -> tuple[int, str]:
        of = [r for r in rows(INSTALL) if r["step"] == step and (r["cuda"] == "True" or not cuda)]
        return len(of), f"{sum(int(r['bytes']) for r in of) / 1e9:.1f} GB"

    (packages, size), (_, cuda), (more, tests) = measure("demo"), measure("demo", cuda=True), measure("test")
    return measured(
        f"{packages} packages of {size}, {cuda} of them CUDA's, and {more} more of {tests} for tests.", INSTALL
    )


def _first_page_in_words() -> list[Claim]:
    return [
        exempt("For users who fine-tune on their own data, and for authors of ablation tables.", PURPOSE),
        exempt("This start was chosen to match the paper's; does the rest of its evidence hold up?", CHOICE),
        exempt("`make demo` takes minutes on two CPU cores, `make test` 20 to 45.", BY_HAND),
        shown(
            "Before, `make demo` installs the package alone into `.venv`, and `make test` adds what tests need;",
            "test_demo.py::test_the_demo_installs_the_package_alone_and_tests_add_theirs",
        ),
        shown(
            "each says what it fetches, with sizes",
            "test_demo.py::test_what_is_fetched_is_said_before_with_its_measured_size",
        ),
        shown(
            "`make demo TORCH=cpu` leaves CUDA out, for machines without a GPU, and `make install TORCH=cpu` is the "
            "install alone.",
            "test_demo.py::test_torch_without_cuda_is_from_the_index_of_its_authors",
        ),
        exempt("`. .venv/bin/activate` puts the command `yolo` into your shell.", "what a virtual environment is for"),
        exempt("The demo needs no GPU, and no network after the install.", BY_HAND),
        shown(
            "All its files lie in `runs/demo`: your settings of Ultralytics, and the folders that they name, stay as "
            "they are.",
            "test_demo.py::test_a_run_writes_into_its_folder_alone_and_again",
        ),
        shown(
            "and the paths of models, of `results.csv` and of the picture, `runs/demo/detections.png`: six unseen "
            "images with their objects, and below them what each training finds.",
            "test_demo.py::test_a_run_writes_into_its_folder_alone_and_again",
            "test_demo.py::test_the_picture_has_the_first_unseen_images_with_objects_and_both_losses",
        ),
        shown(
            "It does not show which loss is better: that takes many trainings.",
            "test_demo.py::test_the_picture_has_the_first_unseen_images_with_objects_and_both_losses",
        ),
    ]


def _use() -> list[Claim]:
    return [
        shown(
            "`yolo` is Ultralytics' own command with one argument more,",
            *("test_cli.py::test_help_adds_ours_to_stocks", "test_cli.py::test_cfg_command_prints_stocks_defaults"),
        ),
        shown(
            'In Python it is `YOLO("yolov8s.pt").train(data="my.yaml", loss="focal_eiou")`,',
            "yolo/test_trainer.py::test_loss_trains_validates_and_is_recorded",
        ),
        shown(
            "Checkpoints are plain Ultralytics checkpoints.",
            "test_checkpoint.py::test_a_python_without_us_uses_our_checkpoints",
        ),
        *(
            exempt(text, ADVICE)
            for text in (
                "| **train** with a loss, resume, tune, use one in your own code |",
                "More: [a loss of your own](docs/your-own-loss.md), [oriented boxes, RT-DETR, YOLO-World, YOLOE]"
                "(docs/models.md), [data](data/README.md), [columns of the results](docs/columns.md), "
                "[all commands](docs/commands.md), [Python](docs/python.md), "
                "[a notebook](examples/compare_losses.ipynb), "
                "[several GPUs, nodes, Slurm, Ray](docs/several-processes.md), [benchmarks](docs/benchmarks.md), "
                "[questions and troubleshooting](docs/faq.md), [glossary](docs/glossary.md), "
                "[what was not tried](docs/not-tried.md).",
            )
        ),
        shown(
            "`make docs` makes a site of these pages, with a search, in `site/`.",
            "test_site_hooks.py::test_the_site_is_built_strictly_and_asks_no_other_host",
        ),
        shown(
            "`yolo losses` lists them, and [Losses](docs/losses.md) defines each,",
            *("losses/test_listing.py::test_every_loss_has_one_line_with_its_meaning",),
            *("test_make_docs.py::test_the_table_of_losses_has_each_with_its_equation",),
        ),
        shown("Sums, schedules and modifiers combine them:", "test_losses_page.py::test_sums"),
    ]


def _cases() -> list[Claim]:
    tested = [r for r in rows(SUMMARY) if r["verdict"] != "baseline"]
    (better,) = (r for r in tested if not r["verdict"].startswith("not distinguishable with "))
    assert better["verdict"] == "better"
    needed = [int(float(r["seeds_needed"])) for r in tested]
    gradient = float(row(PREFLIGHT, loss="focal_eiou")["gradient_ratio"])

    def lead(loss: str, metric: str) -> float:
        means = [
            fmean(float(r[metric]) for r in rows(BCCD) if r["loss"] == of and float(r["box"]) == 7.5)
            for of in (loss, "ciou")
        ]
        return 100 * (means[0] - means[1])

    return [
        shown(
            "**No loss is shown to train better than CIoU here in a way that held up.**",
            "test_readme.py::test_no_comparison_of_the_study_is_shown_once_all_are_counted",
            "test_readme.py::test_over_both_trainings_on_bccd_no_loss_is_shown_to_differ",
        ),
        exempt(
            "So begin without `loss=`, which is CIoU, at two values of `box=`, the weight of the box loss beside those "
            "of the classes: 7.5, Ultralytics' own, and 1.875.",
            ADVICE,
        ),
        shown(
            "If you try one other loss, take `eiou` at the better one, with as large a gradient, which `gain=matched` "
            "measures:",
            "test_study.py::test_the_finalist_is_the_one_that_the_page_names",
            "ablation/test_gains.py::test_gains_are_matched",
        ),
        shown(
            "What [a study](docs/study.md) says of them so far, with YOLOv8n at 160 px on blood cells (`bccd`) and "
            "playing cards (`cards`).",
            "test_study.py::test_the_plan_names_the_settings_and_the_candidates",
            "test_study.py::test_every_command_is_one_that_yolo_ablate_takes",
        ),
        shown(
            "The last column counts all comparisons: an interval that excludes 0 may be chance among several.",
            "test_study_tables.py::test_advice_is_what_is_shown_on_each_data_set",
        ),
        exempt(
            "Fine-tuning begins there with weights of synthetic images, not with published ones; long trainings are "
            "not compared yet.",
            "a limit of the study, and what is left to do",
        ),
        measured(
            f"Of {len(rows(BCCD))} earlier runs on BCCD, at `box=7.5`, `{better['loss']}` alone is shown to be better, "
            f"by {100 * float(better['difference']):.1f} AP,",
            SUMMARY,
        ),
        shown(
            "which [didn't hold up](docs/compare.md#what-it-says-on-real-data) on another machine",
            "test_readme.py::test_a_lead_on_bccd_did_not_hold_up_on_another_machine",
        ),
        measured(
            f"they lie {lead('smooth_l1', 'AP50'):.1f} and {lead('focal_l1', 'AP50'):.1f} percentage points above CIoU "
            f"in AP50, and {-lead('smooth_l1', 'AP85'):.1f} and {-lead('focal_l1', 'AP85'):.1f} below it in AP85",
            BCCD,
        ),
        shown(
            "seen afterwards, and not tested:",
            "test_readme.py::test_losses_of_the_l_kind_trade_high_iou_for_low_iou_boxes",
        ),
        measured(f"its gradient is {gradient:.2f} times CIoU's at the same gain, at the start", PREFLIGHT),
        exempt("| 7.5, Ultralytics' own |".strip("| "), "a default of Ultralytics'"),
        exempt(
            "| rough boxes are enough, AP50 counts | try `smooth_l1` or `focal_l1` | 7.5 |".strip("| "),
            "the gain of the runs that the row is of",
        ),
        shown(
            "| oriented boxes | none: ProbIoU |".strip("| "),
            "test_train_families.py::test_all_families_and_kinds_are_recorded_with_a_loss_that_trained",
        ),
        shown(
            "| RT-DETR | none: GIoU | has no effect there |".strip("| "),
            "yolo/test_rtdetr.py::test_gradient_norms_are_those_of_the_main_output_and_stock_is_giou",
        ),
        measured(
            f"A difference of {100 * SOUGHT_DIFFERENCE:g} AP would take {min(needed)} to {max(needed)} seeds there, by "
            "the spreads seen.",
            SUMMARY,
        ),
        exempt("So compare on your data, at several gains and seeds, before you believe one.", ADVICE),
    ]


def _others() -> list[Claim]:
    return [
        exempt("| on today's pip Ultralytics, no edit | yes |", "read in the code of each, in November 2026"),
        shown(
            "| GIoU, DIoU, CIoU | yes | yes |".strip("| "),
            "test_readme.py::test_torchvision_has_three_of_the_losses_and_no_eiou",
        ),
        exempt("Of their code as it was in November 2026;", "says when it was read"),
        exempt('"pasted" is a widely used collection of such files, and single repositories.', "says what was read"),
    ]


def _end() -> list[Claim]:
    return [
        shown(
            "The box term alone is swapped:",
            *("yolo/test_trainer.py::test_the_seam_changes_nothing_but_the_loss",),
            *("yolo/test_bbox_loss.py::test_dfl_or_l1_term_is_stocks_own",),
        ),
        shown(
            "several processes were, on CPU over gloo, on one machine, also as two nodes in namespaces of its network.",
            "distributed/test_nodes.py::test_two_nodes_train_as_one_process_does",
            "distributed/test_group.py::test_processes_on_cpu_join_over_gloo",
        ),
        measured(f"Tested with Ultralytics {TESTED_RELEASES[0]} to {TESTED_RELEASES[1]},", "yolo_feiou/yolo/doctor.py"),
        exempt("Windows itself was not tried.", "it says what was not done"),
        exempt("The paper's tables on COCO were not trained here.", "it says what was not done"),
        exempt(
            "[How it works, and its limits](docs/how-it-works.md) has the rest, and what each dependency is for.",
            ADVICE,
        ),
        exempt("AGPL-3.0, as Ultralytics requires.", AFFAIR),
        exempt(
            "[`CONTRIBUTING.md`](CONTRIBUTING.md) shows how to add a loss in ten minutes. Cite the paper, the source "
            "of each loss that you use ([BibTeX](docs/losses.md#bibtex)), and this software by its name and version "
            "([`CITATION.cff`](CITATION.cff)).",
            ADVICE,
        ),
    ]

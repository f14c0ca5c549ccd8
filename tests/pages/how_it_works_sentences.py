"""What docs/how-it-works.md claims of the hooks, of limits and of releases, and what shows it."""

from __future__ import annotations

import re

from tests.pages.claims import ROOT, Claim, exempt, measured, rows, shown
from yolo_feiou.yolo.doctor import BROKEN_RELEASES, TESTED_RELEASES

ADVICE = "it tells the reader what to do or where to look, and claims nothing"
AFFAIR = "of other people's software and rights, as its owners say"
FEW_GPUS = "there was no GPU at hand"
BCCD = "results/bccd/results.csv"
PROOFS = (
    "test_a_loss_that_is_lost_in_the_only_epoch_ends_the_training_before_anything_of_it_is_written",
    "test_what_was_trained_before_the_loss_is_lost_stays_and_is_no_more_than_that",
)


def claims_on_how_it_works() -> list[Claim]:
    """Return them."""
    return [*_limits(), *_in_words()]


def _limits() -> list[Claim]:
    (python,), (torch,) = ({".".join(r[key].split(".")[:2]) for r in rows(BCCD)} for key in ("python", "torch"))
    return [
        shown(
            "it replaces every box loss in the criterion, of the model and of its EMA, by a subclass.",
            "yolo/test_criterion.py::test_every_head_of_every_generation_is_swapped",
        ),
        shown(
            "prove it in each epoch and validation, or training stops unsaved.",
            *(f"yolo/test_proof.py::{name}" for name in PROOFS),
        ),
        shown("from stock's code.", "yolo/test_bbox_loss.py::test_dfl_or_l1_term_is_stocks_own"),
        shown(
            "equal to stock Ultralytics' to the last digit;",
            "yolo/test_trainer.py::test_the_seam_changes_nothing_but_the_loss",
        ),
        shown(
            "so does stock's own CIoU function in the place of a loss of ours.",
            "yolo/test_bbox_loss.py::test_stocks_own_function_through_the_seam_is_stock_bit_for_bit",
        ),
        shown(
            "refuse `loss=` with a clear error.",
            "yolo/test_model.py::test_models_without_a_box_term_refuse",
        ),
        shown(
            "our tests run its worker script on two CPU processes.",
            "yolo/test_distributed.py::test_ultralytics_launcher_rebuilds_our_trainer_in_its_workers",
        ),
        exempt("`results.csv` has rank 0's training loss", "the name of a process, in stock's code"),
        measured(f"Ultralytics {TESTED_RELEASES[0]} to {TESTED_RELEASES[1]} ", "yolo_feiou/yolo/doctor.py"),
        measured(f"on Python {python} and torch {torch}, on Linux, without a GPU;", BCCD),
        measured(
            f"the core tests on Python {_floor('requires-python = ')} too, with every dependency at its floor "
            f"(torch {_floor('torch')}).",
            "pyproject.toml",
        ),
        exempt(
            f"Before {TESTED_RELEASES[0]} Ultralytics itself fails on today's numpy",
            "seen once with releases that are not installed here",
        ),
        measured(f"{BROKEN_RELEASES[0]} to {BROKEN_RELEASES[-1]} diverge by themselves.", "yolo_feiou/yolo/doctor.py"),
        shown("Several data sets in one call need 8.4.76;", "yolo/test_model.py::test_several_data_sets_keep_the_loss"),
        shown(
            "tuning and several CPU processes 8.4.3.",
            "yolo/test_model.py::test_tuning_keeps_the_loss_in_the_processes_it_starts",
        ),
    ]


def _in_words() -> list[Claim]:
    ranks = "yolo/test_distributed.py"
    dependencies = "test_readme.py::test_dependencies_are_those_of_the_package"
    return [
        shown(
            "gives its base configuration the key `loss`; nothing global is touched.",
            "yolo/test_default_cfg.py::test_the_table_has_ours_within_the_block",
            "test_package.py::test_import_of_trainers_patches_nothing",
        ),
        shown("One line says so;", "test_cli.py::test_a_training_with_a_loss_says_so_and_its_weights_validate"),
        shown(
            "`ultralytics.YOLO` stands for our `YOLO`.",
            "yolo/test_command.py::test_our_models_stand_in_within_the_block_only",
        ),
        shown(
            "Site-packages stay as they are.",
            "test_package.py::test_the_files_of_ultralytics_stay_as_pip_installed_them",
        ),
        shown(
            "Swapped is the box term, and nothing else:",
            *(
                "yolo/test_trainer.py::test_the_seam_changes_nothing_but_the_loss",
                "yolo/test_bbox_loss.py::test_dfl_or_l1_term_is_stocks_own",
            ),
        ),
        shown(
            "Tasks `detect`, `segment`, `pose` and `obb`, YOLOv3 to YOLO26, YOLO-World, YOLOE and RT-DETR: see "
            "[Models](models.md).",
            "yolo/test_criterion.py::test_every_head_of_every_generation_is_swapped",
            "test_real_data.py::test_detect_segment_and_pose_train",
            "test_train_families.py::test_all_families_and_kinds_are_recorded_with_a_loss_that_trained",
        ),
        shown(
            "several processes were, on CPU over gloo, on one machine, also as two nodes in namespaces of its network.",
            "distributed/test_nodes.py::test_two_nodes_train_as_one_process_does",
            "distributed/test_group.py::test_processes_on_cpu_join_over_gloo",
        ),
        shown(
            "the choice of device and NCCL, is tested for what is handed on.",
            *(
                "distributed/test_group.py::test_a_process_takes_its_own_gpu_before_it_joins",
                f"{ranks}::test_a_rank_takes_the_gpus_of_its_node",
            ),
        ),
        shown(
            "`device=0,1` is Ultralytics' own launcher, for one node;",
            f"{ranks}::test_ultralytics_launcher_on_gpus_of_one_node_is_left_alone",
        ),
        exempt(
            "With it, `results.csv` has rank 0's training loss, and the mean validation loss is off where ranks have "
            "unequal numbers of batches;",
            "so stock's code does it; " + FEW_GPUS,
        ),
        shown("under torchrun both are mended.", "distributed/test_nodes.py::test_two_nodes_train_as_one_process_does"),
        shown("Metrics are right in both.", "distributed/test_nodes.py::test_four_ranks_find_what_one_process_finds"),
        exempt("Windows itself was not tried.", "it says what was not done"),
        shown(
            "On Linux, the tests import every module and train with all that Unix alone has taken away from the "
            "package.",
            "test_windows.py::test_every_module_is_imported",
            "test_windows.py::test_a_training_ends_with_its_results_and_weights",
        ),
        exempt(
            "What starts other processes (an ablation, several GPUs) or links to images was looked through for "
            "Windows, and not run so.",
            "it says what was not done",
        ),
        shown("Dependencies: ultralytics trains;", dependencies),
        shown("torch computes; torchvision has the NMS;", dependencies),
        shown("pycocotools computes COCO's metrics, faster-coco-eval the same faster;", dependencies),
        shown("msgspec reads JSON; filelock locks files; psutil sees processes;", dependencies),
        shown("pyyaml reads recipes;", dependencies),
        shown("opencv-python and numpy draw `shapes`;", dependencies),
        shown("scipy has the statistics of a report, matplotlib its pictures, jinja2 its page;", dependencies),
        shown("rich shows a running ablation.", dependencies),
    ]


def _floor(name: str) -> str:
    """Return the first release of Python, or of a dependency, that pyproject.toml allows."""
    found = re.search(f'^ *"?{name}"?>=([0-9.]+)', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert found, name
    return found[1]

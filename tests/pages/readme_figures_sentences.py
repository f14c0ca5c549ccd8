"""What the README says in words alone of BCCD, losses, its place in Ultralytics and its limits, by sentence."""

from __future__ import annotations

from tests.pages.claims import Claim, exempt, shown

ADVICE = "it tells the reader what to do or where to look, and claims nothing"
AFFAIR = "of other people's software and rights, as its owners say"
FEW_GPUS = "there was no GPU at hand"


def claims_on_figures_in_words() -> list[Claim]:
    """Return them."""
    return [*_bccd(), *_losses(), *_end()]


def _bccd() -> list[Claim]:
    shares = "test_make_docs.py::test_shares_of_the_gradient_are_means_over_the_last_epochs_at_the_usual_gain"
    return [
        shown(
            "Settings and versions are in",
            "ablation/test_rows.py::test_a_row_says_what_it_was_and_what_came_out",
        ),
        shown(
            "makes all tables, pictures and [the page](results/bccd/report/index.html) again",
            "report/test_read.py::test_only_the_results_are_needed",
        ),
        exempt(
            "Published differences of ±0.3 from one seed are far below what a seed alone does here.",
            "the size of what papers claim, the tables in docs/paper.md among them",
        ),
        shown("Where the gradient comes from differs as well.", shares),
        shown("have this share of the norm of the box gradient, at `box=7.5`:", shares),
        exempt(
            "The paper wants good boxes to dominate the gradient, and reweighs EIoU for that.", "the paper, section 4"
        ),
        shown(
            "In YOLO they do so already, under CIoU as under Focal-EIoU,",
            "test_readme.py::test_high_iou_boxes_have_most_of_the_gradient_but_under_the_losses_of_the_l_kind",
        ),
    ]


def _losses() -> list[Claim]:
    return [
        shown(
            "`norm=tal` by YOLO's sum of target scores,",
            "losses/test_box_loss.py::test_the_mean_divides_by_the_norm_of_its_row",
        ),
        shown(
            "`norm=mean` by the number of pairs, without scores.",
            "losses/test_box_loss.py::test_the_mean_divides_by_the_norm_of_its_row",
        ),
        shown("**The losses differ in size,", "ablation/test_gains.py::test_warnings_name_losses_that_are_far_off"),
        exempt("Compare losses at several gains and seeds before you believe a difference.", ADVICE),
    ]


def _end() -> list[Claim]:
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
            "[Models](docs/models.md).",
            "yolo/test_criterion.py::test_every_head_of_every_generation_is_swapped",
            "test_real_data.py::test_detect_segment_and_pose_train",
            "test_train_families.py::test_all_families_and_kinds_are_recorded_with_a_loss_that_trained",
        ),
        shown(
            "several processes were, on CPU over gloo, on one node and on two.",
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
        shown(
            "Forward and backward of a loss against stock's CIoU,",
            "test_make_docs.py::test_ratios_of_speed_are_those_of_the_csv",
        ),
        shown(
            "The last row is a compiled function that does next to nothing:",
            "test_make_docs.py::test_ratios_of_speed_are_those_of_the_csv",
        ),
        exempt("AGPL-3.0, as Ultralytics requires.", AFFAIR),
        exempt("[`CONTRIBUTING.md`](CONTRIBUTING.md) shows how to add a loss in ten minutes.", ADVICE),
    ]

"""What docs/detectors.md claims, sentence by sentence, and what shows it."""

from __future__ import annotations

from tests.pages.claims import Claim, exempt, shown

ADVICE = "it tells the reader what to do or where to look, and claims nothing"
TRAINING, MODULE, COMMAND = (f"lightning/test_{name}.py" for name in ("training", "module", "command"))
SCRIPTS = "distributed/test_scripts.py"
BUILD, CONFIG, SEAM = (f"detectors/test_{name}.py" for name in ("build", "config", "seam"))
RANKS = "lightning/test_two_ranks.py::test_two_ranks_train_as_one_process_on_the_same_batches"
ONCE = f"{MODULE}::test_a_box_term_that_is_not_computed_once_stops_the_training"


def claims_on_detectors() -> list[Claim]:
    """Return those of docs/detectors.md."""
    return [
        *_start(),
        *_models(),
        *_training(),
        *_files(),
        *_clusters(),
        *_open_questions(),
        *_tables(),
        *_learning(),
        *_differences(),
    ]


def _start() -> list[Claim]:
    return [
        shown(
            "RetinaNet, Faster R-CNN, Mask R-CNN, ATSS and PAA, the five of the paper's tables, train with the same "
            "losses by the same commands.",
            f"{COMMAND}::test_a_training_leaves_its_files",
            f"{BUILD}::test_a_step_trains_with",
        ),
        shown(
            "They are models of `torchvision.models.detection`, unpatched, in the loop of PyTorch Lightning:",
            "detectors/test_signatures.py::test_a_method_takes_what_it_did",
        ),
        shown(
            'In Python, `yolo_feiou.lightning.detect.TrainedDetector("best.pt")` has the `model`, which takes and '
            "gives what torchvision's detectors do, and the `names` of its classes.",
            "lightning/test_detect.py::test_a_saved_model_finds_what_it_found_in_memory",
        ),
        shown(
            "Data YAMLs, labels and COCO JSONs are those of YOLO.",
            "lightning/test_data.py::test_labels_count_from_where_the_detector_has_its_first_class",
            f"{COMMAND}::test_a_checkpoint_is_validated",
        ),
        shown(
            "At the start a line says which loss trains, and each step proves it: a box term that was not computed "
            "exactly once ends the training.",
            *(ONCE, f"{COMMAND}::test_a_training_says_its_loss_and_what_comes_next_and_the_next_has_a_number"),
        ),
    ]


def _models() -> list[Claim]:
    return [
        shown(
            "`retinanet.yaml`, `faster_rcnn.yaml`, `mask_rcnn.yaml`, `atss.yaml` and `paa.yaml` have ResNet-50-FPN, "
            "the weights that torchvision calls IMAGENET1K_V1 and frozen BatchNorm, as in the paper; the same with "
            "`_r18` have ResNet-18 from scratch, for small machines, and `head_norm: group`, GroupNorm in RetinaNet's "
            "head, where the paper's has none.",
            *(
                f"{CONFIG}::test_the_papers_backbone_and_the_one_for_small_machines",
                "detectors/test_backbone.py::test_norms",
                "detectors/test_build.py::test_the_head_of_retinanet_has_norms_if_it_is_said",
            ),
        ),
        shown(
            "`model=` takes a YAML of your own as well: the files in [`cfg/detectors`](../cfg/detectors) show the "
            "keys.",
            f"{CONFIG}::test_a_users_own_file_goes_first",
        ),
        shown(
            "`weights:` is `imagenet`, a file with a state dict, or `none`; rows say which, with its checksum.",
            "detectors/test_backbone.py::test_weights_are_described_by_name_and_digest",
        ),
        shown(
            "`model=` may be a `best.pt` too: a new training then begins from what fits of its weights.",
            f"{TRAINING}::test_weights_of_a_model_of_other_classes_are_taken_as_far_as_they_fit",
        ),
        shown(
            "`loss=stock` is the detector's own box loss, with its own gain unless `box=` gives one:",
            f"{BUILD}::test_stock_is_torchvisions_to_the_last_bit",
            f"{BUILD}::test_the_gain_is_known_without_a_model",
            "test_make_docs.py::test_detectors_have_losses_and_gains_of_their_own",
        ),
        shown(
            "Mask R-CNN needs a mask of each object: polygons in YOLO's segment labels, or a COCO JSON that the data "
            "YAML names under `masks:` or `annotations:`.",
            "lightning/test_masks.py::test_polygons_of_labels_are_drawn",
            "lightning/test_masks.py::test_the_json_of_the_yaml_has_them",
            "lightning/test_masks.py::test_missing_masks_are_told_with_what_to_do",
        ),
        shown(
            "Its masks are trained, and boxes alone are measured, as in the paper.",
            "lightning/test_detect.py::test_masks_are_there_again_after_boxes_alone",
        ),
    ]


def _training() -> list[Claim]:
    warned = "report/test_gains.py::test_gains_that_box_auto_sets_are_named_where_they_differ"
    return [
        shown(
            "With `box=auto` losses train with different gains.",
            f"{SEAM}::test_the_gain_is_the_papers_by_the_form_of_the_loss",
        ),
        shown(
            "Rows of an ablation and of an export say which as `box_used`, and its report warns where gains differ, "
            "and where a loss's gradient times its gain is more than twice or less than half the baseline's;",
            "export/test_detector_runs.py::test_yolo_and_a_detector_are_exported_by_one_command",
            "lightning/test_framework.py::test_losses_are_measured_before_the_runs",
            *(
                warned,
                f"{warned.partition('::')[0]}::test_gradients_are_compared_by_ratio_times_gain_where_gains_differ",
            ),
        ),
        shown(
            "before the runs `yolo ablate` says so too.",
            "ablation/test_gains.py::test_gradients_are_compared_at_the_gains_that_train_where_these_differ",
        ),
        shown(
            "`box=2.5` gives all losses one gain, `gain=matched box=2.5` gradients of one size.",
            f"{SEAM}::test_the_gain_is_the_papers_by_the_form_of_the_loss",
            "ablation/test_gains.py::test_gains_are_matched",
        ),
        shown(
            "Images without objects are left out of a training.",
            "lightning/test_data.py::test_images_without_objects_are_not_trained_on",
        ),
        shown(
            "Each batch is full and of one shape, wide or high;",
            "lightning/test_batches.py::test_a_batch_is_of_one_group",
        ),
        shown(
            "which images are in it, which are flipped, and which regions an R-CNN draws follow from seed and step.",
            "lightning/test_batches.py::test_a_resumed_stream_is_the_rest_of_the_unbroken_one",
            "lightning/test_images.py::test_flips_are_a_function_of_seed_step_and_index",
            f"{MODULE}::test_what_a_step_draws_follows_from_seed_step_and_rank",
        ),
        shown(
            "So a training that was killed goes on, on a CPU, to the very weights of one that was not.",
            f"{TRAINING}::test_killed_and_resumed_is_unbroken",
            f"{TRAINING}::test_a_process_killed_by_the_system_resumes_to_the_last_digit",
        ),
        shown(
            "On several GPUs (`device=0,1,2,3`, or your own torchrun) the sums of the box loss are over all of them.",
            *(RANKS, "lightning/test_rank.py::test_a_process_is_started_for_each_gpu"),
        ),
    ]


def _files() -> list[Claim]:
    page = f"{COMMAND}::test_the_page_names_what_val_and_predict_take"
    return [
        exempt(
            "The defaults are the paper's, for COCO on GPUs: on a small machine set `imgsz=`, `batch=` and "
            "`intervals=3`, since each interval ends with a validation.",
            ADVICE,
        ),
        shown(
            "A run's folder is `name=` in `project=`;",
            "lightning/test_folders.py::test_a_folder_has_a_name_and_a_number",
        ),
        shown(
            "without these it is `train`, `val` or `predict` in `detect/`, in the folder that `yolo settings` calls "
            "`runs_dir`, with a number if there is one of that name.",
            f"{COMMAND}::test_without_project_a_run_lies_in_ultralytics_folder_of_runs",
            f"{COMMAND}::test_a_training_says_its_loss_and_what_comes_next_and_the_next_has_a_number",
        ),
        shown(
            "A training leaves `weights/best.pt`, `weights/last.pt` and `results.csv` there, with a row for each "
            "interval: its column `epoch` counts intervals, as YOLO's counts epochs, and `iteration` the steps.",
            f"{COMMAND}::test_a_training_leaves_its_files",
            "lightning/test_intervals.py::test_a_part_ends_with_a_row_and_a_checkpoint",
        ),
        shown(
            "The weights of a run of an ablation are `OUT/train/RUN/weights/best.pt`, with the folder `out=` as OUT.",
            "ablation/test_run_folder.py::test_weights_lie_beside_the_folders_of_runs",
        ),
        shown(
            "An interrupted training goes on from its last interval with `yolo train resume model=…/last.pt`.",
            f"{COMMAND}::test_an_interrupted_training_is_resumed",
        ),
        shown(
            "`yolo val` takes `model=`, `data=`, `split=`, `annotations=`, `evaluator=`, `conf=`, `iou=`, `max_det=`, "
            "`batch=`, `workers=`, `device=`, `project=` and `name=`, and prints COCO's metrics in per cent.",
            *(page, f"{COMMAND}::test_a_checkpoint_is_validated"),
        ),
        shown(
            "`yolo predict` takes `model=`, `source=` (an image, or a folder of images), `conf=`, `iou=`, `max_det=`, "
            "`device=`, `project=` and `name=`, and draws what has a score of 0.25.",
            *(page, f"{COMMAND}::test_predictions_are_drawn_from_yolos_score_on"),
        ),
        shown(
            "What else isn't given is as the detector trained: its data, batch and thresholds.",
            "lightning/test_evaluate.py::test_a_row_has_the_metrics_and_says_what_was_evaluated",
        ),
        shown(
            "Its image size is always that.",
            "lightning/test_evaluate.py::test_a_row_has_the_metrics_and_says_what_was_evaluated",
        ),
    ]


def _clusters() -> list[Claim]:
    job = f"{SCRIPTS}::test_a_job_of_a_detector_is_requeued_and_resumes"
    killed = f"{COMMAND}::test_the_same_command_under_torchrun_resumes_what_was_killed_to_the_last_digit"
    return [
        shown(
            "`train_coco.sh model=retinanet.yaml data=… loss=focal_eiou` trains on all GPUs of a node or of "
            "several, and `train_coco.slurm` as a job of Slurm, as [`coco.md`](coco.md) says.",
            *(f"{SCRIPTS}::test_a_detector_beside_yolo_has_no_recipe_of_yolo", job),
        ),
        shown(
            "The same command goes on with its training after whatever killed it, here from the last interval;",
            *(killed, job),
        ),
        shown(
            "while that is being trained it is refused, and once it is finished it says so.",
            *(f"{COMMAND}::test_what_is_being_trained_is_refused_under_torchrun", killed, job),
        ),
        shown("So it is with your own torchrun, given the same `--rdzv-id`.", killed),
    ]


def _open_questions() -> list[Claim]:
    return [
        shown(
            "| question | here | other |",
            f"{BUILD}::test_stock_is_torchvisions_to_the_last_bit",
            f"{BUILD}::test_stock_of_atss_and_paa_is_giou_with_their_gain",
            f"{SEAM}::test_the_gain_is_the_papers_by_the_form_of_the_loss",
            f"{BUILD}::test_proposals_have_the_loss_if_asked",
            f"{BUILD}::test_errors_are_weighed_as_asked",
            f"{BUILD}::test_paas_anchors_are_scored_by_the_loss_if_asked",
            f"{SEAM}::test_scores_weigh_the_positives_and_divide_the_sum",
            f"{SEAM}::test_two_processes_have_the_value_and_gradient_of_all_pairs",
        ),
        shown(
            "ℓn losses of R-CNNs are divided by all sampled regions, as torchvision divides its own; losses on the "
            "overlap by the positives.",
            "lightning/test_two_ranks.py::test_the_box_loss_of_an_r_cnn_is_over_the_regions_of_both_ranks",
            "detectors/test_rcnn.py::test_stock_through_the_seam_is_stock",
        ),
        shown(
            "ATSS and PAA follow their authors' code.",
            "detectors/test_dense_detectors.py::test_losses_are_those_of_the_paper",
        ),
        shown("ℓn errors are relative to the anchor's sides.", f"{BUILD}::test_errors_are_weighed_as_asked"),
    ]


def _tables() -> list[Claim]:
    return [
        shown(
            "trains the rows of Table 3 on COCO and evaluates them on its JSON, as the paper did;",
            "paper/test_cost.py::test_a_grid_has_the_papers_set_up_and_says_its_cost",
            "datasets/coco/test_splits.py::test_coco_is_prepared_from_the_network",
        ),
        shown(
            "`table1.yaml`, `table2.yaml`, `figure4.yaml` and `figure4a.yaml` are the others.",
            "lightning/test_framework.py::test_the_papers_grids_are_grids_of_detectors",
        ),
        shown(
            "Ultralytics' own `data=coco.yaml` names no JSON: its runs are evaluated on labels, without crowds and "
            "with the areas of boxes, and the report says so.",
            "datasets/coco/test_catalogue.py::test_ultralytics_own_yaml_names_no_json",
            "results/test_published.py::test_what_differs_from_the_papers_set_up_is_told",
        ),
        shown(
            "`yolo report` sets them out as the paper does, with its figures beside ours;",
            "report/test_published.py::test_table_3_has_the_papers_ten_rows_in_its_order",
        ),
        shown(
            "of runs on other data than COCO a table is there if they fill it or come from its grid.",
            "report/test_published.py::test_on_other_data_a_table_is_there_if_the_runs_fill_it_or_came_from_its_grid",
            "results/test_published.py::test_a_table_is_for_runs_that_fill_it_are_on_coco_or_came_from_its_grid",
        ),
        shown(
            "[`paper.md`](paper.md) says what each costs, and takes results that lie in `results/`.",
            "paper/test_section_5_coco.py::test_what_is_not_run_says_its_command_and_cost",
        ),
        exempt("None were computed yet: there was no GPU.", "there was no GPU at hand"),
        exempt("In small, ResNet-18 on synthetic images for a few steps, it is", ADVICE),
    ]


def _learning() -> list[Claim]:
    return [
        shown(
            "`scripts/learn_shapes.py` trains ResNet-18 from scratch on the synthetic `shapes` at 96 pixels and draws "
            "the AP50 of unseen images.",
            "test_learn_shapes.py::test_each_training_is_of_its_detector_with_resnet_18_from_scratch",
            "test_learn_shapes.py::test_results_of_all_trainings_are_in_one_table_and_picture",
        ),
        shown(
            "Each was to reach 50 within ten minutes; a loss has one seed, so the table compares none.",
            "test_learn_shapes.py::test_a_recorded_training_has_reached_the_goal_within_ten_minutes",
        ),
    ]


def _differences() -> list[Claim]:
    return [
        shown(
            "There is no EMA, no mosaic and no letterbox: images keep their aspect, their shorter side is `imgsz`.",
            *(f"{BUILD}::test_sides_of_images", "lightning/test_images.py::test_an_item_is_an_image_and_its_objects"),
        ),
        shown(
            "Scores below 0.05 are no detections, NMS is at an IoU of 0.5 (ATSS and PAA: 0.6), an image has 100 "
            "detections at most.",
            f"{CONFIG}::test_a_key_alone_has_the_defaults_of_the_paper",
            "lightning/test_detect.py::test_detections_say_how_they_were_made",
        ),
        shown(
            "So figures of YOLO and of these detectors side by side compare trainings, not losses, and the report "
            "warns of it.",
            "report/test_warnings.py::test_yolo_and_other_detectors_side_by_side_are_not_compared",
        ),
    ]

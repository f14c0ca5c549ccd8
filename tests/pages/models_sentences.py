"""What docs/models.md claims, sentence by sentence, and what shows it."""

from __future__ import annotations

from tests.pages.claims import Claim, exempt, measured, rows, shown

ADVICE = "it tells the reader what to do or where to look, and claims nothing"
STEPS = "benchmarks/family_step.csv"
FAMILIES, ORIENTED = "test_train_families.py", "test_learn_oriented.py"
OPEN, DETR, RTDETR, OBB = (f"yolo/test_{name}.py" for name in ("open_vocabulary", "detr_loss", "rtdetr", "obb"))
CRITERION, PROOF, REHEARSAL = "yolo/test_criterion.py", "yolo/test_proof.py", "ablation/test_rehearsal.py"
ROTATED, REPORT = "losses/test_rotated.py", "report/test_other_tasks.py"
RECORDED = f"{FAMILIES}::test_all_families_and_kinds_are_recorded_with_a_loss_that_trained"


def claims_on_models() -> list[Claim]:
    """Return those of docs/models.md."""
    return [*_families(), *_open_vocabulary(), *_rtdetr(), *_oriented()]


def _families() -> list[Claim]:
    steps = [float(row["ratio"]) for row in rows(STEPS) if not row["loss"].startswith("stock")]
    return [
        measured(
            f"A training step of an OBB model or of RT-DETR takes {min(steps):.2f} to {max(steps):.2f} of the time of "
            "stock's",
            STEPS,
        ),
        shown(
            "Besides YOLO for detection, segmentation and pose: YOLO-World, YOLOE, RT-DETR and models of "
            "oriented boxes "
            "(OBB).",
            RECORDED,
            "yolo/test_trainers.py::test_every_trainer_of_ultralytics_with_a_box_term_has_one_of_ours",
        ),
        shown(
            "The line `Box loss:` at the start of a training says what was swapped and where.",
            f"{OPEN}::test_a_family_trains_with_the_loss",
            f"{DETR}::test_the_line_at_the_start_says_in_how_many_outputs",
        ),
        shown(
            "`scripts/train_families.py` trains each family with a loss of each kind for two epochs on a few images, "
            "and notes what was swapped:",
            RECORDED,
            f"{FAMILIES}::test_a_probe_is_trained_from_weights_of_its_model",
        ),
        shown("| models | trained | a loss takes the place of |", RECORDED),
        shown(
            "YOLO26 and YOLOv10 train two heads, both with the loss, and the measured gradients are those of their "
            "sum.",
            f"{CRITERION}::test_every_head_of_every_generation_is_swapped",
            "yolo/test_gradient_norms.py::test_a_gradient_is_the_one_that_training_has",
        ),
        shown(
            "`box_stats` looks at the head that validates and predicts in the installed Ultralytics: in current "
            "releases the one-to-many, or the one-to-one with `nms=False`; in older ones, where `nms` doesn't choose "
            "the head, the one-to-one.",
            f"{CRITERION}::test_the_head_that_predicts_is_that_of_the_release_and_its_arguments",
            "yolo/test_box_stats.py::test_of_two_heads_that_counts_which_validates",
        ),
        shown(
            "Where `freeze=` leaves nothing to train that the boxes come from, no box loss does anything: a line after "
            "the first batch says so (of YOLO since Ultralytics 8.4).",
            f"{PROOF}::test_a_loss_of_boxes_that_nothing_trains_is_told_once",
        ),
        shown(
            "The same is said of `box=0`, at the start of a training and by `yolo ablate` before the runs, and after "
            "the first epoch in which no label had a positive: OBB models leave out boxes with a side under 2 pixels.",
            "yolo/test_argument_values.py::test_a_gain_of_0_is_said",
            f"{REHEARSAL}::test_gains_that_do_nothing_are_refused_where_they_are_to_be_matched_and_told_else",
            f"{PROOF}::test_labels_of_which_none_has_positives_are_told_once",
        ),
        shown(
            "In Python `YOLO` of this package opens all of them, and the trainers of its own name are `OBBTrainer` and "
            "`RTDETRTrainer`:",
            f"{RTDETR}::test_yolo_is_an_rtdetr_of_ours_for_such_a_yaml_and_for_its_weights",
            f"{OBB}::test_probiou_trains_as_stock_does",
        ),
        shown(
            "`classify`, `semantic`, `depth`, SAM, FastSAM and NAS have no box term: they refuse `loss=`.",
            "yolo/test_families.py::test_tasks_without_a_box_term_are_named",
            "yolo/test_model.py::test_models_without_a_box_term_refuse",
        ),
        shown(
            "A loss of another family of boxes is refused with the names that fit.",
            f"{OBB}::test_a_loss_of_other_boxes_is_refused_with_those_that_fit",
        ),
    ]


def _open_vocabulary() -> list[Claim]:
    return [
        shown(
            "They train by `yolo train model=yolov8s-world.pt loss=eiou`, and in Python with `trainer=` as Ultralytics "
            "documents it for text prompts, for training from scratch, for a linear probe and without prompts:",
            f"{OPEN}::test_a_linear_probe_of_yoloe_takes_a_trainer_of_ultralytics_as_given_there",
            f"{OPEN}::test_training_from_scratch_takes_several_data_sets",
            f"{OPEN}::test_probes_of_a_detection_model_train",
        ),
        shown(
            "With visual prompts Ultralytics trains the class term alone, and logs a box term: `loss=` is "
            "refused there.",
            f"{OPEN}::test_visual_prompts_are_refused_with_their_reason",
        ),
        exempt(
            "The text encoders are downloads of Ultralytics'; the tests, and the table above, have a stand-in for "
            "them, which draws the numbers of a text.",
            "it says what the tests lack",
        ),
        shown(
            "They need the package `clip`, which Ultralytics installs where it is online; elsewhere a line says how "
            "to.",
            "yolo/test_trainer.py::test_a_text_encoder_that_is_not_installed_is_one_line",
        ),
    ]


def _rtdetr() -> list[Claim]:
    return [
        shown(
            "Its losses are those of `task=detect`.",
            "losses/test_listing.py::test_a_task_or_model_in_the_place_of_a_loss_is_told_with_its_list",
        ),
        shown(
            "`loss=` takes the place of GIoU: for the boxes that the encoder selects, for those of each decoder layer, "
            "and in training for the denoised boxes of each layer.",
            f"{DETR}::test_all_terms_with_giou_are_stocks",
            f"{DETR}::test_validation_owes_the_encoder_and_the_last_layer",
        ),
        shown(
            "A batch in which one of these is not computed by the loss stops the training.",
            f"{RTDETR}::test_a_loss_that_is_lost_ends_the_training_before_anything_is_written",
        ),
        shown("The gain is the criterion's own, 2.", f"{DETR}::test_l1_stays_and_the_gain_is_that_of_giou"),
        shown(
            "`box=`, `cls=` and `dfl=` do nothing, which is said; `gain=matched`, several values of these in `yolo "
            "ablate`, and these in the space of `tune`, are refused.",
            "yolo/test_model.py::test_a_gain_that_does_nothing_is_not_tuned",
            f"{RTDETR}::test_a_command_says_what_it_swaps_and_that_box_does_nothing",
            f"{REHEARSAL}::test_gains_that_do_nothing_are_refused_where_they_are_to_be_matched_and_told_else",
        ),
        shown(
            "A factor of the loss itself is `loss=eiou:weight=0.5`.",
            "test_losses_page.py::test_sums",
        ),
        shown(
            "Where a gradient is far from GIoU's in size, `yolo ablate` and `yolo report` name the factor that makes "
            "up for it.",
            "ablation/test_gains.py::test_where_box_does_nothing_a_factor_of_the_loss_makes_up_for_it",
            "report/test_gains.py::test_for_rtdetr_the_reference_is_giou_and_a_factor_of_the_loss_is_what_helps",
        ),
        shown(
            "Ultralytics logs the term as `giou_loss`, whatever the loss, as the line `Box loss:` says.",
            f"{RTDETR}::test_a_command_says_what_it_swaps_and_that_box_does_nothing",
        ),
        shown(
            "The ℓ1 term, the costs by which predictions are matched and the IoU that class scores are to have stay "
            "stock.",
            f"{DETR}::test_l1_stays_and_the_gain_is_that_of_giou",
            f"{DETR}::test_giou_is_stocks",
        ),
        shown(
            "The matcher gives no scores: `norm=tal` and `norm=mean` are the mean over the pairs of each layer, "
            "`norm=paper` divides the sum over these pairs by that of their weights.",
            f"{DETR}::test_the_norm_is_that_of_each_call",
        ),
        shown(
            "Boxes are in pixels of the image as the network sees it, stretched to a square of `imgsz`: for losses in "
            "pixels (`mpdiou`, `nwd`), a function of your own, `box_stats` and the measured gradients.",
            f"{DETR}::test_a_loss_in_pixels_is_told_those_of_the_image_that_the_network_sees",
            f"{DETR}::test_a_function_of_ones_own_gets_pixels",
            f"{DETR}::test_whoever_looks_on_sees_the_main_output_in_pixels_and_changes_nothing",
        ),
        shown(
            "In YOLO they are in strides.",
            "yolo/test_bbox_loss.py::test_a_hook_sees_the_positives_as_the_loss_takes_them",
        ),
        shown(
            "The running mean of `wiou` and `wise=`, `box_stats` and the measured gradients go by the last decoder "
            "layer.",
            f"{DETR}::test_a_running_mean_moves_once_a_batch_by_the_main_output_in_training_alone",
            f"{DETR}::test_whoever_looks_on_sees_the_main_output_in_pixels_and_changes_nothing",
            f"{RTDETR}::test_gradient_norms_are_those_of_the_main_output_and_stock_is_giou",
        ),
        shown(
            "With `compile=True` Ultralytics trains without denoised boxes, and the line at the start names none.",
            f"{RTDETR}::test_a_compiled_model_denoises_nothing_and_the_line_says_so",
        ),
        shown(
            "`loss=stock` trains as Ultralytics to the last digit, `loss=giou` within rounding.",
            f"{RTDETR}::test_stock_is_stock_to_the_last_digit_and_giou_within_rounding",
        ),
        shown(
            "While a model of any kind trains, `epoch*.state` lies beside `last.pt`, for an exact resume.",
            f"{RTDETR}::test_a_killed_run_resumes_to_the_last_bit",
        ),
        exempt(
            "It takes about 12 bytes for each weight with SGD and 16 with AdamW: 6 and 8 times `best.pt` as it is at "
            "the end.",
            "weights, their average and the optimizer's state in 4 bytes each, beside weights in 2 bytes",
        ),
    ]


def _oriented() -> list[Claim]:
    return [
        shown(
            "Models for `task=obb` train with losses of rotated boxes: `yolo losses task=obb` lists them, and",
            "losses/test_listing.py::test_a_task_lists_its_losses_alone",
            f"{OBB}::test_other_losses_train_both_heads",
        ),
        exempt("[Losses](losses.md) defines them.", ADVICE),
        shown(
            "They take the place of ProbIoU; the distribution focal loss and the loss of the angle stay stock's.",
            f"{OBB}::test_probiou_is_stocks_and_the_dfl_term_is_its_own",
            f"{OBB}::test_probiou_trains_as_stock_does",
        ),
        shown(
            "`loss=probiou` is ProbIoU as Ultralytics computes it (`probiou:floor=0` in older releases, which add no "
            "floor), and `probiou:focal=0.5` has the weight of "
            "Focal-EIoU, "
            "a power of ProbIoU, with the sum of Eq. 11.",
            f"{ROTATED}::test_probiou_is_ultralytics_own",
            f"{OBB}::test_the_focal_weight_is_eq_11",
        ),
        shown(
            "Their gradients differ in size: `gain=matched` in `yolo ablate` trains each with the gain at which they "
            "agree at the start, and prints it.",
            "ablation/test_gains.py::test_gains_are_matched",
            "ablation/test_gains.py::test_matched_gains_are_told",
        ),
        shown(
            "The table that `yolo losses kld` shows is of random pairs of boxes, and not of the start of a training.",
            "losses/test_gradients.py::test_rotated_pairs_are_those_pairs_turned",
        ),
        shown(
            "Each of these losses takes a box for a Gaussian.",
            "losses/test_rotated_boxes.py::test_quantities_are_those_of_the_matrices",
        ),
        shown(
            "Two squares of the same size and place are the same Gaussian, whatever their angles: the loss "
            "of the angle "
            "turns them.",
            f"{ROTATED}::test_identical_boxes",
        ),
        shown(
            "`floor=` is added to each variance, in strides²: 0.01 is Ultralytics', and 0 is what the papers have.",
            "losses/test_rotated_boxes.py::test_a_floor_is_added_to_each_variance",
            f"{ROTATED}::test_probiou_in_training_has_ultralytics_floor",
        ),
        shown(
            "`yolo ablate` evaluates an OBB model by Ultralytics' own mAP, whose IoU is ProbIoU.",
            "ablation/test_command.py::test_other_tasks_than_detection_have_ultralytics_own_metrics",
        ),
        shown(
            "A report calls it so, and never compares it with COCO's AP.",
            f"{REPORT}::test_two_metrics_stand_side_by_side_and_are_never_compared",
        ),
        shown(
            "Rows of models for segmentation and pose have Ultralytics' own mAP of masks and key points beside AP; the "
            "report shows their means.",
            f"{REPORT}::test_masks_and_key_points_stand_beside_ap_and_are_not_tested",
        ),
        shown(
            "`yolo evaluate` takes runs of OBB models, but for a submission.",
            "export/test_oriented.py::test_a_run_has_a_row_a_card_and_an_onnx_with_ultralytics_own_map",
            "export/test_oriented.py::test_stock_is_probiou_on_its_card_and_there_is_no_submission",
        ),
        shown(
            "`yolo check kld` checks a loss of rotated boxes on rotated boxes, and `yolo check my_loss.py:f "
            "task=obb` a "
            "function of yours of xywhr boxes.",
            "checks/test_command.py::test_a_function_is_checked_on_rotated_boxes_where_the_task_has_them",
        ),
        shown(
            "`yolo simulate field=kld` draws its gradient over offsets, sizes and the difference of the angles.",
            "simulation/test_field.py::test_a_place_is_a_rotated_box_of_its_plane",
        ),
        *_oriented_own(),
        shown(
            "Trained from scratch on the synthetic `shapes-obb`, by `scripts/learn_oriented.py` (one seed: no "
            "comparison):",
            f"{ORIENTED}::test_a_recorded_training_has_reached_half_within_five_minutes",
        ),
        measured("| loss | epochs | epoch of mAP50 ≥ 50 | mAP50, % | mAP, % |", "docs/oriented.csv"),
    ]


def _oriented_own() -> list[Claim]:
    function = "losses/user/test_function.py"
    return [
        shown(
            "`yolo train model=yolo11n-obb.yaml loss=my_loss.py:f` trains with it.",
            f"{OBB}::test_a_function_of_ones_own_trains_as_the_loss_of_the_table_that_it_is",
            f"{OBB}::test_a_killed_run_with_a_function_of_ones_own_goes_on_with_its_copy",
        ),
        shown(
            "The model decides which boxes a function gets: here two tensors of xywhr boxes of shape (N, 5), in "
            "strides, with the angle in radians, or, of one argument, a `RotatedPair`.",
            "yolo/test_families.py::test_a_function_of_ones_own_is_of_the_boxes_of_the_model",
            f"{function}::test_a_function_gets_the_rotated_boxes_of_a_model_that_has_them",
            f"{OBB}::test_a_function_of_ones_own_sees_the_boxes_in_strides_and_radians",
        ),
        shown(
            "Its `focal=` is a power of ProbIoU.",
            f"{function}::test_the_focal_weight_of_a_function_of_rotated_boxes_is_a_power_of_probiou",
        ),
        shown(
            "One that can't take these boxes, or takes them for xyxy ones, is refused before the training.",
            f"{OBB}::test_a_function_that_cannot_take_the_boxes_is_told_before_training",
        ),
    ]

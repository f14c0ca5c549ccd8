"""What docs/losses.md claims, sentence by sentence, and what shows it."""

from __future__ import annotations

from tests.pages.claims import Claim, exempt, shown

ADVICE = "it tells the reader what to do or where to look, and claims nothing"
PAGE, POINTS, WISE = "test_losses_page.py", "losses/test_points.py", "losses/test_wise.py"
TRANSFORMS, LISTING, FUNCTIONS = "losses/test_transforms.py", "losses/test_listing.py", "losses/test_functions.py"
SPEC, TORCH, BUILD = "losses/test_spec.py", "test_torch_features.py", "losses/test_build.py"
SUMS, SCHEDULES, ORDER = (
    f"{PAGE}::test_sums",
    f"{PAGE}::test_schedules",
    f"{PAGE}::test_the_order_of_modifiers_is_not_that_of_writing",
)
MODIFIERS = "test_make_docs.py::test_the_table_of_modifiers_is_what_a_spec_may_have"


def claims_on_losses() -> list[Claim]:
    """Return those of docs/losses.md."""
    return [*_names(), *_values(), *_single_losses(), *_code()]


def _names() -> list[Claim]:
    return [
        exempt("How to name a box loss, what changes one, and what to know of each.", ADVICE),
        shown(
            "`yolo losses` lists them, `yolo losses 'inner*'` those whose names match, and `yolo losses siou` tells "
            "formula, source, parameters and modifiers of one.",
            f"{LISTING}::test_a_pattern_lists_published_names_with_their_specs",
            f"{LISTING}::test_a_name_tells_all_of_its_loss",
        ),
        shown("Precedence, loosest first:", f"{PAGE}::test_the_specs_at_the_head_of_the_page_build"),
        shown(
            "A comma begins a new loss unless `key=value` follows it.",
            f"{SPEC}::test_a_comma_begins_a_loss_unless_a_parameter_follows",
        ),
        shown(
            "Several `|` multiply, across the terms of a sum too.",
            f"{PAGE}::test_the_specs_at_the_head_of_the_page_build",
            f"{SPEC}::test_values_separated_by_bars_give_a_spec_each",
        ),
        shown("A `+` joins only where a name or a file follows, and numbers are written without one.", SUMS),
        shown("A term twice is refused.", SUMS),
        shown(
            "`weight=` is 1 by default, and not all weights may be 0 at once.",
            SUMS,
            f"{BUILD}::test_schedules_that_meet_in_between_are_refused",
        ),
        shown("Each term of a sum has its own normalisation.", SUMS),
        shown("They apply in this order, however they are written: inner, focaler, power, the penalty,", ORDER),
        shown("The penalty is that of the real boxes.", f"{TRANSFORMS}::test_combinations_are_exact"),
        shown("The weights use the plain IoU, detached;", f"{WISE}::test_the_factor_is_of_the_plain_iou"),
        shown(
            "for rotated boxes `focal=` is a power of ProbIoU, with the loss's own floor.",
            "losses/test_rotated.py::test_the_weight_is_a_power_of_probiou",
        ),
        shown("`focal=` and `wise=` together are refused.", ORDER),
        shown("`norm=` and `detach=` are refused without `focal=`.", ORDER),
        shown(
            "`focal_eiou:gamma=0.5` is `eiou:focal=0.5`, bit for bit.",
            f"{TRANSFORMS}::test_focal_eiou_is_eiou_with_the_modifier",
        ),
        shown("The rest is refused, with the reason.", MODIFIERS, f"{TRANSFORMS}::test_what_is_not_defined_is_refused"),
        shown(
            "A parameter that the chosen `version` ignores is refused.",
            f"{WISE}::test_a_parameter_that_the_version_ignores_is_refused",
        ),
        shown(
            "A prefix stands before the name of any loss that takes its modifier.",
            f"{LISTING}::test_a_pattern_lists_published_names_with_their_specs",
        ),
        shown(
            "Prefixes chain, as in `inner_alpha_ciou`, and `inner_ciou:inner=0.8` has another value. Capitals, hyphens "
            "and underscores don't matter.",
            f"{PAGE}::test_published_names_in_any_spelling",
        ),
        shown(
            "A known name of these is refused with its source and the reason.",
            f"{LISTING}::test_unknown_names_are_told_as_in_a_training",
        ),
    ]


def _values() -> list[Claim]:
    return [
        shown(
            "Any number may be `A..B`: A in the first epoch, B in the last, linear in between and constant within an "
            "epoch. `A..B@0.8` arrives after 80 % of the training and stays. Both ends must be in the parameter's "
            "range. Outside of a training A counts, except where `yolo simulate` is given `t=`, or "
            "`loss.set_progress(t)` was called, with `t` from 0 to 1.",
            SCHEDULES,
            "simulation/test_conditions.py::test_scheduled_numbers_are_those_at_t",
        ),
        shown(
            "Boxes may be in any unit, except for three losses.",
            f"{POINTS}::test_lengths_change_no_other_loss",
            "test_every_loss.py::test_scale_and_place_do_not_matter",
        ),
        shown("`mpdiou` needs the image's size, `nwd` and `gwd` need pixels.", f"{POINTS}::test_mpdiou_of_each_level"),
        shown(
            "In a training boxes are in strides of their level, 80 pixels are 10 where the stride is 8, and these get "
            "image and strides.",
            "yolo/test_loss_state.py::test_a_loss_is_told_the_size_of_the_batch_and_the_stride_of_each_pair",
        ),
        shown(
            "In your own code give `image=(height, width)` in pixels, and `pixels=`,",
            "test_ops.py::test_pixels_may_be_given_for_each_pair",
        ),
        shown("Without `image=`, `mpdiou` is a clear error.", f"{POINTS}::test_mpdiou_needs_the_image"),
        shown(
            "`nwd:c=auto` takes the mean √area of the training set's objects; in your own code `loss.prepare(batches, "
            "epochs, mean_side=…)` gives it.",
            f"{PAGE}::test_nwd_takes_the_mean_side_of_the_training_set",
        ),
        shown(
            "`wiou` in versions 2 and 3, and `wise=true`, compare each pair with the running mean of the IoU loss.",
            f"{WISE}::test_values_at_another_mean",
        ),
        shown("It begins at 1.", f"{FUNCTIONS}::test_the_running_mean_is_an_argument", f"{WISE}::test_values_by_hand"),
        shown(
            "It changes once for each training batch, before it is used.",
            f"{WISE}::test_the_mean_is_updated_before_it_is_used",
        ),
        shown(
            "It never changes in `eval()`. A batch without pairs changes nothing.",
            f"{WISE}::test_the_mean_stays_in_evaluation_and_without_pairs",
        ),
        shown(
            "In your own loop `loss.mean(pred, target)` changes it, `loss(pred, target)` never does; before the first "
            "batch `momentum=auto` needs `loss.prepare(batches=…, epochs=…)`.",
            f"{PAGE}::test_the_running_mean_in_a_loop_of_ones_own",
        ),
        shown(
            "`momentum=auto` leaves 5 % of the initial 1 after a third of the training. A constant such as 1e-4, "
            "copied from a training on COCO, leaves 88 % of it after 100 epochs of 13 batches:",
            f"{PAGE}::test_the_momentum_trap",
        ),
        shown(
            "In a training each head has its own, and all ranks share that of all pairs.",
            "yolo/test_loss_state.py::test_each_head_has_a_running_mean_which_training_alone_moves",
            "losses/test_wise.py::test_ranks_share_the_mean_of_all_pairs",
        ),
        shown(
            "`running_mean.csv` in the run's folder has it after each epoch, and a resumed run reads it there.",
            "yolo/test_loss_state.py::test_a_killed_run_resumes_with_its_running_mean_to_the_last_bit",
        ),
    ]


def _single_losses() -> list[Claim]:
    return [
        shown(
            "`eiou` is often copied with the centre's offset in place of width and height, and MMDetection's loss of "
            "that name is `extended_iou`: `yolo check` tells both.",
            "checks/test_misnamed.py::test_a_centre_offset_in_place_of_the_sides_is_shown_by_both_values",
            "checks/test_misnamed.py::test_an_extended_iou_named_eiou_is_shown_by_its_value",
        ),
        shown(
            "`focal_eiou` has its weight attached in much public code, which pushes low-IoU boxes away, and reversed "
            "in some, (1 − IoU)^γ: `yolo check` tells both.",
            "losses/test_focal.py::test_attached_weight_pushes_apart_below_a_threshold",
            "checks/test_misnamed.py::test_a_reversed_focus_is_shown_by_both_values",
            "checks/test_catalogue.py::test_our_weight_attached_is_found",
        ),
        shown("at 32 px, 8 px off in an image of 640 × 640, its penalty is 1.6e-4.", f"{POINTS}::test_values_by_hand"),
        shown(
            "`siou` hardly sees small errors of size: both sides 10 % too long cost 6e-5 beside the IoU.",
            f"{POINTS}::test_siou_hardly_sees_sides",
        ),
        shown(
            "`wiou` gives a box that doesn't overlap no gradient in its size.",
            f"{POINTS}::test_wiou_moves_boxes_apart_and_leaves_their_sides",
        ),
        shown("at four sides its gradient is 0.0037.", f"{POINTS}::test_piou_is_flat_far_away"),
        shown(
            "pushes away a box that is more than about two sides off.",
            f"{POINTS}::test_attached_weight_of_piou2_pushes_away",
        ),
        shown(
            "`inner=` below 1 has no overlap, and no gradient from it, for pairs that do overlap; above 1 it reaches "
            "over gaps.",
            f"{PAGE}::test_inner_boxes_may_lose_their_overlap_or_reach_over_a_gap",
        ),
        shown(
            "`focaler=` has no gradient where the IoU is outside of its limits.",
            f"{TRANSFORMS}::test_focaler_iou_is_dead_outside_its_range",
        ),
        shown(
            "`power=3` has a twentieth of CIoU's gradient at a low IoU,",
            f"{PAGE}::test_a_good_start_of_power_3_is_a_twentieth",
        ),
        shown("reaches gaps of up to 1/(1 − a) sides, 50 by default.", f"{POINTS}::test_reach_of_interpiou"),
        shown(
            "at an IoU of 0.6 it is 0.14 for a side of 8 px and 0.92 for one of 128 px.",
            "losses/test_gaussian.py::test_nwd_at_one_iou_depends_on_the_size",
        ),
        shown(
            "`gcd` gives a prediction without a size no gradient.",
            "losses/test_gaussian.py::test_collapsed_prediction_has_no_gradient_by_gcd",
        ),
        shown(
            "`extended_iou` differs for mirrored boxes.",
            f"{POINTS}::test_extended_iou_is_not_eiou_and_not_symmetric",
        ),
        shown(
            "The loss and its gradient beside CIoU's, as means over random pairs at the start of a training, where the "
            "running mean of `wiou` is 1 and the schedule of `uiou` begins,",
            "test_loss_pages.py::test_the_size_of_a_loss_that_changes_in_a_training_is_that_at_its_start",
            "losses/test_gradients.py::test_the_table_is_what_is_measured",
        ),
        exempt(
            "A loss that is near 1 there can't differ much from CIoU at those boxes; one that is not changes the gain "
            "as well.",
            "what the table above means",
        ),
    ]


def _code() -> list[Claim]:
    return [
        shown(
            "`yolo_feiou.ops` has a function `NAME_loss` for each loss.", "test_ops.py::test_all_of_them_are_exported"
        ),
        shown(
            "They keep no state, and `mean` is the plain mean.",
            "test_ops.py::test_a_function_is_its_loss",
            f"{FUNCTIONS}::test_the_running_mean_is_an_argument",
        ),
        shown(
            "`torch.compile` takes each loss whole, with dynamic shapes;",
            f"{TORCH}::test_every_loss_is_one_graph_for_all_numbers_of_pairs",
        ),
        shown(
            "inside it functions don't check their parameters.", f"{FUNCTIONS}::test_compiled_functions_do_not_check"
        ),
        shown(
            "`vmap`, second derivatives, float16 and bfloat16 work with each.",
            f"{TORCH}::test_vmap_gives_what_a_loop_gives",
            f"{TORCH}::test_second_derivatives_are_right",
        ),
        shown(
            "Half precision is computed in float32, and the gradient comes back in that of the boxes.",
            f"{TORCH}::test_half_precision_is_that_of_its_boxes",
        ),
    ]

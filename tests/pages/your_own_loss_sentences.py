"""What docs/your-own-loss.md claims, sentence by sentence, and what shows it."""

from __future__ import annotations

from tests.pages.claims import Claim, exempt, shown

ADVICE = "it tells the reader what to do or where to look, and claims nothing"
PAGE, USER = "test_losses_page.py", "losses/user/test_function.py"
REGISTERED, TRAINED = "losses/user/test_registry.py", "yolo/test_user_losses.py"


def claims_on_ones_own_loss() -> list[Claim]:
    """Return them."""
    return [*_own()]


def _own() -> list[Claim]:
    return [
        shown(
            "Check it, look at it, train it once, then compare it, at two values of `k`, with CIoU:",
            f"{PAGE}::test_the_loss_on_the_page_of_ones_own_is_what_it_says",
            "checks/test_command.py::test_a_function_that_passes_exits_with_0",
            "ablation/test_command.py::test_a_loss_of_ones_own_trains_from_the_copy_in_its_run",
        ),
        shown(
            "A loss whose gradient is twice CIoU's trains as at twice the gain `box`, and without `gain=matched` one "
            "compares gains in the place of losses.",
            "losses/test_build.py::test_a_weight_multiplies_a_single_loss",
        ),
        shown(
            "With it each loss has the `box` at which its gradient is as large as CIoU's at the start.",
            "yolo/test_gradient_norms.py::test_matched_gains_make_gradients_equal",
        ),
        exempt(
            "For few images and a CPU [these settings](fine-tune.md#little-data-from-scratch) bring AP above 0 in "
            "minutes.",
            "what that page shows",
        ),
        exempt("[Compare losses](compare.md) has what the last two do and tell.", ADVICE),
        shown("A sum is", f"{PAGE}::test_the_loss_on_the_page_of_ones_own_is_what_it_says"),
        shown(
            "`my_loss.py:f`, or `package.module:f`, is a function of your own.",
            f"{USER}::test_a_spec_names_a_function_with_its_parameters",
            f"{USER}::test_one_of_a_package",
        ),
        shown(
            "It takes `(pred, target)`, two tensors of xyxy boxes of shape (N, 4), in a training in strides, of "
            "RT-DETR in pixels, and returns one value a pair. A function of one argument gets a `Pair`, which has "
            "[the quantities below](#what-a-pair-has).",
            f"{PAGE}::test_each_quantity_of_a_pair_has_the_unit_that_the_page_says",
            f"{TRAINED}::test_it_trains_as_the_loss_of_the_table_that_it_is",
            "yolo/test_detr_loss.py::test_a_function_of_ones_own_gets_pixels",
            f"{USER}::test_a_pair_has_the_image_and_pixels",
            f"{USER}::test_another_shape_is_an_error_where_it_would_broadcast",
        ),
        shown(
            "Each is a tensor of shape (N,), but for `pred` and `target` as above. u is the unit of the boxes, a "
            "stride of YOLO or a pixel of RT-DETR; a quotient of two in the same unit is scale-free, as a loss should "
            "be.",
            f"{PAGE}::test_each_quantity_of_a_pair_has_the_unit_that_the_page_says",
            "yolo/test_detr_loss.py::test_a_function_of_ones_own_gets_pixels",
        ),
        shown(
            "`help(yolo_feiou.Pair)` has all of them.",
            f"{PAGE}::test_the_docstring_of_a_pair_has_the_same_units",
        ),
        shown(
            "| `w`, `h` | sides of the prediction | u | negative |",
            f"{PAGE}::test_an_inverted_prediction_has_what_the_page_says",
            f"{PAGE}::test_each_quantity_of_a_pair_has_the_unit_that_the_page_says",
        ),
        shown(
            "`yolo check`, and the quick checks before training, try inverted predictions and those without area too: "
            "where you divide by w, or take its logarithm or root, write `pair.w.clamp(min=1e-12)`.",
            "checks/test_numerics.py::test_what_the_remedy_says_to_write_is_finite_and_a_mended_result_is_not",
        ),
        shown(
            "Further parameters with defaults are those of the spec.",
            f"{USER}::test_a_spec_names_a_function_with_its_parameters",
        ),
        shown("Numbers may be schedules.", f"{USER}::test_scheduled_numbers_change_over_a_training"),
        shown(
            "Of the modifiers it takes `focal=`, with `norm=` and `detach=`, and `weight=`, so no parameter has these "
            "names.",
            f"{USER}::test_what_does_not_fit_is_named",
        ),
        shown(
            "A path that holds `+`, `,`, `|` or `=` can't be in a spec.",
            f"{REGISTERED}::test_a_path_that_a_spec_cannot_spell_is_registered_with_its_source",
        ),
        shown(
            'From Python give the function itself, `train(loss=f)`, or name it with `register_loss("mine", f, k=3)`.',
            f"{USER}::test_a_function_itself",
            f"{REGISTERED}::test_a_registered_function_is_a_loss_of_its_name",
        ),
        shown(
            "The run's folder keeps a copy of the file with the modules that it imports from beside it.",
            "losses/user/test_sources.py::test_a_file_comes_with_the_modules_that_it_imports_from_beside_it",
        ),
        shown(
            "Ranks, workers and resumed runs train with that copy, and other code is refused.",
            f"{TRAINED}::test_two_ranks_of_torchrun_train_with_the_copy",
            f"{TRAINED}::test_a_killed_run_goes_on_with_its_copy",
            f"{TRAINED}::test_a_resumed_run_needs_the_copy_that_it_began_with",
        ),
        shown(
            "A function without source, such as a lambda, must be given again.",
            f"{TRAINED}::test_a_resumed_run_asks_for_a_function_without_source",
        ),
        shown(
            "Before training, quick checks of calling, shape, gradient, inputs and degenerate boxes print a line each; "
            "`check=false` skips them.",
            f"{TRAINED}::test_the_quick_checks_say_a_line_each",
        ),
    ]

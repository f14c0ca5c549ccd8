"""What docs/check.md claims of `yolo check` and `yolo simulate`, and what shows it."""

from __future__ import annotations

from tests.pages.claims import Claim, exempt, measured, rows, shown
from yolo_feiou.checks.child import MEMORY_LIMIT
from yolo_feiou.checks.command import TIMEOUT_ARGUMENT
from yolo_feiou.checks.gradients import ZERO_SLOPE
from yolo_feiou.simulation.run import Simulation

ADVICE = "it tells the reader what to do or where to look, and claims nothing"
SIMULATED = "benchmarks/simulation.csv"
READINGS = "docs/paper/readings/readings.csv"


def claims_on_checking() -> list[Claim]:
    """Return them."""
    return [*_judge(), *_judge_in_words()]


def _judge() -> list[Claim]:
    whole = [r for r in rows(SIMULATED) if r["pairs"] == "343000"]
    seconds = sum(float(r["milliseconds"]) for r in whole) * Simulation.steps / 1000
    return [
        measured(
            f"the paper's {int(whole[0]['pairs']):,} pairs over {Simulation.steps} "
            f"steps with five losses, has {seconds:.0f} s of steps "
            "on two CPU cores",
            SIMULATED,
        ),
        measured(f"the statements under {len(rows(READINGS))} interpretations of what the paper leaves open", READINGS),
        shown(
            "the same seed gives the same CSV, to the last digit",
            "simulation/test_command.py::test_the_same_command_gives_the_same_bytes",
        ),
        shown(
            "against the mistakes found in public code:",
            "checks/test_catalogue.py::test_each_mistake_is_found_by_its_own_check",
        ),
        shown(
            "It names the formula if it knows it",
            "checks/test_formula.py::test_any_formula_of_two_to_four_terms_is_recognised",
        ),
        shown(
            "and the loss of the table, whatever the code (`that is DIoU: loss=diou`),",
            *(
                "checks/test_known.py::test_the_formulas_of_losses_of_others_are_recognised",
                "checks/test_known.py::test_losses_of_the_table",
            ),
        ),
        shown(
            f"in a process of its own, with {TIMEOUT_ARGUMENT.default:.0f} seconds (`timeout=60` for others) and, on "
            "Linux, "
            f"{MEMORY_LIMIT >> 30} GiB of memory beyond what Python takes:",
            *("checks/test_isolation.py::test_whatever_a_loss_does_it_ends_in_a_report",),
            *("checks/test_child.py::test_the_page_has_the_limits",),
        ),
        shown("and exits with 1 if there is one.", "checks/test_command.py::test_a_function_with_a_fault_exits_with_1"),
        shown("`yolo check all` checks our own.", "checks/test_command.py::test_all_checks_every_loss_of_the_table"),
    ]


def _judge_in_words() -> list[Claim]:
    command, field = "simulation/test_command.py", "simulation/test_field.py"
    return [
        shown(
            "and leaves a CSV and pictures, of `setup=` the settings too, in `runs/simulate/`.",
            *(f"{command}::test_each_subject_has_its_files",),
            *(f"{command}::test_without_out_results_go_to_a_new_folder_each_time",),
        ),
        shown("`points=20` gives a first impression.", f"{command}::test_a_simulation_from_end_to_end"),
        shown(
            "Below the planes of `field=` a line says what `yolo check` says of boxes without overlap: in both a "
            f"gradient under {ZERO_SLOPE:g} is zero, and what counts there is that of the centre, since boxes that "
            "change their sides alone stay apart.",
            f"{field}::test_the_command_says_what_check_says_of_boxes_without_overlap",
            "checks/test_gradients.py::test_what_moves_no_centre_has_a_zero_gradient_there",
        ),
        shown(
            "error and IoU over the steps, and whether each statement of the paper on them holds",
            *(
                "simulation/test_run.py::test_a_simulation_has_a_row_for_each_step_of_each_loss",
                f"{command}::test_the_figures_of_the_simulations_are_their_setups",
            ),
            "simulation/test_figures_6_7.py::test_a_subject_makes_all_its_files_and_judges_the_papers_statements",
        ),
        shown("the paper's other figures:", f"{command}::test_each_subject_has_its_files"),
        shown(
            "the gradient over a grid of offsets and sizes", f"{field}::test_the_grid_goes_from_minus_to_plus_its_reach"
        ),
        shown(
            "any losses of the table;",
            "simulation/test_figure4.py::test_the_command_takes_values_for_both_setups",
            "losses/test_spec.py::test_a_comma_begins_a_loss_unless_a_parameter_follows",
        ),
        shown(
            "the interpretation of the paper, as a whole or option by option",
            "simulation/test_figures_6_7.py::test_every_argument_has_its_effect",
        ),
        shown(
            "| a function of yours | `my_loss.py:my_function`, in all of them |",
            f"{field}::test_a_function_of_the_users_has_its_field",
            "checks/test_command.py::test_a_function_that_passes_exits_with_0",
            "simulation/test_command.py::test_a_function_of_the_users_is_simulated",
        ),
        shown(
            "A note is not a fault:", "checks/test_report.py::test_a_fault_has_its_details_below_it_and_a_note_its_line"
        ),
        exempt("This is not a sandbox: the function has your permissions.", ADVICE),
    ]

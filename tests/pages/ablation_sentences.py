"""What docs/ablation.md claims, sentence by sentence, and what shows it."""

from __future__ import annotations

from collections.abc import Callable

from tests.pages.claims import Claim, exempt, measured, rows, shown
from tests.scripts import load_script

ADVICE = "it tells the reader what to do or where to look, and claims nothing"
COMMAND = "of `yolo ablate`, which is tested in tests/ablation"
TABLE = "docs/stopping.csv"
SIMULATION, SEQUENTIAL, REPORT = "test_simulate_stopping.py", "report/test_sequential.py", "report/test_page.py"
RULES = f"{SIMULATION}::test_many_studies_end_as_each_would_by_the_rules"
RECORDED = f"{SIMULATION}::test_every_scenario_is_recorded"
ERRORS = f"{SIMULATION}::test_no_more_errors_are_recorded_than_are_allowed"


def claims_on_ablation() -> list[Claim]:
    """Return those of docs/ablation.md."""
    return [*_rules(), *_table(), *_figures()]


def _rules() -> list[Claim]:
    return [
        exempt("A fixed grid, `seeds=0,1,2`, gives each variant three seeds, whatever they show.", ADVICE),
        exempt("With `until=` seeds are added where they are needed:", ADVICE),
        shown(
            "a variant and its baseline get one more seed at a time, until their difference is answered: it is shown "
            "(Holm-adjusted p < .05), or its interval is ± 0.5 percentage points or narrower, or the variant has "
            "`max_seeds=20`.",
            RULES,
        ),
        shown(
            "One that learns nothing, an AP below 0.5 % with each of two seeds, gets no more.",
            "ablation/test_sequential.py::test_trainings_that_learn_nothing_get_no_more_seeds",
        ),
        exempt("**`max_seeds=20`** is part of the test.", ADVICE),
        shown(
            "Each look at n seeds is a paired t test at the level u · n / `max_seeds`, with u so low that all looks "
            "together err in 5 % of cases at most.",
            f"{SEQUENTIAL}::test_all_looks_together_err_as_often_as_they_may",
            f"{SEQUENTIAL}::test_the_p_value_is_that_level_at_which_a_look_crosses",
        ),
        shown(
            "So p values and intervals of the report hold whatever ended a comparison, if `max_seeds` was chosen "
            "before the first run.",
            f"{SEQUENTIAL}::test_intervals_hold_at_the_same_time_whatever_mean_and_spread",
            f"{REPORT}::test_the_page_text_and_files_agree_on_sequential_comparisons",
        ),
        exempt("**`race=True`** asks which variant is the best.", ADVICE),
        shown(
            "One that is shown not to be it gets no more seeds, and one that is shown to differ from the baseline goes "
            "on while another may be the best.",
            *(RULES, f"{SEQUENTIAL}::test_who_is_beaten_by_hand"),
        ),
        exempt("Variants race if they have the same `data`, `model` and `imgsz`.", COMMAND),
        exempt(
            "**`budget=8h`**: no run begins if the minutes of the finished runs, by the number of runs at a time, and "
            "the mean minutes of a run come to more.",
            COMMAND,
        ),
        shown(
            "Comparisons that are open then stay so, with p values and intervals that hold.",
            f"{SEQUENTIAL}::test_intervals_hold_at_the_same_time_whatever_mean_and_spread",
        ),
    ]


def _table() -> list[Claim]:
    (studies,) = {int(row["studies"]) for row in rows(TABLE)}
    sd = max(float(row["sd"]) for row in rows(TABLE))
    return [
        measured(f"{studies:,} simulated ablations a row, without a race / with one.", TABLE),
        shown("Ten variants and a baseline, `until=0.5`, `max_seeds=20`:", RECORDED),
        exempt("Differences and standard deviations (sd) are in points of AP;", ADVICE),
        shown(
            f"{sd} is that of the [runs on BCCD](../results/bccd).",
            f"{SIMULATION}::test_the_spread_of_runs_on_bccd_is_that_of_their_file",
        ),
        shown(
            "Noise is normal, or Student's t with 5 degrees of freedom (t5).",
            f"{SIMULATION}::test_noise_has_its_standard_deviation",
        ),
        shown(
            f"True differences as at first looks are {_list('as at first looks')}; wide ones are {_list('wide')}.",
            RECORDED,
        ),
        shown(
            '"Best found" means that the variant with the largest true difference leads, and is shown to be better.',
            f"{SIMULATION}::test_power_by_hand",
        ),
        shown(
            "The fixed grid is the smallest of n seeds for all, with t tests and Holm, that finds it as often;",
            f"{SIMULATION}::test_fixed_grids_are_tested_by_t_tests",
            f"{SIMULATION}::test_the_smallest_fixed_grid_is_found",
        ),
        shown(
            "where nothing differs, the one with as narrow intervals;",
            f"{SIMULATION}::test_the_smallest_fixed_grid_is_found",
        ),
        shown(
            "in the last column, the one that shows as many of the true differences of 0.5 points or more.",
            *(f"{SIMULATION}::test_power_by_hand", "test_make_docs.py::test_the_table_of_stopping_is_the_csv"),
        ),
        shown(
            "[`docs/stopping.csv`](stopping.csv) has eight variants and `max_seeds=30` too; "
            "`python scripts/simulate_stopping.py` makes it.",
            *(RECORDED, f"{SIMULATION}::test_what_is_recorded_is_what_the_script_finds"),
        ),
    ]


def _figures() -> list[Claim]:
    race, alone = (lambda row: row["race"] == "True"), (lambda row: row["race"] == "False")
    saved = _find("ratio_best", race)
    assert min(_find("ratio_best", alone)) > 1  # nothing is saved in finding the best
    shown_by_race = [100 * share for share in _find("power_all", _is_race_of_several)]
    return [
        measured(
            f"**Errors are within 5 %**: a false difference is shown in {100 * max(_find('family_error')):.1f} % of "
            f"ablations at most, the least well covered interval covers in {100 * min(_find('coverage')):.1f} % or "
            f"more, and the race loses the best in {100 * max(_find('best_lost')):.1f} % at most.",
            TABLE,
        ),
        shown("In all its rows:", ERRORS),
        measured(f"to find the best takes {_span(saved)} of the runs of a fixed grid.", TABLE),
        measured(
            f"That is half or less in {sum(ratio <= 0.5 for ratio in saved)} of {len(saved)} rows, and more in the "
            "others.",
            TABLE,
        ),
        measured(
            f"where several variants differ, it shows {_span(shown_by_race, 0)} % of the differences, and takes "
            f"{_span(_find('ratio_all', _is_race_of_several))} times the runs of a fixed grid that shows as many.",
            TABLE,
        ),
        measured(
            "beside a fixed grid whose number of seeds happens to be right: that takes "
            f"{_span(_find('ratio_best', alone))} times its runs, and to show all differences "
            f"{_span(_find('ratio_all', alone))} times.",
            TABLE,
        ),
        exempt(
            "What is gained is that nobody has to know that number, and that every interval says how far it got.",
            "an opinion, from the table above",
        ),
        measured(
            f"it takes {_span(_find('ratio_width'))} times the runs of a fixed grid with as narrow intervals,", TABLE
        ),
        shown(
            "and ends at `max_seeds` where runs spread by a point or more: `until=0.5` is then out of reach.",
            f"{SIMULATION}::test_half_a_point_is_out_of_reach_where_runs_spread_by_a_point",
        ),
    ]


def _list(name: str) -> str:
    """Return the true differences of that name, as a page has them."""
    values = load_script("simulate_stopping").DIFFERENCES[name]
    signs = [f"{'+' * (value > 0)}{value:g}".replace("-", "−") for value in values]
    return f"{', '.join(signs[:-1])} and {signs[-1]}"


def _is_race_of_several(row: dict[str, str]) -> bool:
    return row["race"] == "True" and row["differences"] in ("as at first looks", "wide")


def _find(column: str, chosen: Callable[[dict[str, str]], bool] = lambda row: True) -> list[float]:
    """Return the numbers of a column, of the chosen rows that have one."""
    return [float(row[column]) for row in rows(TABLE) if row[column] and chosen(row)]


def _span(numbers: list[float], digits: int = 2) -> str:
    return f"{min(numbers):.{digits}f} to {max(numbers):.{digits}f}"

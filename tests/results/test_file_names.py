"""Files of results keep their names: folders that are there already have them."""

from pathlib import Path

from yolo_feiou.results import file_names

COMMITTED = Path(__file__).parents[2] / "results" / "bccd"


def test_the_committed_results_have_the_files_of_these_names():
    """And one more, which no command reads: AP of the trainings before these."""
    named = {name for key, name in vars(file_names).items() if key.isupper()}
    assert {path.name for path in COMMITTED.glob("*.csv")} == named | {"first_runs.csv"}

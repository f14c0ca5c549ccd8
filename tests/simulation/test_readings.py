"""The statements under many readings of the paper."""

from dataclasses import asdict, replace
from functools import partial

from yolo_feiou.simulation import readings
from yolo_feiou.simulation.claims import ALL_BUT_FOCAL, CLAIMS
from yolo_feiou.simulation.run import Simulation
from yolo_feiou.simulation.setups import READINGS, Reading
from yolo_feiou.storage.tables import read_csv

DISC = Reading(area=1, region="disc")


#: Three steps, and one reading besides the forms of Focal-EIoU.
QUICK = {"bases": [DISC], "simulate": partial(Simulation, steps=3)}


def test_both_named_readings_are_among_them():
    """2 areas × 2 regions × 2 factors × 2 updates, with 9 forms each."""
    options = [
        (replace(base, **options), focal)
        for base in readings.BASE_READINGS
        for options, focal in readings.BATCH_READINGS
    ]
    assert len(options) == len(set(options)) == 144
    assert (READINGS["literal"], "focal_eiou") in options
    assert (READINGS["best"], "focal_eiou") in options


def test_a_row_has_the_reading_and_a_result_for_each_statement():
    """Which are those on a simulation of this reading, each statement on its own figure's setup."""
    rows = list(readings.judge_readings(points=2, seed=1, **QUICK))
    assert len(rows) == 9
    for row, (options, focal) in zip(rows, readings.BATCH_READINGS, strict=True):
        reading = replace(DISC, **options)
        assert {key: row[key] for key in asdict(reading)} == asdict(reading)
        assert row["focal"] == focal
        results = []
        for claim in CLAIMS:
            what = Simulation(claim.figure - 5, (*ALL_BUT_FOCAL, focal), reading, points=2, steps=3, seed=1)
            results.append(int(claim.judge([row for part in what.run() for row in part], focal)[0]))
        assert [row[f"claim_{i}"] for i in range(1, 12)] == results
        assert row["holds"] == sum(results)


def test_each_loss_is_simulated_once_for_what_matters_to_it():
    """Setup 2 has no disc, and a batch without overlap matters to focal losses alone: of 9 forms, 4 readings for the
    plain losses (literal, and three batches averaged over), 9 for Focal-EIoU, each in its setup's region."""
    asked = []

    def simulation(setup, losses, *options, **more):
        asked.append((setup, *losses, *options))
        return Simulation(setup, losses, *options, **more, steps=1)

    list(readings.judge_readings(points=1, bases=[DISC], simulate=simulation))
    assert len(asked) == len(set(asked)) == 2 * (4 * 4 + 9)
    for setup, loss, reading, _ in asked:
        assert (reading.area, reading.region) == (1, "disc" if setup == 1 else "square")
        assert reading.empty == "mean" or loss == "focal_eiou"


def test_the_command_counts_the_readings_in_which_a_statement_holds(tmp_path):
    lines = list(readings.write_readings(tmp_path, {"points": 2, **QUICK}))
    rows = read_csv(tmp_path / "readings.csv")
    assert len(rows) == 9
    for i, claim in enumerate(CLAIMS, 1):
        held = sum(row[f"claim_{i}"] for row in rows)
        assert lines[i - 1] == f"{held:3.0f} of 9 readings: {claim.says} (figure {claim.figure})"
    most = max(row["holds"] for row in rows)
    assert len(lines) == 11 + sum(row["holds"] == most for row in rows)
    assert lines[11].startswith(f"{most:.0f} of 11 statements hold with area=1 region=disc factor=1 update=xywh batch=")

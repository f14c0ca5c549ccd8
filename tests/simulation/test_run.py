"""Simulations as a whole: the figures of an independent computation, and the rows that they come in."""

import pytest

from yolo_feiou.errors import LossSpecError
from yolo_feiou.simulation.descent import list_step_sizes
from yolo_feiou.simulation.run import FIGURE_LOSSES, Simulation
from yolo_feiou.simulation.setups import READINGS, Reading

#: From a prototype of the project's that shares no code with the package: after 200 steps in setup 2, the ℓ1 error of
#: a pair and the mean IoU.
SETUP_2 = {
    "iou": (11.41, 0.522),
    "giou": (10.79, 0.539),
    "ciou": (11.25, 0.525),
    "eiou": (10.13, 0.567),
    "focal_eiou": (10.24, 0.568),
    "focal_eiou:detach=false": (10.40, 0.568),
}


@pytest.fixture(scope="module")
def setup_2():
    """The last row of each loss in setup 2."""
    return {rows[-1]["loss"]: rows[-1] for rows in Simulation(2, tuple(SETUP_2)).run()}


@pytest.mark.parametrize("loss", SETUP_2)
def test_setup_2_gives_the_figures_on_record(setup_2, loss):
    """To all digits that are known, and one in the last place for another machine's rounding."""
    error, iou = SETUP_2[loss]
    assert setup_2[loss]["error"] == pytest.approx(error, abs=0.006)
    assert setup_2[loss]["iou_mean"] == pytest.approx(iou, abs=0.0006)
    assert setup_2[loss]["error_sum"] == pytest.approx(2700 * setup_2[loss]["error"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "factor", "error", "share"),
    [
        ("eiou", "1", 21.35, 0.0062),
        ("focal_eiou", "1", 21.02, 0.031),
        ("eiou", "2-iou", 19.79, None),
        ("focal_eiou", "2-iou", 19.59, None),
    ],
)
def test_setup_1_gives_the_figures_on_record(loss, factor, error, share):
    """The same, at the paper's full size of 343,000 pairs; the share of pairs with an IoU above .9 too."""
    ((*_, last),) = Simulation(1, (loss,), Reading(factor=factor)).run()
    assert last["error"] == pytest.approx(error, abs=0.006)
    assert share is None or last["share_90"] == pytest.approx(share, rel=0.02)


@pytest.mark.parametrize("setup", [1, 2])
def test_float32_is_as_good_as_float64(setup):
    """Over 200 steps on 2 points, 686 pairs or 54, to five digits; a quantile may fall on the next pair."""
    losses = ("ciou", "focal_eiou", "focal_l1")
    single, double = (
        [rows[-1] for rows in Simulation(setup, losses, points=2, dtype=dtype).run()]
        for dtype in ("float32", "float64")
    )
    for one, other in zip(single, double, strict=True):
        for column in ("error", "error_sum", "iou_mean"):
            assert one[column] == pytest.approx(other[column], rel=1e-5)
        assert one != other  # it is another computation


def test_a_simulation_has_a_row_for_each_step_of_each_loss():
    """A row a step for each loss, step 0 the start, where no loss has moved anything yet, with the step's size."""
    parts = list(Simulation(2, ("iou", "focal_eiou:gamma=1"), points=1, steps=10).run())
    assert [rows[0]["loss"] for rows in parts] == ["iou", "focal_eiou:gamma=1"]
    for rows in parts:
        assert len({row["loss"] for row in rows}) == 1
        assert [row["step"] for row in rows] == list(range(11))
        assert [row["rate"] for row in rows] == [0, *list_step_sizes(10)]
        assert list(rows[0]) == [
            *("loss", "step", "rate", "error_sum", "error"),
            *("iou_mean", "iou_05", "iou_25", "iou_50", "iou_75", "iou_95", "iou_best"),
            *("share_50", "share_75", "share_90"),
        ]
        assert all(list(row) == list(rows[0]) for row in rows)
        errors = [row["error"] for row in rows]
        assert errors == sorted(errors, reverse=True) and len(set(errors)) == 11
    first, second = ({key: value for key, value in rows[0].items() if key != "loss"} for rows in parts)
    assert first == second


def test_each_step_is_told():
    ticks = []
    done = [len(ticks) for _ in Simulation(2, ("iou", "eiou"), points=1, steps=3).run(lambda: ticks.append(1))]
    assert done == [3, 6]


def test_a_wrong_loss_shows_before_the_first_step():
    ticks = []
    with pytest.raises(LossSpecError, match="'eoiu': did you mean 'eiou'"):
        next(Simulation(2, ("iou", "eoiu"), points=1).run(lambda: ticks.append(1)))
    assert not ticks


@pytest.mark.parametrize(
    ("setup", "points", "pairs"),
    [(1, 0, 343_000), (2, 0, 2_700), (1, 2, 686), (2, 3, 81)],  # 343 pairs a point in the one, 27 in the other
)
def test_pairs_are_counted(setup, points, pairs):
    assert Simulation(setup, points=points).pairs == pairs


@pytest.mark.parametrize(("setup", "points"), [(1, 1), (2, 4)])
def test_what_is_counted_is_simulated(setup, points):
    """The sum of the errors is the number of pairs times the error of a pair."""
    what = Simulation(setup, ("iou",), points=points, steps=1)
    ((start, _),) = what.run()
    assert start["error_sum"] / start["error"] == pytest.approx(what.pairs)


def test_the_defaults_are_the_papers():
    """Five losses, 200 steps, the literal reading, the paper's number of points."""
    what = Simulation(2)
    assert what.losses == FIGURE_LOSSES == ("iou", "giou", "ciou", "eiou", "focal_eiou")
    assert (what.steps, what.reading, what.points, what.seed) == (200, READINGS["literal"], 0, 0)
    ((start, _),) = Simulation(2, ("iou",), steps=1).run()
    assert start["error_sum"] / start["error"] == pytest.approx(2700)


def test_seed_and_reading_make_a_difference():
    def end(**options):
        (rows,) = Simulation(1, ("eiou",), points=2, steps=2, **options).run()
        return rows[-1]

    assert end() == end(seed=0) == end(reading=READINGS["literal"])
    assert end()["error"] != end(seed=1)["error"]
    for reading in (READINGS["best"], Reading(region="disc"), Reading(factor="2-iou"), Reading(reduce="mean")):
        assert end()["error"] != end(reading=reading)["error"]

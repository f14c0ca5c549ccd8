"""Who is beaten, replayed look by look."""

import numpy as np
import pytest

from tests.ablation.studies import finish, make, runs
from yolo_feiou.ablation.design import make_design, make_study
from yolo_feiou.ablation.race import get_common_values, replay_races
from yolo_feiou.ablation.sequential import Runs, count_taken
from yolo_feiou.report.sequential import find_beaten

#: AP in points for four seeds: the third is 6 behind the second, and the first between them; noise is .1.
POINTS = {"ciou": [40, 40.1, 40, 39.9], "eiou": [43, 43.1, 43.1, 42.9], "giou": [37, 37.2, 37, 36.9]}


def replay(study, known, settled=()):
    taken = [count_taken(study, place, known) for place in range(len(study.variants))]
    return replay_races(study, known.rows, taken, lambda place: place in settled)


def race_plainly(values, most):
    """Who is beaten, and by whom, of rows of values that all are there: look by look, without a study."""
    racing, beaten = list(range(len(values))), {}
    for n in range(2, most + 1):
        if len(racing) < 2:
            break
        seen = [values[place][:n] for place in racing]
        leader = max(racing, key=lambda place: sum(values[place][:n]))
        lost = [place for place, out in zip(racing, find_beaten(seen, most, len(values)), strict=True) if out]
        beaten |= dict.fromkeys(lost, leader)
        racing = [place for place in racing if place not in lost]
    return beaten


def test_looks_are_made_with_those_that_still_race_and_the_number_that_entered():
    """Thirty studies of six losses, against a plain loop; the beaten have no seeds beyond the look that beat them."""
    losses = ("ciou", "eiou", "giou", "diou", "iou", "siou")
    study, differ = make(",".join(losses), race=True, most=12), 0
    for draw in range(30):
        rng = np.random.default_rng(draw)
        values = 40 + np.array([0, 0.4, 0.8, -1, -2, -4])[:, None] + rng.normal(0, 0.5, (6, 12))
        expected = race_plainly((values / 100).tolist(), 12)
        assert replay(study, finish(study, **dict(zip(losses, values.tolist(), strict=True)))) == expected
        differ += len(set(expected.values())) > 1
    assert differ > 5, "of some the leader changed on the way"
    assert replay(make(race=True), finish(make(race=True), **POINTS)) == {0: 1, 2: 1}, "both behind the second"


def test_who_is_beaten_stays_so_and_takes_no_further_part():
    """GIoU has four seeds, and the others go on: of its later ones none is waited for, and none counts."""
    study = make(race=True)
    more = {"ciou": [*POINTS["ciou"], 40.1, 40], "eiou": [*POINTS["eiou"], 43, 43], "giou": POINTS["giou"]}
    assert 2 in replay(study, finish(study, **more))
    assert 2 in replay(study, finish(study, **{**more, "giou": [*POINTS["giou"], 99, 99]}))


def test_a_look_waits_for_all_that_race():
    study = make(race=True)
    known = finish(study, **{**POINTS, "giou": [37]})
    assert replay(study, known) == {}, "GIoU's second seed is not there"
    assert replay(study, known, settled={2}) == {0: 1}, "and no more are to come"


def test_a_seed_that_one_lacks_counts_for_none():
    study = make(race=True)
    known = finish(study, **{**POINTS, "giou": [37, None, 37, 36.9]})
    values = get_common_values([0, 1, 2], study.design.seeds[:4], known.rows)
    assert values == [pytest.approx(of) for of in ([0.4, 0.4, 0.399], [0.43, 0.431, 0.429], [0.37, 0.37, 0.369])]
    assert 2 in replay(study, known)


def test_a_baseline_that_nobody_needs_any_more_is_not_waited_for():
    """Two gains, each with a CIoU of its own: once all are answered with one gain, the other goes on without them."""
    swept = ("loss", "box", "seed")
    grid = [run for box in (5, 7.5) for run in runs("ciou,eiou", swept, box=box)]
    study = make_study(grid, make_design((0, 1), 0.5, 20, True))
    known = Runs()
    for place, values in enumerate(([40, 43], [43, 40], [40, 40.3, 39.9, 40.1], [46, 46.2, 45.9, 46])):
        for seed, value in enumerate(values):
            known.rows[place, seed] = {"loss": study.variants[place].loss, "AP": value / 100}
    assert replay(study, known) == {}
    assert replay(study, known, settled={1}) == {2: 3}


def test_variants_of_two_models_do_not_race_against_each_other():
    swept = ("loss", "model", "seed")
    grid = [run for model in ("a.yaml", "b.yaml") for run in runs("ciou,eiou", swept, model=model)]
    study = make_study(grid, make_design((0, 1), 0.5, 20, True))
    known = Runs()
    for place, base in enumerate((40, 40.1, 60, 60.1)):
        for seed in range(5):
            known.rows[place, seed] = {
                "loss": study.variants[place].loss,
                "AP": (base + 0.2 * (seed * place % 3)) / 100,
            }
    assert replay(study, known) == {}

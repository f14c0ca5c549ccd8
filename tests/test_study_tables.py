"""The summary of the study is what its runs gave, and tests only what confirms."""

import pytest

from tests.pages.claims import ROOT
from tests.scripts import load_script
from yolo_feiou.report.sequential import compute_sequential_interval, compute_sequential_p
from yolo_feiou.storage.tables import read_csv, write_csv

THRESHOLDS = [f"AP{percent}" for percent in range(50, 100, 5)]


@pytest.fixture
def tables():
    return load_script("study_tables")


def write_stage(folder, ap, **columns):
    """Write the table of a stage: AP by setting and seed, AP75 half of it, AP90 a quarter."""
    rows = [
        {"run": f"{number}_seed{seed}", "key": f"{number}{seed}", "status": "done", "gain": "same", "seed": seed}
        | {
            "dfl": 1.5,
            **columns,
            **dict(setting),
            "AP": value,
            **dict.fromkeys(THRESHOLDS, value),
            "AP75": value / 2,
            "AP90": value / 4,
        }
        for number, (setting, values) in enumerate(ap.items())
        for seed, value in values.items()
    ]
    folder.mkdir()
    write_csv(folder / "results.csv", rows)


def write_positives(folder, iou, low):
    """Write what the positives of runs are after two epochs: their IoU, and the shares of the gradient below .5."""
    rows = [
        {"run": run, "epoch": epoch, "iou_mean": value / (3 - epoch)}
        | {f"grad_{start:02}": low[run] / 5 if start < 50 else (1 - low[run]) / 5 for start in range(0, 100, 10)}
        for run, value in iou.items()
        for epoch in (1, 2)
    ]
    write_csv(folder / "box_stats.csv", rows)


def setting(loss="ciou", box=7.5):
    return (("loss", loss), ("box", box))


def test_gains_are_compared_with_the_usual_one_and_not_tested(tables, tmp_path):
    write_stage(
        tmp_path / "gains-cards",
        {
            setting(box=3.75): {0: 0.61, 1: 0.62},
            setting(box=7.5): {0: 0.60, 1: 0.58},
            setting(box=15.0): {0: 0.5},
        },
    )
    low, usual, high = tables.summarize(tmp_path)
    assert (low["AP"], low["AP75"], low["seeds"], low["differences"]) == (61.5, 30.75, "0 1", "+1.0 +4.0")
    assert low["difference"] == pytest.approx(2.5) and low["difference_75"] == pytest.approx(1.25)
    assert (usual["box"], usual["difference"], usual["differences"]) == (7.5, None, "")
    assert high["difference"] == pytest.approx(-10)
    assert all(row["p"] is None and row["low"] is None and row["p_holm"] is None for row in (low, usual, high))


def test_confirmations_are_tested_together(tables, tmp_path):
    seeds = range(100, 104)
    gained = {"bccd": (0.02, 0.021, 0.019, 0.02), "cards": (0.05, -0.05, 0.04, 0.01)}
    for data, gains in gained.items():
        write_stage(
            tmp_path / f"short-{data}",
            {
                setting(): dict.fromkeys(seeds, 0.5),
                setting("eiou"): {seed: 0.5 + gain for seed, gain in zip(seeds, gains, strict=True)},
            },
            until=0.5,
            max_seeds=8,
            race=False,
        )
    eiou = {row["data"]: row for row in tables.summarize(tmp_path) if row["loss"] == "eiou"}
    for data, gains in gained.items():
        low, high = compute_sequential_interval(gains, 8)
        assert (eiou[data]["low"], eiou[data]["high"]) == pytest.approx((100 * low, 100 * high))
        assert eiou[data]["p"] == pytest.approx(compute_sequential_p(gains, 8))
    assert eiou["bccd"]["p_holm"] == pytest.approx(2 * eiou["bccd"]["p"])
    assert eiou["cards"]["p_holm"] == pytest.approx(max(eiou["cards"]["p"], eiou["bccd"]["p_holm"]))


def test_where_differences_lie_is_of_all_thresholds_and_of_the_last_epoch(tables, tmp_path):
    folder = tmp_path / "results" / "study"
    folder.mkdir(parents=True)
    gained = {setting(): {100: 0.5, 101: 0.5}, setting("eiou"): {100: 0.52, 101: 0.54}}
    write_stage(folder / "long-bccd", gained, until=0.5, max_seeds=4, race=False)
    runs = dict.fromkeys(("0_seed100", "0_seed101"), 0.6) | {"1_seed100": 0.7, "1_seed101": 0.8}
    write_positives(folder / "long-bccd", runs, dict.fromkeys(runs, 0.02) | {"1_seed101": 0.06})
    write_stage(folder / "screen-bccd", {setting(): {0: 0.5}})
    ciou, eiou, _ = rows = tables.summarize(folder)
    assert [eiou[f"difference{end}"] for end in ("", "_50", "_75", "_90")] == pytest.approx([3, 3, 1.5, 0.75])
    assert (eiou["positives_iou"], eiou["gradient_below_50"]) == pytest.approx((0.75, 4))
    assert (ciou["positives_iou"], ciou["gradient_below_50"]) == pytest.approx((0.6, 2))
    write_csv(folder / "summary.csv", rows)
    assert cells(tables.list_mechanism(tmp_path)) == [
        ["long", "bccd", "`loss=ciou box=7.5`", "–", "–", "–", "–", "0.600", "2.0"],
        ["long", "bccd", "`loss=eiou box=7.5`", "+3.0", "+3.0", "+1.5", "+0.8", "0.750", "4.0"],
    ]


def test_tables_show_what_the_summary_says(tables, tmp_path):
    folder = tmp_path / "results" / "study"
    folder.mkdir(parents=True)
    write_stage(folder / "gains-bccd", {setting(): {0: 0.5, 1: 0.52}, setting(box=3.75): {0: 0.4, 1: 0.42}})
    write_stage(folder / "gains-cards", {setting(): {0: 0.6}, setting("a_sum"): {0: 0.7}})
    write_stage(folder / "screen-bccd", {setting(): {0: 0.5, 1: 0.5}, setting("eiou", 3.0): {0: 0.49, 1: 0.52}})
    confirmed = {setting(): {100: 0.5, 101: 0.5}, setting("eiou:weight=0.4"): {100: 0.52, 101: 0.54}}
    write_stage(folder / "fine-cards", confirmed, until=0.5, max_seeds=8, race=False)
    write_csv(folder / "summary.csv", tables.summarize(folder))
    assert cells(tables.list_gains(tmp_path)) == [
        ["`a_sum`", "7.5", "1.5", "–", "–", "70.0", "0", "–"],
        ["`ciou`", "3.75", "1.5", "41.0", "0 1", "–", "–", "–"],
        ["`ciou`", "7.5", "1.5", "51.0", "0 1", "60.0", "0", "55.5"],
    ]
    assert cells(tables.list_screening(tmp_path)) == [["`eiou`", "3", "−1.0 +2.0", "+0.2", "–", "–", "–"]]
    ((*names, gain, interval, p, gain_75),) = cells(tables.list_confirmation(tmp_path))
    assert (names, gain, gain_75) == (["fine", "cards", "`loss=eiou box=3`", "2"], "+3.0", "+1.5")
    low, high = (float(end.replace("−", "-")) for end in interval.split(" to "))
    assert low < 0 < high and low + high == pytest.approx(6, abs=0.1) and 0.1 < float(p) <= 1


def test_repeats_are_of_the_same_setting_and_seed(tables, tmp_path):
    folder = tmp_path / "results" / "study"
    folder.mkdir(parents=True)
    gains = {setting(box=1.875): {0: 0.5, 1: 0.52}, setting(): {0: 0.4}, setting("eiou", 1.875): {0: 0.6}}
    screened = {setting(box=1.875): {0: 0.49, 1: 0.52, 2: 0.5}, setting("eiou", 1.875): {0: 0.3}}
    for data, stage in (("bccd", gains), ("cards", {setting(): {0: 0.5}})):
        write_stage(folder / f"gains-{data}", stage)
        write_stage(folder / f"screen-{data}", screened)
    assert cells(tables.list_repeats(tmp_path)) == [
        ["bccd", "1.875", "1.5", "0", "50.0", "49.0", "−1.0"],
        ["bccd", "1.875", "1.5", "1", "52.0", "52.0", "+0.0"],
    ]


def test_pictures_are_of_the_stages_that_there_are(tables, tmp_path):
    assert list(tables.make_pictures(tmp_path, [])) == []
    write_stage(tmp_path / "gains-cards", {setting(): {0: 0.6, 1: 0.61}, setting(box=3.75): {0: 0.5, 1: 0.52}})
    confirmed = {setting(): {100: 0.5, 101: 0.5}, setting("eiou:weight=0.4"): {100: 0.52, 101: 0.54}}
    write_stage(tmp_path / "fine-bccd", confirmed, until=0.5, max_seeds=8, race=False)
    made = dict(tables.make_pictures(tmp_path, tables.summarize(tmp_path)))
    assert list(made) == ["gains-cards.svg", "fine-bccd.svg", "confirmation.svg"]
    (axis,) = made["confirmation.svg"].axes
    assert [text.get_text() for text in axis.texts] == ["fine, bccd: eiou box=3", "+3.0"]


@pytest.mark.parametrize(("p", "difference", "better"), [(0.04, 2.0, True), (0.04, -2.0, False), (0.06, 2.0, None)])
def test_a_confirmation_is_drawn_as_its_adjusted_p_says(tables, p, difference, better):
    row = {"stage": "short", "data": "bccd", **dict(setting("eiou:weight=0.4")), "dfl": 1.5, "difference": difference}
    drawn = tables.make_row(row | {"low": 0.1, "high": 3.0, "p": 0.01, "p_holm": p})
    assert (drawn.label, drawn.better, drawn.mean, drawn.interval, drawn.text[0]) == (
        *("short, bccd: eiou box=3", better, difference, (0.1, 3.0)),
        "−" if difference < 0 else "+",
    )


def cell_row(loss, data, difference: object = 0.0, p_holm: object = 0.5, **others):
    """A row of the summary as it is read back: text."""
    row = {"stage": "short", "loss": loss, "data": data, "box": 1.875, "dfl": 1.5}
    numbers = {"difference": difference, "p_holm": p_holm}
    return {key: str(value) for key, value in (row | numbers | others).items()}


TUNED = [cell_row("ciou", data, "", "") for data in ("bccd", "cards")]


@pytest.mark.parametrize(
    ("found", "advice"),
    [
        ([(1.0, 0.04), (0.5, 0.01)], "better on `bccd`, better on `cards`"),
        ([(1.0, 0.04), (0.5, 0.06)], "better on `bccd`"),
        ([(0.4, 0.04)], "better, by less than 0.5 AP, on `bccd`"),
        ([(1.0, 0.04)], "better on `bccd`"),  # of one data set alone
        ([(-1.0, 0.04), (0.5, 0.06)], "worse on `bccd`"),
        ([(-1.0, 0.04), (1.0, 0.04)], "worse on `bccd`, better on `cards`"),
        ([(-1.0, 0.06), (1.0, 0.06)], "nothing"),
    ],
)
def test_advice_is_what_is_shown_on_each_data_set(tables, found, advice):
    assert tables.advise([cell_row("eiou", data, *of) for of, data in zip(found, tables.DATA, strict=False)]) == advice


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("wiou", "wiou box=1.875"),
        ("focal_eiou:gamma=0.25,weight=0.4", "focal_eiou:gamma=0.25 box=0.75"),
        ("ciou:weight=2+smooth_l1:weight=2", "ciou:weight=0.5+smooth_l1:weight=0.5 box=7.5"),
    ],
)
def test_the_factor_of_a_loss_is_part_of_its_gain(tables, spec, name):
    assert tables.name_setting(cell_row(spec, "bccd")) == f"`loss={name}`"
    assert tables.name_setting(cell_row(spec, "bccd", dfl=4.5)) == f"`loss={name} dfl=4.5`"


def test_the_advice_shows_the_differences_behind_it(tables, tmp_path):
    (tmp_path / "results" / "study").mkdir(parents=True)
    shown = {"low": 0.5, "high": 2, "differences": "+1.0 +1.5"}
    confirmed = [
        cell_row("eiou", "bccd", 1.25, 0.01, stage="fine", **shown),
        *(cell_row("eiou:weight=0.5", data, 1.25, 0.01, **shown) for data in tables.DATA),
    ]
    rows = [{"low": "", "high": "", "differences": "", **row} for row in (*TUNED, *confirmed)]
    write_csv(tmp_path / "results" / "study" / "summary.csv", rows)
    told = "+1.2 (+0.5 to +2.0), 2 seeds"
    assert "| with, beside `loss=ciou box=1.875` | ΔAP, `bccd` (95 %) |" in tables.list_advice(tmp_path)
    assert cells(tables.list_advice(tmp_path)) == [
        ["from scratch, 30 to 40 epochs", "`loss=eiou box=0.9375`", told, told, "better on `bccd`, better on `cards`"],
        ["fine-tuned, 15 to 20 epochs", "`loss=eiou box=1.875`", told, "–", "better on `bccd`"],
    ]


def cells(table):
    return [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]


def test_the_summary_that_is_committed_is_that_of_the_tables(tables):
    made = tables.summarize(ROOT / "results" / "study")
    committed = read_csv(ROOT / "results" / "study" / "summary.csv", text=("seeds", "differences"))
    assert len(made) == len(committed)
    for ours, theirs in zip(made, committed, strict=True):
        for key, value in ours.items():
            if isinstance(value, float):
                assert theirs[key] == pytest.approx(value), key
            else:
                assert theirs[key] == ("" if value is None else value), key

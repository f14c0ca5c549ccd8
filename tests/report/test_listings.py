"""What is listed as it is."""

from tests.report.factories import row
from yolo_feiou.report.listings import list_commands, list_settings, make_preflight_table, make_runs_table
from yolo_feiou.report.read import Results


def results(*rows, **files):
    rows = [{k: float(v) if isinstance(v, int) else v for k, v in one.items()} for one in rows]
    return Results((), rows, ("box", "epochs"), **files)


def test_runs_with_the_columns_in_which_there_is_something():
    """The swept arguments after the loss, metrics in per cent, what is missing as –."""
    failed = row("eiou", 1, status="failed", reason="no GPU", AP=None, epochs=50)
    table = make_runs_table(results(row(epochs=50, AP_S=None, minutes=1.25), failed), ["loss", "epochs"])
    assert table.columns == [
        "run",
        "status",
        "loss",
        "epochs",
        "seed",
        "gain",
        "box",
        "AP",
        "minutes",
        "device",
        "reason",
    ]
    assert list(table.numeric) == [False] * 3 + [True] * 2 + [False] + [True] * 3 + [False] * 2
    first, second = ([cell.text for cell in line] for line in table.groups[0])
    assert first == ["ciou_0", "done", "ciou", "50", "0", "same", "7.5", "40.0", "1.25", "0", "–"]
    assert second == ["eiou_1", "failed", "eiou", "50", "1", "same", "7.5", "–", "–", "0", "no GPU"]
    assert table.groups[0][0][7].value == 0.4 and table.groups[0][1][7].value is None


def test_preflight_has_whatever_columns_there_are():
    assert make_preflight_table(results(row())) is None
    lines = [{"loss": "ciou", "gradient_ratio": 1.0}, {"loss": "eiou", "gradient_ratio": 1.23456, "model": "n.yaml"}]
    table = make_preflight_table(results(row(), preflight=lines))
    assert table.columns == ["loss", "gradient_ratio", "model"]
    assert [[cell.text for cell in line] for line in table.groups[0]] == [
        ["ciou", "1", "–"],
        ["eiou", "1.235", "n.yaml"],
    ]


def test_settings_with_the_number_of_runs_where_they_differ():
    """Of finished runs; a value that some lack is not everybody's."""
    rows = [row(torch="2.9", images=10), row(seed=1, torch="2.10", images=10), row(seed=2, status="failed", torch="1")]
    found = dict(list_settings(results(*rows)))
    assert found["torch"] == "2.9 (1 run), 2.10 (1 run)"
    assert (found["box"], found["images"], found["gain"]) == ("7.5", "10", "same")
    assert "epochs" not in found
    assert dict(list_settings(results(row(torch="2.9"), row(seed=1))))["torch"] == "2.9 (1 run)"


def test_each_command_once():
    assert list_commands(results(row(command="a"), row(command="b"), row(command="a"), row(command=None), row())) == [
        "a",
        "b",
    ]


def test_settings_say_how_an_ablation_ended():
    rows = [row(until=0.5, max_seeds=20, race="True"), row(seed=1, until=0.5, max_seeds=20, race="True")]
    settings = dict(list_settings(results(*rows)))
    assert (settings["until"], settings["max_seeds"], settings["race"]) == ("0.5", "20", "True")
    assert "until" not in dict(list_settings(results(row())))

"""`key=value` words: what they are read as, and what is said of each mistake."""

import re

import pytest

from yolo_feiou.errors import ArgumentError
from yolo_feiou.parameters import (
    Choice,
    Flag,
    Float,
    Floats,
    Folder,
    Hours,
    Int,
    Text,
    asks_for_help,
    check_named,
    format_arguments,
    read_arguments,
)

POINTS, LOSSES = Int("points", 5, 1, 1000), Text("losses", "iou", "a list of losses, like iou,eiou")
BETA, AREA = Floats("beta", (0.8,), 0.25, 1), Float("area", 100, 0.5, 200)
LIMIT = Hours("limit", 0, 8760)
ARGUMENTS = (LOSSES, POINTS, BETA, AREA, Choice("factor", "1", ("1", "2-iou")), Flag("quick", False), LIMIT)


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ([], {}),
        (["points=3"], {"points": 3}),
        (["points=1", "quick=True"], {"points": 1, "quick": True}),
        (["--points=1000", "-area=0.5"], {"points": 1000, "area": 0.5}),
        (["beta=0.25,1"], {"beta": (0.25, 1.0)}),
        (["beta=0.5"], {"beta": (0.5,)}),
        (["beta= 0.5 , 0.75"], {"beta": (0.5, 0.75)}),
        (["limit=8"], {"limit": 8.0}),
        (["limit=0"], {"limit": 0.0}),
        (["limit=8h"], {"limit": 8.0}),
        (["limit=30m"], {"limit": 0.5}),
        (["limit=2d"], {"limit": 48.0}),
        (["limit=0.00001"], {"limit": 0.00001}),
        (["limit=365d"], {"limit": 8760.0}),
        (["factor=2-iou", "losses=a:b=1,c=2"], {"factor": "2-iou", "losses": "a:b=1,c=2"}),
    ],
)
def test_only_what_is_given_is_returned(words, values):
    read = read_arguments("yolo do", words, ARGUMENTS)
    assert read == values
    assert {key: type(value) for key, value in read.items()} == {key: type(value) for key, value in values.items()}


WHOLE = "a whole number from 1 to 1000"
HOURS = "a time up to 8760 hours, like 8, 8h, 30m or 2d"
NUMBERS = "a list of numbers from 0.25 to 1, like 0.25,1"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        *((f"points={text}", WHOLE) for text in ("0", "1001", "-1", "1.0", "1e2", "1_0", "x", "", "5 5", "nan", "²")),
        *((f"beta={text}", NUMBERS) for text in ("", "0.2", "0.5,1.1", "0.5,", ",0.5", "0.5;1", "nan", "x", "0.5,0_1")),
        *((f"area={text}", "a number from 0.5 to 200") for text in ("", "0", "201", "inf", "nan", "1,2")),
        *((f"factor={text}", "one of 1, 2-iou") for text in ("", "2", "2-IoU")),
        *(
            (f"limit={text}", HOURS)
            for text in ("", "h", "8H", "8 hours", "8s", "-1", "366d", "inf", "nan", "1e9", "1d2h")
        ),
        ("losses=", "a list of losses, like iou,eiou"),
        ("quick=1", "true or false"),
    ],
)
def test_a_bad_value_is_named_beside_what_is_expected(word, expected):
    with pytest.raises(ArgumentError, match=f"^{re.escape(f'{word} is not {expected}.')}$"):
        read_arguments("yolo do", [word], ARGUMENTS)


def test_a_bound_is_shown_as_it_could_be_typed():
    """Specs take no + in a number, so that of 1e+06 is left out."""
    assert Float("weight", 1, 1e-7, 1e6).expected == "a number from 1e-7 to 1e6"
    assert Floats("c", (1,), 0, 1e4).expected == "a list of numbers from 0 to 1e4, like 0,1e4"


HAS = "It has losses, points, beta, area, factor, quick, limit."


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["points"], "'yolo do' takes arguments like losses=…, got 'points'."),
        (["--points"], "'yolo do' takes arguments like losses=…, got '--points'."),
        ([""], "'yolo do' takes arguments like losses=…, got ''."),
        (["point=3"], f"'yolo do' has no argument 'point': did you mean 'points'? {HAS}"),
        (["POINTS=3"], f"'yolo do' has no argument 'POINTS': did you mean 'points'? {HAS}"),
        (["zzz=3"], f"'yolo do' has no argument 'zzz'. {HAS}"),
        (["=3"], f"'yolo do' has no argument ''. {HAS}"),
        (["points=3", "--points=3"], "'yolo do' got points= twice: give it once."),
    ],
)
def test_a_word_that_does_not_fit_is_named_beside_those_that_do(words, message):
    with pytest.raises(ArgumentError, match=f"^{re.escape(message)}$"):
        read_arguments("yolo do", words, ARGUMENTS)


def test_a_folder_may_begin_with_the_users_own(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("USERPROFILE", "/home/me")
    assert read_arguments("yolo do", ["out=~/x"], [Folder("out", "")]) == {"out": "/home/me/x"}
    with pytest.raises(ArgumentError, match="out= is not a folder"):
        read_arguments("yolo do", ["out="], [Folder("out", "")])


def test_every_out_is_a_folder():
    """So that none of the verbs takes a path otherwise than the others."""
    listed = {verb: type(option) for verb, option in list_verbs_arguments() if option.name == "out"}
    assert listed == dict.fromkeys(("ablate", "prepare coco", "prepare voc", "evaluate", "report", "simulate"), Folder)


def test_an_empty_word_is_named():
    check_named(["a"], "a folder")
    with pytest.raises(ArgumentError, match="got '' in the place of a folder: is a variable of the shell empty?"):
        check_named(["a", ""], "a folder")


@pytest.mark.parametrize("argument", [POINTS, BETA, AREA])
def test_both_ends_of_a_range_are_in_it(argument):
    for end in (argument.low, argument.high):
        assert argument.read(str(end)) in (end, (end,))


def test_a_list_may_say_so_itself():
    """What `Floats` gives as an example is one."""
    example = BETA.expected.rpartition(" ")[2]
    assert BETA.read(example) == (0.25, 1)


@pytest.mark.parametrize(
    ("argument", "line"),
    [
        (
            Int("jobs", 0, 1, 9, "runs at a time"),
            "jobs=  runs at a time (a whole number from 1 to 9)",
        ),  # 0 can't be typed
        (Int("jobs", 2, 1, 9), "jobs=2  a whole number from 1 to 9"),
        (Floats("beta", (0.5, 1.0), 0, 1, "β"), "beta=0.5,1  β (a list of numbers from 0 to 1, like 0,1)"),
        (Flag("quick", False, meaning="whether"), "quick=False  whether (true or false)"),
        (Text("out", "", "a folder"), "out=  a folder"),
        (Text("baseline", "", "a loss", "what is compared with"), "baseline=  what is compared with"),
        (Floats("at", (1 / 3, 1.0), 0, 1), "at=0.3333,1  a list of numbers from 0 to 1, like 0,1"),
        (Text("losses", "giou,ciou,eiou,focal_eiou", "a list"), "losses=giou,ciou,eiou,focal_eiou\n  a list"),
    ],
)
def test_a_line_of_help_is_the_default_the_meaning_and_the_range(argument, line):
    assert re.sub(" {2,}", "  ", format_arguments([argument])) == f"  {line}"


@pytest.mark.parametrize(
    ("words", "asks"),
    [
        (["help"], True),
        (["--help"], True),
        (["-h"], True),
        (["setup=1", "--help"], True),
        ([], False),
        (["a", "help"], False),
        (["out=help", "h"], False),
    ],
)
def test_help_is_asked_for_first_or_by_a_flag(words, asks):
    """A folder may be called help."""
    assert asks_for_help(words) == asks


def list_verbs_arguments():
    """All arguments of all verbs, by verb."""
    from yolo_feiou.ablation.options import ABLATION_OPTIONS
    from yolo_feiou.checks.command import TASK_ARGUMENT, TIMEOUT_ARGUMENT
    from yolo_feiou.datasets.coco.command import PREPARE_ARGUMENTS
    from yolo_feiou.datasets.voc.command import VOC_ARGUMENTS
    from yolo_feiou.export.options import EXPORT_OPTIONS
    from yolo_feiou.lightning.command import HELP
    from yolo_feiou.losses.listing import TASK
    from yolo_feiou.report.command import REPORT_ARGUMENTS
    from yolo_feiou.results.arguments import EXTRA_PARAMETERS
    from yolo_feiou.simulation.command import EXPERIMENTS, OUT
    from yolo_feiou.simulation.field import make_field_experiment

    experiments = [*EXPERIMENTS.values(), make_field_experiment("eiou"), make_field_experiment("kld")]
    return [
        *(("ablate", option) for option in ABLATION_OPTIONS),
        *(("check", option) for option in (TASK_ARGUMENT, TIMEOUT_ARGUMENT)),
        *(("prepare coco", option) for option in PREPARE_ARGUMENTS),
        *(("prepare voc", option) for option in VOC_ARGUMENTS),
        *((mode, option) for mode, (_, options) in HELP.items() for option in options),
        *(("evaluate", option) for option in EXPORT_OPTIONS),
        *(("report", option) for option in REPORT_ARGUMENTS),
        *(("train", option) for option in EXTRA_PARAMETERS),
        ("losses", TASK),
        ("simulate", OUT),
        *((f"simulate {experiment.name}", option) for experiment in experiments for option in experiment.arguments),
    ]


def test_each_argument_of_a_verb_has_a_meaning():
    """That of a text may stand in what is expected."""
    without = [
        f"{verb} {option.name}="
        for verb, option in list_verbs_arguments()
        if not option.meaning and not (isinstance(option, Text) and option.expected != "text")
    ]
    assert not without

"""What docs/commands.md and docs/python.md claim, sentence by sentence, and what shows it."""

from __future__ import annotations

from tests.pages.claims import Claim, exempt, shown

ADVICE = "it tells the reader what to do or where to look, and claims nothing"


def claims_on_commands() -> list[Claim]:
    """Return those of docs/commands.md."""
    return [
        shown(
            "What `yolo help`, `yolo ablate help`, `yolo report help` and `yolo simulate help` print of this package;",
            "test_make_docs.py::test_pages_are_what_make_docs_makes",
        ),
        shown(
            "`yolo train` and the other commands of Ultralytics take all arguments that Ultralytics documents.",
            *("test_cli.py::test_help_adds_ours_to_stocks", "test_cli.py::test_cfg_command_prints_stocks_defaults"),
        ),
        shown(
            "`yolo losses` and `yolo check` take names of losses.",
            *("losses/test_listing.py::test_a_name_tells_all_of_its_loss",),
            *("checks/test_command.py::test_all_checks_every_loss_of_the_table",),
        ),
        exempt("The arguments of detectors beside YOLO are in [their table](detectors.md).", ADVICE),
    ]


def claims_on_python() -> list[Claim]:
    """Return those of docs/python.md, but for what mkdocstrings takes from docstrings."""
    return [exempt("What is imported from `yolo_feiou`, and the losses as functions.", ADVICE)]

"""What the process of a loss sends, and how it ends, as findings; its messages are data that nobody vouches for."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass
from typing import Any

from yolo_feiou.checks import child
from yolo_feiou.checks.catalogue import Check, list_checks
from yolo_feiou.checks.finding import Finding
from yolo_feiou.losses.families import FAMILY_LOSSES
from yolo_feiou.losses.table import Family

ISOLATION_REMEDY = "let it only compute values; call it yourself in a fresh Python to see where that happens"


class CheckStopped(Exception):
    """A loss can't be checked any further, which is its finding."""

    def __init__(self, message: str, came: str, remedy: str) -> None:
        super().__init__(message)
        self.finding = Finding(message, came, "one value a pair, and nothing else", remedy)


@dataclass
class ProcessEnding:
    """How a process ended.

    Attributes:
        code: Its exit status, or a signal as a negative number; None where that is unknown.
    """

    code: int | None

    @property
    def told(self) -> str:
        """The description of the ending."""
        if self.code is None:
            return "its end"
        if self.code >= 0:
            return f"exit status {self.code}"
        name = signal.Signals(-self.code).name if -self.code in set(signal.Signals) else str(-self.code)
        return f"signal {name}" + (", perhaps since memory was exhausted" if -self.code == signal.SIGKILL else "")


def read_message(line: bytes) -> dict[str, Any]:
    """Return the message in a line; raise CheckStopped if there is none."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise CheckStopped("it interferes with the check", "an invalid message", ISOLATION_REMEDY)
    return message


def stopped_by_changes(message: dict[str, Any]) -> CheckStopped:
    """Return why the code of the checks itself failed: the loss changed what it needs, or an error without that."""
    changes = clean_text(message.get("changes") or "")
    what = f"it breaks the check: it changes {changes}" if changes else "it raises an error that stops the check"
    return CheckStopped(what, clean_text(message["broke"]), ISOLATION_REMEDY)


def read_family(message: dict[str, Any]) -> Family:
    """Return the family of the boxes of a loss that is loaded; raise CheckStopped if the message has none."""
    for family in FAMILY_LOSSES:
        if message.get("loaded") == family:
            return family
    raise CheckStopped("it interferes with the check", "an invalid message", ISOLATION_REMEDY)


def read_result(message: dict[str, Any], family: Family, place: int) -> tuple[Check, Finding | None]:
    """Parse a check and its finding from a message; raise CheckStopped if it is invalid."""
    try:
        check, finding = list_checks(family)[place], message["finding"]
        if message["check"] != check.name:
            raise ValueError(message["check"])
        if finding is None:
            return check, None
        texts = {key: clean_text(finding[key]) for key in ("message", "came", "expected", "remedy")}
        pair = finding["pair"]
        return check, Finding(**texts, pair=pair and (list(map(float, pair[0])), list(map(float, pair[1]))))
    except (ValueError, KeyError, IndexError, TypeError):
        raise CheckStopped("it interferes with the check", "an invalid message", ISOLATION_REMEDY) from None


def clean_text(text: object) -> str:
    """Return a text from the child on one line, without control characters."""
    return "".join(c if c.isprintable() else " " for c in str(text)[: child.MAX_TEXT_LENGTH]).strip()

"""What a run says of itself: `provenance.json` in its folder, written at its first start, added to at each resume.

Ultralytics rewrites args.yaml on resume, with its own last.pt as the model and the optimizer that it chose; its
checkpoints keep only arguments that it knows. So rows, model cards and reports read this file, and what no file
recorded is "not recorded". The models carry a mark, which ties a checkpoint to its record and names its loss.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any

import msgspec
import yaml

import yolo_feiou
from yolo_feiou.errors import DataError
from yolo_feiou.losses.build import STOCK, shorten_spec
from yolo_feiou.losses.user.registry import find_sources
from yolo_feiou.losses.user.sources import Source
from yolo_feiou.results.arguments import EXTRA_ARGUMENTS
from yolo_feiou.storage.checksums import file_sha256
from yolo_feiou.storage.tables import Row, read_record, write_json

RECORD_FILE = "provenance.json"
#: Fields of `RunRecord` whose key in the file is another, which readers of the file know.
FILE_KEYS = {"nodes": "machines"}
#: The attribute of a model that holds its mark, a dict of text: it survives all that Ultralytics does to a checkpoint.
MODEL_MARK = "yolo_feiou"
#: In the environment of Ultralytics' own workers, which get all arguments: those that were asked for, as JSON.
ASKED_VARIABLE = "YOLO_FEIOU_ASKED"


class SessionRecord(msgspec.Struct):
    """An entry of `sessions`."""

    first_epoch: Annotated[int, msgspec.Meta(ge=1)]


class RecordForm(msgspec.Struct):
    """Of `provenance.json`, what is relied on."""

    id: str
    sessions: Annotated[list[SessionRecord], msgspec.Meta(min_length=1)]
    arguments: dict[str, Any] | None = None
    asked: dict[str, Any] = {}
    differing: list[str] = []
    set_to: dict[str, Any] = {}
    contents: dict[str, str] = {}


@dataclass(frozen=True)
class RunRecord:
    """The record of a run.

    Attributes:
        id: Ties the checkpoints of the run to its record.
        asked: The arguments as the command or the caller gave them.
        arguments: All arguments as the defaults of the day, `cfg` and what was asked gave them, ours included; None if
            the run was begun without a record and resumed: what it began with is not recorded.
        differing: Those that differed from the defaults of the day.
        set_to: What the trainer made of some of them: the optimizer chosen for 'auto', a batch or image size.
        contents: Content hashes of the files that arguments name, see `fingerprint_files`.
        weights: The checkpoint that the training started from: `file` and `sha256`; None if there is none.
        loss: The shortest spelling of the loss, 'stock' for none of ours.
        loss_file: Of a user's own loss, `file` and `sha256`; of several in a sum, those of the first.
        launcher: 'torchrun', 'Ultralytics' for its own launcher, or '' for a single process.
        processes: In how many processes it trained.
        nodes: The number of nodes.
        sessions: An entry for each time that it began or was resumed, see `provenance.make_session`.
    """

    id: str
    asked: Mapping[str, Any] = field(default_factory=dict)
    arguments: Mapping[str, Any] | None = None
    differing: tuple[str, ...] = ()
    set_to: Mapping[str, Any] = field(default_factory=dict)
    contents: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, Any] | None = None
    loss: str | None = None
    loss_file: Mapping[str, Any] | None = None
    launcher: str = ""
    processes: int | None = None
    nodes: int | None = None
    sessions: tuple[Row, ...] = ()

    @property
    def trained_with(self) -> dict[str, Any]:
        """All arguments as the training used them."""
        return {**(self.arguments or {}), **self.set_to}

    def write(self, folder: Path) -> None:
        """Write the record to a run's folder, as a whole."""
        write_json(folder / RECORD_FILE, {FILE_KEYS.get(name, name): value for name, value in asdict(self).items()})


def begin_run_record(
    asked: Mapping[str, Any],
    arguments: Mapping[str, Any],
    set_to: Mapping[str, Any],
    session: Row,
    *,
    defaults: Mapping[str, Any],
    contents: Mapping[str, str],
    loss: str = STOCK,
    launcher: str = "",
    processes: int = 1,
    nodes: int = 1,
) -> RunRecord:
    """Return the record of a training that begins now, see `RunRecord`.

    Args:
        asked: As in `RunRecord`.
        arguments: As in `RunRecord`.
        set_to: All arguments as the trainer has them now.
        session: The entry of this start.
        defaults: All arguments of the framework and ours, with their defaults.
        contents: As in `RunRecord`.
        loss: The loss that is swapped in, 'stock' for none of ours; shortened, if functions of the user's are in it.
        launcher: As in `RunRecord`.
        processes: As in `RunRecord`.
        nodes: As in `RunRecord`.
    """
    arguments, set_to, defaults = to_json(arguments), to_json(set_to), to_json(defaults)
    own = {} if loss == STOCK else find_sources(loss)
    named = [arguments.get("pretrained"), arguments.get("model")]
    weights = next((Path(name) for name in named if isinstance(name, str) and name.endswith(".pt")), None)
    return RunRecord(
        id=uuid.uuid4().hex,
        asked=to_json(asked),
        arguments=arguments,
        differing=tuple(key for key, value in arguments.items() if key in defaults and value != defaults[key]),
        set_to={key: value for key, value in set_to.items() if value != arguments.get(key)},
        contents=contents,
        weights=weights and _digested(weights),
        loss=loss if own else shorten_spec(loss),
        loss_file=next((_describe_source(source) for source in own.values()), None),
        launcher=launcher,
        processes=processes,
        nodes=nodes,
        sessions=(session,),
    )


def resume_run_record(folders: Sequence[Path], session: Row) -> RunRecord:
    """Return the record of a run with an entry for a resume; what no record says of its start stays unrecorded.

    Args:
        folders: Where the record may lie: the run's folder, and that of the checkpoint if it was moved.
        session: The entry.
    """
    for folder in folders:
        try:
            if found := read_run_record(folder):
                return replace(found, sessions=(*found.sessions, session))
        except DataError:  # kept for people, and of no use to us
            (folder / RECORD_FILE).replace(folder / f"{RECORD_FILE}.damaged")
    return RunRecord(uuid.uuid4().hex, sessions=(session,))


def read_run_record(folder: Path) -> RunRecord | None:
    """Return the record in a run's folder, None if there is none.

    Raises:
        DataError: If it is damaged, or none of ours.
    """
    path = folder / RECORD_FILE
    if not path.is_file():
        return None
    content = read_record(path, RecordForm)
    keys = {one.name: FILE_KEYS.get(one.name, one.name) for one in fields(RunRecord)}
    record = RunRecord(**{name: content[key] for name, key in keys.items() if key in content})
    return replace(record, sessions=tuple(record.sessions), differing=tuple(record.differing))


def put_mark(model: Any, record: RunRecord, loss: str) -> None:
    """Put the mark of a run on a model: plain text, which loads without this package."""
    setattr(model, MODEL_MARK, {"loss": loss, "version": yolo_feiou.__version__, "run": record.id})


def get_mark(model: Any) -> dict[str, str]:
    """Return the mark on a model that a checkpoint holds, empty if it has none."""
    mark = getattr(model, MODEL_MARK, None)
    return mark if isinstance(mark, dict) and isinstance(mark.get("loss"), str) else {}


def describe_other_loss(weights: Any) -> str:
    """Return a line on weights that were trained with a loss of ours and train without one now, '' for any others."""
    loss = get_mark(weights).get("loss", STOCK)
    if loss == STOCK:
        return ""
    return (
        f"These weights were trained with loss={loss}, and this training has Ultralytics' own box loss, since none is "
        f"named: add loss={loss} to keep it, or loss={STOCK} to say that it is meant."
    )


def read_recorded_arguments(folder: Path) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Return all arguments that a training began with, what its trainer made of some, and the file that says so.

    It is the run's record, or args.yaml without one.

    Args:
        folder: That of the training.

    Raises:
        DataError: If that file is damaged.
    """
    record = read_run_record(folder)
    if record and record.arguments is not None:
        return dict(record.arguments), dict(record.set_to), RECORD_FILE
    path = folder / "args.yaml"
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is damaged: {' '.join(str(error).split())}.") from None
    return {**EXTRA_ARGUMENTS, **said} if isinstance(said, dict) else {}, {}, path.name


def find_asked_arguments(overrides: Mapping[str, Any], is_worker: bool = False) -> dict[str, Any]:
    """Return the arguments that a training was asked for, given those that a trainer got.

    Args:
        overrides: What the trainer got.
        is_worker: Whether a launcher started this process as one of several: it may have got all arguments then.
    """
    if is_worker and ASKED_VARIABLE in os.environ:
        return json.loads(os.environ[ASKED_VARIABLE])
    given = {key: value for key, value in overrides.items() if value is not None or key == "loss"}  # None is stock
    return to_json({key: value for key, value in given.items() if key != "session"})


@contextmanager
def tell_workers(asked: Mapping[str, Any]) -> Iterator[None]:
    """Within the block, workers that this process starts know what was asked for."""
    os.environ[ASKED_VARIABLE] = json.dumps(asked)
    try:
        yield
    finally:
        os.environ.pop(ASKED_VARIABLE, None)


def to_json(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments as JSON has them: tuples are lists, and what JSON doesn't know is text."""
    return json.loads(json.dumps(dict(arguments), default=str))


def _describe_source(source: Source | None) -> Row:
    """Return the name of a user's loss file, and the checksum of it and of what it imports beside it."""
    if source is None:
        return {"file": "a function of Python's", "sha256": None}
    return {"file": source.file, "sha256": source.digest if source.path.is_file() else None}


def _digested(path: Path) -> Row:
    """Return the name of a file, and the checksum of what it holds."""
    return {"file": str(path), "sha256": file_sha256(path) if path.is_file() else None}

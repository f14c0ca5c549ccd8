"""A ledger of what this command wrote into a folder, with checksums: nothing else is ever replaced or removed."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from yolo_feiou.errors import ArgumentError, first_three
from yolo_feiou.storage.checksums import file_sha256
from yolo_feiou.storage.tables import write_text

#: The ledger of a folder, in the format of `sha256sum`, so `sha256sum -c prepared.sha256` compares the files too.
LEDGER_FILE = "prepared.sha256"
LEDGER_HEAD = "# Made by yolo prepare coco of yolo-feiou: what it wrote here, and may replace while it is unchanged.\n"
#: How Ultralytics' caches of labels begin: NumPy's format. They are derived, and rebuilt when missing.
CACHE_MAGIC = b"\x93NUMPY"


@dataclass
class Survey:
    """The state of the files in a folder, by relative path.

    Attributes:
        own: Files and links that are as they were written.
        changed: Files and links that were written by this command, and have other contents now.
        foreign: Files and links that it never wrote.
    """

    own: set[str] = field(default_factory=set)
    changed: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    @property
    def told(self) -> str:
        """The first three files that are not as they were written, and their number."""
        named = [f"{name} (changed since)" for name in self.changed]
        named += [f"{name} (not its own)" for name in self.foreign]
        return first_three(named)


class Ledger:
    """The files and links that this command wrote into a folder.

    While a folder is being made, a path may have several contents: the old one, and the new one that is about to take
    its place. Both are its own, so that an interrupted command can resume.

    Args:
        out: The folder.
        head: How the ledger begins, which says what wrote it.
    """

    def __init__(self, out: Path, head: str = LEDGER_HEAD) -> None:
        self.out, self.head = out, head
        self.files: dict[str, set[str]] = {}
        self.links: dict[str, set[str]] = {}
        self.downloads: dict[str, list[int]] = {}
        self.claimed: set[str] = set()
        self.known = False
        try:
            text = (out / LEDGER_FILE).read_text(encoding="utf-8")
        except (OSError, ValueError):
            return
        if text.startswith(head):
            with suppress(ValueError, TypeError):  # damaged: then nothing counts as unchanged
                self._read(text)
                self.known = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ledger) and vars(self) == vars(other)

    def survey(self, paths: Iterable[Path]) -> Survey:
        """Return the state of some paths and all below them; Ultralytics' caches are ignored."""
        found = Survey()
        for path in paths:
            for name in self._entries(path):
                known = self.links if os.path.islink(self.out / name) else self.files
                content = self._content(name)
                if content in known.get(name, ()):
                    found.own.add(name)
                elif name in self.files or name in self.links:
                    found.changed.append(name)
                elif not _is_cache(self.out / name):
                    found.foreign.append(name)
        return found

    def check(self, paths: Iterable[Path]) -> None:
        """Refuse to replace or remove anything that isn't as this command wrote it.

        Raises:
            ArgumentError: If there is such a file at one of the paths, or below.
        """
        self.refuse(self.survey(paths))

    def refuse(self, found: Survey) -> None:
        """Raise ArgumentError, which names three files, if not all that was found is as this command wrote it."""
        if count := len(found.changed) + len(found.foreign):
            unknown = f" There is no {LEDGER_FILE} with their checksums, so none counts as unchanged." * (
                not self.known
            )
            raise ArgumentError(
                f"out={self.out} holds {count:,} file{'s' * (count > 1)} that this command did not write, or that "
                f"changed since, and would overwrite or remove: {found.told}.{unknown} Move them elsewhere, or name "
                f"another folder with out=.{self._stale_caches(found.changed)}"
            )

    def _stale_caches(self, changed: Iterable[str]) -> str:
        """Return a hint on caches from before a label was edited: older releases only compare the sizes of labels."""
        paths = [self.out / name for name in changed if name.startswith("labels/") and name.endswith(".txt")]
        caches = {(path.parent.with_suffix(".cache"), path) for path in paths}
        stale = {self.name(c) for c, path in caches if _is_cache(c) and c.stat().st_mtime_ns < path.lstat().st_mtime_ns}
        if not stale:
            return ""
        return (
            f" Remove {', '.join(sorted(stale))} too: Ultralytics may still train on the labels from before the edit."
        )

    def add(self, files: Mapping[str, str] | None = None, links: Mapping[str, str] | None = None) -> None:
        """Record what is about to be written, beside the present contents: SHA-256 of files, targets of links."""
        for known, new in ((self.files, files or {}), (self.links, links or {})):
            for name, content in new.items():
                known.setdefault(name, set()).add(content)
        self._write()

    def settle(self, files: Mapping[str, str], links: Mapping[str, str]) -> None:
        """Record the final contents of each path, and forget missing ones."""
        for known, new, there in ((self.files, files, os.path.lexists), (self.links, links, os.path.islink)):
            for name in [name for name in known if name not in new and not there(self.out / name)]:
                del known[name]
            known |= {name: {content} for name, content in new.items()}
        self.downloads, self.claimed = {}, set()
        self._write()

    def remove(self, path: Path) -> None:
        """Remove what this command wrote at a path or below it, with Ultralytics' caches of it.

        Raises:
            ArgumentError: If something there isn't as it was written; nothing is removed then.
        """
        self.check([path])
        for name in list(self._entries(path)):
            os.unlink(self.out / name)
        remove_empty(path)

    def claim(self, part: Path) -> None:
        """Record that unfinished work goes to a path, where it may be overwritten and removed from now on.

        Raises:
            ArgumentError: If something lies there that isn't unfinished work of this command.
        """
        self.check_claim(part)
        if (name := self.name(part)) not in self.claimed:
            self.claimed.add(name)
            self._write()

    def check_claim(self, part: Path) -> None:
        """Raise ArgumentError if something lies at a path that isn't unfinished work of this command."""
        if os.path.lexists(part) and self.name(part) not in self.claimed:
            raise ArgumentError(f"{part} is not from this command, and would be overwritten: move it elsewhere.")

    def begin_download(self, path: Path) -> None:
        """Record that a file is being downloaded, first to its name with `.part` appended.

        Raises:
            ArgumentError: If something else lies there.
        """
        self.claim(_part_path(path))
        self.downloads[path.name] = []
        self._write()

    def end_download(self, path: Path) -> None:
        """Record that a file was downloaded, and its size and time."""
        self.downloads[path.name] = _file_state(path)
        self._write()

    def remove_download(self, path: Path) -> None:
        """Remove a file that was downloaded, or the part of it; one that was put there by someone else stays."""
        state = self.downloads.pop(path.name, None)
        if state is None:
            return
        if _part_path(path).is_file():  # not finished, so the whole one is someone else's
            self._write()
            _part_path(path).unlink()
        elif path.is_file() and state in ([], _file_state(path)):
            path.unlink()
            self._write()

    def name(self, path: Path) -> str:
        """Return a path as the ledger has it."""
        return path.relative_to(self.out).as_posix()

    def _entries(self, path: Path) -> Iterator[str]:
        """Give the names of all that is at a path or below it, but folders."""
        if not os.path.lexists(path):
            return
        if path.is_symlink() or not path.is_dir():
            yield self.name(path)
            return
        for parent, folders, files in os.walk(path, onerror=_raise_walk_error):
            below = self.name(Path(parent))
            for name in [*files, *(folder for folder in folders if os.path.islink(os.path.join(parent, folder)))]:
                yield f"{below}/{name}"

    def _content(self, name: str) -> str | None:
        """Return the SHA-256 of a file or the target of a link; None for a pipe or a device, which must not be read."""
        path = os.path.join(self.out, name)
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            return os.readlink(path)
        return file_sha256(path) if stat.S_ISREG(mode) and name in self.files else None

    def _read(self, text: str) -> None:
        for line in text.split("\n"):
            if line.startswith("# unfinished "):
                self.claimed.add(json.loads(line.removeprefix("# unfinished ")))
            content, _, name = line.partition("  ")
            if not line.startswith("#") and name:
                self.files.setdefault(name, set()).add(content)
            for mark, known in (("# link ", self.links), ("# download ", self.downloads)):
                if line.startswith(mark):
                    name, content = json.loads(line[len(mark) :])
                    if known is self.links:
                        self.links.setdefault(name, set()).add(content)
                    else:
                        self.downloads[name] = content

    def _write(self) -> None:
        lines = [f"# link {json.dumps([name, one])}" for name in sorted(self.links) for one in sorted(self.links[name])]
        lines += [f"# download {json.dumps([name, self.downloads[name]])}" for name in sorted(self.downloads)]
        lines += [f"# unfinished {json.dumps(name)}" for name in sorted(self.claimed)]
        lines += [f"{one}  {name}" for name in sorted(self.files) for one in sorted(self.files[name])]
        write_text(self.out / LEDGER_FILE, self.head + "".join(f"{line}\n" for line in lines))
        self.known = True


def remove_unfinished(part: Path, suffix: str) -> None:
    """Remove a folder of unfinished files, as an interrupted command left it.

    Raises:
        ArgumentError: If something else than such files is in it.
    """
    if part.is_dir() and not part.is_symlink():
        inside = [Path(parent, name) for parent, _, names in os.walk(part, onerror=_raise_walk_error) for name in names]
        if foreign := [path for path in inside if path.suffix != suffix or not path.is_file() or path.is_symlink()]:
            raise ArgumentError(
                f"{foreign[0]} is not from this command, and its folder would be removed: move it elsewhere."
            )
        for path in inside:
            path.unlink()
        remove_empty(part)


def remove_empty(folder: Path) -> None:
    """Remove a folder and those below it, which must hold no file; nothing happens if there is no folder."""
    if folder.is_dir() and not folder.is_symlink():
        for parent, _, _ in os.walk(folder, topdown=False):
            os.rmdir(parent)


def _raise_walk_error(error: OSError) -> None:
    """Raise what `os.walk` would pass over: a folder that can't be listed may hold anything."""
    raise error


def _is_cache(path: Path) -> bool:
    """Whether a file is a cache of labels, as Ultralytics writes it beside a folder of them."""
    if path.suffix != ".cache" or path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(CACHE_MAGIC)) == CACHE_MAGIC


def _part_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _file_state(path: Path) -> list[int]:
    """Return size and time of a file that is too large to read it for this alone."""
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]

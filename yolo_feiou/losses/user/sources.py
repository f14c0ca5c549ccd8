"""The files that a user's loss is in: how they are found, their digest, and the copy of them that a run keeps.

A run's folder has the copy in `loss/`: `sources.json` says which loss is in which module there, and the folder of each
holds the module with those that it imports from beside it. `using_copies` makes losses of that name the copied ones, so
that ranks, workers and resumed runs train with the very code that the run began with.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.storage.tables import atomic_file, read_record, write_json

#: In a run's folder, the folder of its losses' copies, and in that the file that says what they are.
COPIES, SOURCES = "loss", "sources.json"
#: Parts of a path that tell an installed package from a user's own code.
INSTALLED = frozenset(("site-packages", "dist-packages"))
#: Endings of compiled modules.
COMPILED = (".so", ".pyd")


class SourceRecord(msgspec.Struct):
    """Of `sources.json`, an entry: a function without a kept source has a name alone."""

    module: str = ""
    function: str = ""
    folder: str = ""
    sha256: str = ""
    file: str = ""
    defaults: dict[str, Any] = {}
    installed: bool = False


@dataclass(frozen=True)
class Source:
    """The module that a user's function is in.

    Attributes:
        root: The folder from which it is imported.
        module: Its name, with dots for a module of a package.
        function: The function's name.
        file: The file as it was first named, for display.
        defaults: Values that stand in for the function's own defaults.
        installed: Whether it belongs to an installed package, which no run copies.
    """

    root: Path
    module: str
    function: str
    file: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    installed: bool = False

    @property
    def path(self) -> Path:
        """The file of the module."""
        direct = self.root / f"{self.module}.py"  # whose name may have dots in it
        return direct if direct.is_file() else locate_module(self.root, self.module) or direct

    def read_files(self) -> dict[str, bytes]:
        """Return what the module's file holds, and those of the modules that it imports from the same root, by path.

        Raises:
            ArgumentError: If one of them is compiled.
        """
        if self.installed:
            return {self.path.name: self.path.read_bytes()} if self.path.is_file() else {}
        paths = [*dict.fromkeys([*find_module(self.root, self.module), self.path])]
        seen: dict[Path, bytes] = {}
        while paths:
            path = paths.pop()
            if path in seen:
                continue
            if path.suffix in COMPILED:
                raise ArgumentError(
                    f"{self.file} imports {path.name}, a compiled module beside it, which no run's folder can keep a "
                    "copy of: install it as a package."
                )
            seen[path] = path.read_bytes()
            for name in find_imports(seen[path], path.relative_to(self.root)):
                paths += find_module(self.root, name) if is_local(self.root, name) else []
        return {path.relative_to(self.root).as_posix(): seen[path] for path in sorted(seen)}

    @property
    def digest(self) -> str:
        """The SHA-256 of its file; of several files, that of their names and digests."""
        return digest_files(self.read_files())


def digest_files(files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 of a file; of several, that of their names and digests."""
    each = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    if len(each) == 1:
        return next(iter(each.values()))
    return hashlib.sha256("".join(f"{name} {value}\n" for name, value in sorted(each.items())).encode()).hexdigest()


def locate_module(root: Path, name: str) -> Path | None:
    """Return the file of the module that is imported as `name` from `root`, None if there is none."""
    base = root.joinpath(*name.split("."))
    compiled = [path for path in base.parent.glob(f"{base.name}.*") if path.suffix in COMPILED]
    ends = (base / "__init__.py", base.with_name(f"{base.name}.py"), *compiled)
    return next((end for end in ends if end.is_file()), None)


def find_module(root: Path, name: str) -> list[Path]:
    """Return the files of a module that is imported from `root`, those of its packages first; none if it isn't there.

    A name of what a module holds, as in `module.function`, gives the files of the module.
    """
    parts = name.split(".")
    found = (locate_module(root, ".".join(parts[:count])) for count in range(1, len(parts) + 1))
    return [path for path in found if path is not None]


def is_local(root: Path, name: str) -> bool:
    """Return whether `import name` within a file in `root` finds a module there, and not one of an installed package.

    Of two of the same name, one that is loaded already wins, as in Python.
    """
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or top == "yolo_feiou":
        return False
    loaded = getattr(sys.modules.get(top), "__file__", None)
    return not (loaded and INSTALLED & {*Path(loaded).parts}) and bool(find_module(root, name))


def find_imports(code: bytes, path: Path) -> list[str]:
    """Return the names of the modules that a file may import, anywhere in it; none of a file that Python can't read.

    Args:
        code: What it holds.
        path: Where it lies, from the root that its packages are imported from.
    """
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):  # which shows when it is imported
        return []
    package = list(path.parent.parts)
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names += [".".join(filter(None, (base, alias.name))) for alias in node.names]
    return names


def find_file_source(word: str) -> Source:
    """Return where the function is that 'file.py:function' names; there may be none."""
    file, _, function = word.rpartition(":")
    path = Path(file)
    return Source(path.resolve().parent, path.stem, function, file)


def find_module_source(word: str) -> Source | None:
    """Return where the function is that 'package.module:function' names; None if there is no such module.

    It is looked for in the current folder, then where Python looks; nothing is imported for it but its package, if
    that is installed in an unusual way.
    """
    module, _, function = word.rpartition(":")
    parts = module.split(".")
    if not all(part.isidentifier() for part in parts):
        return None
    for root in dict.fromkeys([Path.cwd(), *map(Path, filter(None, sys.path))]):
        if locate_module(root, module) is not None:
            return _make_module_source(root, module, function)
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError, AttributeError):
        spec = None
    if spec is None or not spec.origin or not Path(spec.origin).is_file():
        return None
    depth = len(parts) + (Path(spec.origin).stem == "__init__")
    return _make_module_source(Path(spec.origin).parents[depth - 1], module, function)


def _make_module_source(root: Path, module: str, function: str) -> Source:
    installed = bool(INSTALLED & {*root.parts}) or module.partition(".")[0] == "yolo_feiou"
    return Source(root, module, function, module, installed=installed)


_copies: ContextVar[Mapping[str, Source | None]] = ContextVar("copies")


def find_copy(name: str) -> Source | None:
    """Return the copy of a loss that is in use, see `using_copies`; None if there is none."""
    return _copies.get({}).get(name)


def is_unkept(name: str) -> bool:
    """Return whether a run says that it trains with a loss of that name, and has no copy of it."""
    return name in _copies.get({}) and _copies.get()[name] is None


@contextmanager
def using_copies(folder: Path | None) -> Iterator[None]:
    """Within the block, losses are those of which a folder has copies; without such a folder nothing changes.

    Raises:
        DataError: If the copies are damaged, or others than those that were written.
    """
    if folder is None or not (folder / SOURCES).is_file():
        yield
        return
    token = _copies.set({**_copies.get({}), **read_copies(folder.absolute())})
    try:
        yield
    finally:
        _copies.reset(token)


def read_copies(folder: Path) -> dict[str, Source | None]:
    """Return the copies in a folder by the name of the loss, None for a loss that could not be copied.

    Raises:
        DataError: If they are damaged, or others than those that were written.
    """
    copies: dict[str, Source | None] = {}
    for name, entry in read_record(folder / SOURCES, dict[str, SourceRecord]).items():
        one = SourceRecord(**entry) if isinstance(entry, dict) else entry
        if not one.module:
            copies[name] = None
            continue
        if one.installed:
            found = find_module_source(f"{one.module}:{one.function}")
            if found is None:
                raise DataError(f"{folder / SOURCES} names {one.module}, which isn't installed: install its package.")
            source = found
        else:
            source = Source(folder / one.folder, one.module, one.function, one.file, one.defaults)
        if source.digest != one.sha256:
            where = "of the installed package" if one.installed else f"in {source.root}"
            raise DataError(
                f"the code of loss {name} {where} isn't what the run began with (SHA-256 {one.sha256[:10]}…): put it "
                "back as it was, or begin a new run."
            )
        copies[name] = source
    return copies


def pack_sources(sources: Mapping[str, Source | None]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return what `sources.json` says of losses, by name, and the contents of their files, by path beside it."""
    records: dict[str, Any] = {}
    contents: dict[str, bytes] = {}
    for name, source in sources.items():
        if source is None:
            records[name] = {}
            continue
        files = source.read_files()
        digest = digest_files(files)
        records[name] = {
            "module": source.module,
            "function": source.function,
            "folder": "" if source.installed else digest[:10],
            "sha256": digest,
            "file": source.file,
            "defaults": dict(source.defaults),
            "installed": source.installed,
        }
        contents |= {} if source.installed else {f"{digest[:10]}/{path}": held for path, held in files.items()}
    return records, contents


def write_sources(folder: Path, packed: tuple[Mapping[str, Any], Mapping[str, bytes]]) -> None:
    """Write what `pack_sources` returned to a folder; `sources.json` comes last."""
    records, contents = packed
    for name, held in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as part:
            part.write_bytes(held)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / SOURCES, records)

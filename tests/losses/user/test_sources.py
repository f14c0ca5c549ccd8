"""Where a user's loss is, which files belong to it, and the copy that a run keeps."""

import hashlib
import json
import sys
import types

import pytest
import torch

from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.losses.build import build_loss, identify_loss
from yolo_feiou.losses.user.registry import find_sources
from yolo_feiou.losses.user.sources import (
    SOURCES,
    find_copy,
    find_file_source,
    find_imports,
    find_module_source,
    is_unkept,
    pack_sources,
    using_copies,
    write_sources,
)

BOXES = torch.zeros(1, 4), torch.ones(1, 4)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with a loss that imports a module beside it, and a package."""
    (tmp_path / "my_own_loss.py").write_text(
        "import torch, my_own_floor\n\ndef f(pred, target):\n    return (pred - target)[:, 0] * my_own_floor.VALUE\n"
    )
    (tmp_path / "my_own_floor.py").write_text("import my_own_package.base\nVALUE = 2\n")
    (tmp_path / "my_own_package").mkdir()
    for name, text in (
        ("__init__", ""),
        ("base", "SIGN = -1\n"),
        ("other", ""),
        ("module", "from . import base\n\ndef g(pred, target):\n    return (pred - target)[:, 0] * base.SIGN\n"),
    ):
        (tmp_path / "my_own_package" / f"{name}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("my_own_")]:
        del sys.modules[name]


def keep(spec, folder):
    write_sources(folder, pack_sources(find_sources(spec)))


def test_a_file_comes_with_the_modules_that_it_imports_from_beside_it(folder):
    """And they with theirs; installed ones, and those beside it that nobody imports, don't."""
    package = ["my_own_package/__init__.py", "my_own_package/base.py"]
    assert list(find_file_source("my_own_loss.py:f").read_files()) == ["my_own_floor.py", "my_own_loss.py", *package]
    module = find_module_source("my_own_package.module:g")
    assert list(module.read_files()) == [*package, "my_own_package/module.py"]


def test_the_digest_is_that_of_a_single_file_and_changes_with_each_of_several(folder):
    alone = find_file_source("my_own_package/base.py:x")
    assert alone.digest == hashlib.sha256(b"SIGN = -1\n").hexdigest()
    source = find_file_source("my_own_loss.py:f")
    before = source.digest
    (folder / "my_own_package" / "base.py").write_text("SIGN = 1\n")
    assert source.digest != before


@pytest.mark.parametrize(
    ("code", "path", "names"),
    [
        ("import a.b, c as d", "m.py", ["a.b", "c"]),
        ("def f():\n    from a import b", "m.py", ["a.b"]),
        ("from . import x\nfrom .y import z\nfrom ..w import v", "p/q/m.py", ["p.q.x", "p.q.y.z", "p.w.v"]),
        ("def f(:", "m.py", []),
    ],
)
def test_imports_are_found_anywhere(code, path, names, tmp_path):
    assert find_imports(code.encode(), tmp_path.joinpath(path).relative_to(tmp_path)) == names


def test_an_installed_module_is_not_copied(folder):
    source = find_module_source("torchvision.ops:complete_box_iou_loss")
    assert source.installed
    records, contents = pack_sources({"it": source})
    assert not contents and records["it"]["installed"] and len(records["it"]["sha256"]) == 64
    write_sources(folder / "copies", (records, contents))
    with using_copies(folder / "copies"):
        assert find_copy("it").module == "torchvision.ops"


def test_a_compiled_module_beside_it_is_refused(folder):
    (folder / "my_own_fast.so").write_bytes(b"")
    (folder / "my_own_loss.py").write_text("import my_own_fast\n")
    with pytest.raises(ArgumentError, match=r"my_own_loss.py imports my_own_fast.so, a compiled module beside it"):
        find_file_source("my_own_loss.py:f").read_files()


def test_a_copy_is_what_trains_whatever_becomes_of_the_file(folder):
    """f is (0 − 1)·2 = −2, and with the new neighbour (0 − 1)·3 = −3; g is (0 − 1)·(−1)."""
    spec = "my_own_loss.py:f+my_own_package.module:g:weight=2"
    keep(spec, folder / "run" / "loss")
    (folder / "my_own_floor.py").write_text("VALUE = 3\n")
    assert build_loss(spec)(*BOXES).tolist() == [-3 + 2]
    with using_copies(folder / "run" / "loss"):
        assert build_loss(spec)(*BOXES).tolist() == [-2 + 2]
        kept = identify_loss("my_own_loss.py:f")
    assert build_loss(spec)(*BOXES).tolist() == [-3 + 2], "the copy's neighbours don't stay"
    assert identify_loss("my_own_loss.py:f") != kept
    (folder / "my_own_floor.py").write_text("import my_own_package.base\nVALUE = 2\n")
    assert identify_loss("./my_own_loss.py:f") == kept, "another spelling of one file"
    (folder / "my_own_loss.py").unlink()
    with using_copies(folder / "run" / "loss"):
        assert build_loss("my_own_loss.py:f")(*BOXES).tolist() == [-2]


def test_an_edited_copy_is_refused(folder):
    keep("my_own_loss.py:f", folder / "loss")
    (copied,) = (folder / "loss").glob("*/my_own_floor.py")
    copied.write_text("VALUE = 5\n")
    with (
        pytest.raises(DataError, match=r"the code of loss my_own_loss.py:f in .* isn't what the run began with"),
        using_copies(folder / "loss"),
    ):
        pass
    (folder / "loss" / SOURCES).write_text('{"a": 1}')
    with pytest.raises(DataError, match=r"sources.json is not as it was written"), using_copies(folder / "loss"):
        pass


def test_a_loss_without_source_is_recorded_as_such(folder):
    write_sources(folder / "loss", pack_sources({"user_f": None}))
    assert json.loads((folder / "loss" / SOURCES).read_text()) == {"user_f": {}}
    with using_copies(folder / "loss"):
        assert is_unkept("user_f") and not is_unkept("other") and find_copy("user_f") is None
    assert not is_unkept("user_f")


def test_without_copies_nothing_changes(folder):
    for place in (None, folder / "nowhere"):
        with using_copies(place):
            assert build_loss("my_own_loss.py:f")(*BOXES).tolist() == [-2]


def test_a_module_that_is_loaded_stays_in_its_place(folder, monkeypatch):
    """A script's own, of the same name as a neighbour of the loss, which is imported again."""
    loaded = types.ModuleType("my_own_floor")
    monkeypatch.setitem(sys.modules, "my_own_floor", loaded)
    assert build_loss("my_own_loss.py:f")(*BOXES).tolist() == [-2]
    assert sys.modules["my_own_floor"] is loaded

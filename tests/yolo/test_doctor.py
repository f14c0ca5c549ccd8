"""`doctor` tells whose `yolo` runs, and puts ours in place."""

import pytest
from ultralytics.utils import DEFAULT_CFG_DICT

from yolo_feiou.yolo import doctor

OURS, STOCKS = "from yolo_feiou.cli import main\n", "from ultralytics.cfg import entrypoint\n"


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """A folder of scripts, alone on the PATH, in which Ultralytics' `yolo` won."""
    for name, text in (("yolo", STOCKS), ("yolo-feiou", OURS)):
        (tmp_path / name).write_text(f"#!/somewhere/yolo_feiou/.venv/bin/python\n{text}")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_stocks_yolo_is_reported_and_fixed(scripts, capsys):
    assert doctor.diagnose(scripts=scripts) == 1
    assert "the one of Ultralytics, it refuses loss=" in capsys.readouterr().out
    assert doctor.diagnose(fix=True, scripts=scripts) == 0
    assert "ours, loss= works" in capsys.readouterr().out
    assert OURS in (scripts / "yolo").read_text()
    assert (scripts / "yolo").stat().st_mode & 0o111


def test_a_missing_yolo_is_reported(scripts, capsys):
    (scripts / "yolo").unlink()
    assert doctor.diagnose(scripts=scripts) == 1
    assert "not found: 'yolo-feiou' is the same command" in capsys.readouterr().out


def test_another_environments_yolo_is_reported(scripts, capsys, tmp_path):
    assert doctor.diagnose(scripts=tmp_path / "elsewhere") == 1
    assert "lies outside this environment" in capsys.readouterr().out


@pytest.mark.parametrize("content", ['#!/bin/sh\nexec yolo_old "$@"\n', ""])
def test_a_yolo_of_the_users_own_is_not_replaced(scripts, capsys, content):
    (scripts / "yolo").write_text(content)
    assert doctor.diagnose(fix=True, scripts=scripts) == 1
    assert f"{scripts / 'yolo'} is not a script of Ultralytics or yolo-feiou: rename it" in capsys.readouterr().out
    assert (scripts / "yolo").read_text() == content


def test_a_link_is_not_written_through(scripts, tmp_path):
    mine = tmp_path / "mine"
    mine.write_text(STOCKS)
    (scripts / "yolo").unlink()
    (scripts / "yolo").symlink_to(mine)
    doctor.diagnose(fix=True, scripts=scripts)
    assert mine.read_text() == STOCKS and (scripts / "yolo").readlink() == mine


def test_no_other_script_is_copied(scripts):
    (scripts / "yolo-feiou-backup").write_text(OURS)
    (scripts / "yolo-backup").write_text("mine")
    doctor.diagnose(fix=True, scripts=scripts)
    assert (scripts / "yolo-backup").read_text() == "mine"


def test_an_argument_that_ultralytics_has_too_is_reported(scripts, monkeypatch, capsys):
    assert doctor.diagnose(fix=True, scripts=scripts) == 0
    assert "arguments" not in capsys.readouterr().out
    monkeypatch.setitem(DEFAULT_CFG_DICT, "loss", None)
    assert doctor.diagnose(scripts=scripts) == 1
    assert "Ultralytics has loss= of its own" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("version", "tested"),
    [
        ("8.2.103", False),
        (doctor.TESTED_RELEASES[0], True),
        (doctor.TESTED_RELEASES[1], True),
        ("8.4.1", False),
        ("9.0.0", False),
    ],
)
def test_a_release_is_known_to_be_tested_or_not(version, tested):
    assert doctor.check_range(version) is tested


def test_a_path_is_one_line_and_no_command_of_a_terminal(tmp_path, monkeypatch, capsys):
    odd = tmp_path / "a\nb\x1b[31m"
    odd.mkdir()
    for name, text in (("yolo", STOCKS), ("yolo-feiou", OURS)):
        (odd / name).write_text(text)
        (odd / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(odd))
    doctor.diagnose(fix=True, scripts=tmp_path)
    told = capsys.readouterr().out
    assert f"{tmp_path}/a\\nb\\x1b[31m/yolo: the one of Ultralytics" in told and "\x1b" not in told

"""`yolo losses` shows every row of the table, whole."""

import sys

from yolo_feiou import LOSSES, cli


def test_every_loss_is_listed_with_its_parameters_and_source(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["yolo", "losses"])
    cli.main()
    listed = capsys.readouterr().out
    for info in LOSSES.values():
        assert f"\n{info.name} " in listed
        assert info.meaning in listed
        assert f"{info.paper}, {info.equation}" in listed
        assert all(f"{parameter.name}=" in listed and parameter.expected in listed for parameter in info.parameters)
    assert "gamma=0.5 (a number from 0 to 10)" in listed

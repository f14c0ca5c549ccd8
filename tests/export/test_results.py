"""Rows of other runs that stay in a folder of results."""

from yolo_feiou.export.results import read_runs

HEADER = "run;status;loss;seed;gain;device;lr0;AP\r\n"


def test_cells_that_a_spreadsheet_saved_are_kept_as_they_were_before(tmp_path):
    """Numbers with points again, beside which new ones are written; words, a list of GPUs among them, as they are."""
    text = HEADER + "a;done;eiou;0;same;0,1;0,003;0,463\r\nb;done;ciou;1;same;0;0,01;0,4\r\n"
    (tmp_path / "results.csv").write_bytes(text.encode("utf-8-sig"))
    first, second = (one.row for one in read_runs(tmp_path))
    assert (first["device"], first["lr0"], first["AP"]) == ("0,1", "0.003", "0.463")
    assert (second["run"], second["seed"], second["AP"]) == ("b", "1", "0.4")

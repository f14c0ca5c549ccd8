"""Rows of other runs that stay in a folder of results."""

from yolo_feiou.export.results import describe_evaluation, make_results_table, read_runs
from yolo_feiou.report.captions import MAP

HEADER = "run;status;loss;seed;gain;device;lr0;AP\r\n"


def test_cells_that_a_spreadsheet_saved_are_kept_as_they_were_before(tmp_path):
    """Numbers with points again, beside which new ones are written; words, a list of GPUs among them, as they are."""
    text = HEADER + "a;done;eiou;0;same;0,1;0,003;0,463\r\nb;done;ciou;1;same;0;0,01;0,4\r\n"
    (tmp_path / "results.csv").write_bytes(text.encode("utf-8-sig"))
    first, second = (one.row for one in read_runs(tmp_path))
    assert (first["device"], first["lr0"], first["AP"]) == ("0,1", "0.003", "0.463")
    assert (second["run"], second["seed"], second["AP"]) == ("b", "1", "0.4")


UPRIGHT = {
    **{"run": "a", "loss": "eiou", "seed": 0, "reason": "", "AP": 0.41, "AP50": 0.6, "AP75": 0.44, "AP_S": None},
    **{"AP_M": 0.3, "AP_L": 0.5, "evaluator": "pycocotools", "evaluator_version": "2", "area_source": "json"},
    **{"eval_split": "val", "images": 8, "ground_truth": "g.json", "eval_conf": 0.001, "eval_iou": 0.7},
    **{"eval_max_det": 300, "eval_imgsz": 96, "eval_batch": 4},
}
ORIENTED = {
    **{**UPRIGHT, "run": "b", "loss": "kld", "metric": "mAP_obb", "AP": None, "mAP_obb": 0.25, "mAP50_obb": 0.5},
    **{"evaluator": "ultralytics", "evaluator_version": "8.4.190", "area_source": None, "ground_truth": "labels"},
}
for name in ("AP50", "AP75", "AP_S", "AP_M", "AP_L", "area_source"):
    ORIENTED.pop(name)


def test_oriented_boxes_have_columns_of_their_own_which_say_what_they_are():
    table = make_results_table([ORIENTED])
    assert (table.columns, table.caption) == (["run", "loss", "mAP", "mAP50"], "mAP in per cent")
    assert [cell.text for cell in table.groups[0][0]] == ["b", "kld", "25.0", "50.0"]
    assert table.notes == [MAP] and "It is not COCO’s AP" in MAP
    both = make_results_table([UPRIGHT, ORIENTED])
    assert both.columns == ["run", "loss", "AP", "AP50", "AP75", "AP_S", "AP_M", "AP_L", "mAP", "mAP50"]
    assert both.caption == "AP or mAP in per cent"
    assert [[cell.text for cell in line[2:]] for line in both.groups[0]] == [
        ["41.0", "60.0", "44.0", "–", "30.0", "50.0", "–", "–"],
        ["–", "–", "–", "–", "–", "–", "25.0", "50.0"],
    ]
    assert not make_results_table([UPRIGHT]).notes


def test_of_oriented_boxes_there_are_no_areas():
    told = "split val: 8 images, ground truth labels, conf 0.001, NMS at IoU 0.7, max_det 300, imgsz 96, batch 4"
    assert describe_evaluation(ORIENTED) == f"ultralytics 8.4.190, {told}"
    assert "ground truth g.json, areas from json, conf" in describe_evaluation(UPRIGHT)

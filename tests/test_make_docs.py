"""scripts/make_docs.py makes the tables of the pages, and the pages that are committed are what it makes."""

import re
from pathlib import Path

import pytest

from tests.scripts import load_script
from yolo_feiou import LOSSES, build_loss
from yolo_feiou.cli import VERBS
from yolo_feiou.errors import ArgumentError, LossSpecError
from yolo_feiou.escape import escape_markdown
from yolo_feiou.losses import names as names_module
from yolo_feiou.losses.build import shorten_spec
from yolo_feiou.losses.table import LossInfo

ROOT = Path(__file__).parents[1]


make_docs, markdown_tables = load_script("make_docs"), load_script("markdown_tables")


def write(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def cells(table):
    """The rows of a table in Markdown, without those of titles and alignment."""
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()[2:]]


@pytest.mark.parametrize("name", [path.relative_to(ROOT).as_posix() for path in make_docs.find_pages(ROOT)])
def test_pages_are_what_make_docs_makes(name):
    page = (ROOT / name).read_text(encoding="utf-8")
    assert make_docs.fill_tables(page, name, ROOT) == page, "run 'make docs'"


def test_the_stubs_are_what_make_docs_makes():
    assert (ROOT / "yolo_feiou" / "ops.pyi").read_text(encoding="utf-8") == make_docs.format_stubs(), "run 'make docs'"


def test_every_table_is_on_a_page():
    pages = "".join(path.read_text(encoding="utf-8") for path in make_docs.find_pages(ROOT))
    assert {block["name"] for block in make_docs.BLOCK.finditer(pages)} == set(make_docs.TABLES)


def test_detectors_have_losses_and_gains_of_their_own():
    """Those of torchvision's code, and of the authors' of ATSS and PAA."""
    assert cells(make_docs.list_own_losses()) == [
        ["RetinaNet", "ℓ1", "`l1`", "1"],
        ["Faster R-CNN", "smooth ℓ1, β = 1/9", "`smooth_l1:beta=0.1111`", "1"],
        ["Mask R-CNN", "smooth ℓ1, β = 1/9", "`smooth_l1:beta=0.1111`", "1"],
        ["ATSS", "GIoU", "`giou`", "2"],
        ["PAA", "GIoU", "`giou`", "1.3"],
    ]


def test_what_is_between_the_markers_is_made_anew_and_nothing_else(tmp_path):
    write(tmp_path, "results/bccd/report/comparison.md", "A caption.\n\n| a |\n|:--|\n| 1 |\n\nA note.\n")
    begin, table, end = "<!-- generated: bccd-comparison -->\n", "\n| a |\n|:--|\n| 1 |\n", "\n<!-- end -->"
    for old in ("", "\n| a |\n|--|\n| 0 |\n"):
        page = f"# Title\n\n{begin}{old}{end}\n\nText | text.\n"
        filled = make_docs.fill_tables(page, "page.md", tmp_path)
        assert filled == f"# Title\n\n{begin}{table}{end}\n\nText | text.\n"
        assert make_docs.fill_tables(filled, "page.md", tmp_path) == filled


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("<!-- generated: looses -->\n\n<!-- end -->", "page.md: unknown table 'looses': did you mean 'losses'?"),
        ("<!-- generated: losses -->\n\n| a |", "page.md: the marker '<!-- generated: losses -->' stands alone"),
        ("| a |\n\n<!-- end -->", "page.md: the marker '<!-- end -->' stands alone"),
        ("<!-- generated: losses --><!-- end -->", "stands alone: a table begins with '<!-- generated: NAME -->'"),
        ("<!-- generated losses -->\n\n<!-- end -->", "stands alone"),
    ],
)
def test_wrong_markers_are_refused(page, message, tmp_path):
    with pytest.raises(ArgumentError) as error:
        make_docs.fill_tables(page, "page.md", tmp_path)
    assert message in str(error.value)


def test_the_table_of_losses_has_each_with_its_equation():
    rows = {re.findall("`(.*)`", row[0])[0]: row[1:] for row in cells(make_docs.list_losses())}
    assert list(rows) == [*LOSSES, "stock"]
    for name, info in LOSSES.items():
        assert rows[name][0] == escape_markdown(info.meaning)
        assert re.search(rf"(, (?=\w)| (?=\()){re.escape(escape_markdown(info.equation))}$", rows[name][1]), rows[name]
    assert rows["smooth_l1"][1] == "[Girshick, 2015](https://arxiv.org/abs/1504.08083), Eq. 3"
    assert rows["piou"][1].startswith("[Liu et al., 2024](https://doi.org/10.1016/j.neunet.2023.11.041) (paper unread")


def test_the_table_of_kinds_has_each_loss_once():
    rows = {row[0]: re.findall(r"`([^`]+)`", row[1]) for row in cells(make_docs.list_kinds())}
    assert sorted(name for names in rows.values() for name in names) == sorted(LOSSES)
    assert rows["ℓn errors of centre and sides"] == ["focal_l1", "l1", "smooth_l1", "balanced_l1"]
    assert {"iou", "eiou", "focal_eiou"} <= {*rows["1 − IoU + penalty"]} and "kld" in rows[
        "of rotated boxes, `task=obb`"
    ]


def test_the_table_of_parameters_has_each_with_default_range_and_meaning():
    rows = cells(make_docs.list_parameters())
    expected = [(info.name, p.name) for info in LOSSES.values() for p in info.parameters]
    assert [(row[0].strip("`"), row[1].partition("=")[0].strip("`")) for row in rows] == expected
    assert all(meaning for *_, meaning in rows)
    assert rows[0] == [
        "`focal_eiou`",
        "`gamma=0.5`",
        "a number from 0 to 10",
        "exponent of the weight IoU^gamma; 0 is EIoU",
    ]


def test_the_table_of_modifiers_is_what_a_spec_may_have():
    """A cell is filled exactly where the loss builds with that modifier."""
    rows = cells(make_docs.compare_modifiers())
    assert [row[0].strip("`") for row in rows] == [*LOSSES]
    keys = ("inner", "focaler", "power", "focal", "wise", "weight")
    values = ("inner=0.75", "focaler=0.95", "power=3", "focal=0.5", "wise=true", "weight=2")
    for row in rows:
        name = row[0].strip("`")
        assert len(row) == len(keys) + 1
        for cell, key, value in zip(row[1:], keys, values, strict=True):
            if cell:
                build_loss(f"{name}:{value}")
            else:
                with pytest.raises(LossSpecError, match=f"doesn't take {key}="):
                    build_loss(f"{name}:{value}")


def test_the_tables_of_names_are_what_a_spec_reads():
    for row in cells(make_docs.list_published()):
        names, spec = re.findall(r"`([^`]+)`", row[0]), row[1].strip("`")
        assert names and all(shorten_spec(name) == shorten_spec(spec) for name in names)
    unbuilt = [name for row in cells(make_docs.list_unbuilt()) for name in re.findall(r"`([^`]+)`", row[0])]
    assert unbuilt == [*names_module.UNBUILT]


def test_a_source_that_is_not_on_arxiv_stands_as_it_is():
    info = LossInfo("x", "loss", len, "a loss", "Doe, A Book, Press, 1999", "p. 7")
    assert make_docs.format_source(info) == "Doe, A Book, Press, 1999, p. 7"


def test_recipes_are_listed_with_the_command_that_takes_them(tmp_path):
    write(tmp_path, "cfg/x.yaml", "# A loss.\n# More.\nloss: eiou:a=1\n")
    write(tmp_path, "cfg/coco/y.yaml", "# A schedule with a | in it.\nepochs: 3\n")
    write(tmp_path, "cfg/ablation/z.yaml", "# A grid.\nlosses: [a, b]\n")
    write(tmp_path, "cfg/datasets/d.yaml", "# No recipe.\npath: d\n")
    assert cells(make_docs.list_recipes(tmp_path)) == [
        ["[`yolo train … cfg=x.yaml`](../cfg/x.yaml)", "A loss.", "`eiou:a=1`"],
        ["[`yolo ablate cfg=z.yaml`](../cfg/ablation/z.yaml)", "A grid.", "`a`, `b`"],
        ["[`yolo train … cfg=coco/y.yaml`](../cfg/coco/y.yaml)", "A schedule with a \\| in it.", "any"],
    ]


def test_settings_of_the_recipes_for_coco_that_differ_have_a_row_each(tmp_path):
    write(tmp_path, "cfg/coco/yolov8.yaml", "epochs: 500\nrect: false\nlr0: 0.01\nmosaic: 1.0\n")
    write(tmp_path, "cfg/coco/1x.yaml", "epochs: 12\nrect: false\nlr0: 0.01\n")
    assert cells(make_docs.compare_coco_settings(tmp_path)) == [
        ["`epochs`", "500", "12"],
        ["`mosaic`", "1.0", "–"],
        ["all others", "`rect=false` `lr0=0.01`", "the same"],
    ]


def test_files_of_coco_have_their_published_sizes_and_checksums():
    """As https://cocodataset.org/#download and its server have them; the sizes with commas."""
    rows = {row[0].partition(",")[0].strip("`"): row[1:] for row in cells(make_docs.list_coco_files())}
    assert rows["zips/val2017.zip"] == ["815,585,330", "442b8da7639aecaf257c1dceb8ba8c80", "5,000 images"]
    assert rows["annotations/annotations_trainval2017.zip"][2] == "860,001 and 36,781 annotations"
    assert rows["annotations/image_info_test2017.zip"][0] == "not published"


def test_shares_of_the_gradient_are_means_over_the_last_epochs(tmp_path):
    """Epochs 3 to 5 of five: of `a` .5, .5 and .8 in one run and .7 each in the other, which is .65 on average; of `b`
    .9. The first epochs would change both."""
    write(tmp_path, "results/bccd/results.csv", "run,loss\na0,a\na1,a\nb0,b\n")
    grads = {
        "a0": [(0.9, 0.1), (0.9, 0.1), (0.2, 0.3), (0.3, 0.2), (0.4, 0.4)],
        "a1": [(0, 0), (0, 0), *[(0.7, 0)] * 3],
        "b0": [(0, 0), (0, 0), *[(0.1, 0.8)] * 3],
    }
    lines = [f"{run},{epoch},{x},{y}\n" for run, pairs in grads.items() for epoch, (x, y) in enumerate(pairs, 1)]
    write(tmp_path, "results/bccd/box_stats.csv", "run,epoch,grad_80,grad_90\n" + "".join(lines))
    assert make_docs.share_gradient(tmp_path) == "| b | a |\n|--:|--:|\n| 90 % | 65 % |\n"


def test_trainings_that_were_repeated_stand_side_by_side(tmp_path):
    """Differences of 1, 2 and 3 before, and of −1 now: their mean is 0.5, and half of the interval 2.57 · 1.76/√6."""
    head = "loss,seed,AP\nciou,0,.4\nciou,1,.5\nciou,2,.6\n"
    write(tmp_path, "results/bccd/first_runs.csv", head + "a,0,.41\na,1,.52\na,2,.63\n")
    write(tmp_path, "results/bccd/results.csv", head + "a,0,.39\na,1,.49\na,2,.59\n")
    (row,) = cells(make_docs.repeat_comparison(tmp_path))
    assert row == ["a", "+1.0 +2.0 +3.0", "−1.0 −1.0 −1.0", "+0.5", "−1.3 to +2.3"]


def test_the_page_of_commands_has_what_each_prints_of_its_arguments():
    text = make_docs.list_commands()
    assert re.findall(r"^## `(.*)`$", text, re.MULTILINE) == [
        "yolo help",
        "yolo train --help",
        *(f"yolo {verb} --help" for verb in VERBS if verb != "export-results"),
        *(f"yolo prepare {kind} --help" for kind in ("coco", "voc")),
        *(f"{name} --help" for name in ("train_coco.sh", "train_coco.slurm", "ablate_slurm.sh")),
    ]
    assert {"max_seeds=20", "readings=all:", "onnx=False", "difficult=False"} <= {*text.split()}
    train = text.partition("## `yolo train --help`")[2].partition("## ")[0]
    assert re.findall(r"^    (\w+)=", train, re.MULTILINE) == ["loss", "box_stats", "check"]
    assert text.count("```") == 2 * text.count("## `")


def test_ratios_of_speed_are_those_of_the_csv():
    """Beside stock's own time, which is 1; each as the CSV has it."""
    rows = markdown_tables.read_rows(ROOT / "benchmarks" / "box_loss.csv")
    table = make_docs.compare_speed(ROOT)
    assert table.partition("\n")[0] == "| loss | N = 500 | N = 4000 | N = 100000 |"
    assert cells(table)[0] == ["stock CIoU", "1.00", "1.00", "1.00"] and len(cells(table)) == 18
    for loss, *ratios in cells(table):
        assert ratios == [row["ratio"] for row in rows if row["loss"] == loss]


def test_a_resumed_training_stands_beside_one_without_a_cut(tmp_path):
    write(
        tmp_path,
        "benchmarks/resume.csv",
        "what,kills,percent,equal,tensors\nwhole,0,0.0 1.0,9,9\nresumed,5,0.0 1.0,9,9\n"
        "from last.pt alone,5,0.0 0.7,2,9\n",
    )
    assert cells(make_docs.compare_resumed(tmp_path)) == [
        ["without a cut", "0.0, 1.0", ""],
        ["killed and resumed 5 times", "0.0, 1.0", "9 of 9"],
        ["the same, the state removed before each resume", "0.0, 0.7", "2 of 9"],
    ]


def test_the_script_writes_the_pages_and_names_those_that_change(tmp_path, capsys):
    old, current = "<!-- generated: coco-files -->\n\n<!-- end -->\n", "No table.\n"
    for name, text in (("README.md", old), ("data/README.md", current), ("docs/a.md", current)):
        write(tmp_path, name, text)
    write(tmp_path, "yolo_feiou/ops.pyi", "")
    make_docs.main(tmp_path)
    assert capsys.readouterr().out == "updated README.md\nupdated yolo_feiou/ops.pyi\n"
    assert (tmp_path / "yolo_feiou/ops.pyi").read_text(encoding="utf-8") == make_docs.format_stubs()
    make_docs.main(tmp_path)
    assert capsys.readouterr().out == ""
    assert "train2017.zip" in (tmp_path / "README.md").read_text() and (tmp_path / "docs/a.md").read_text() == current


def test_the_table_of_stopping_is_the_csv(tmp_path):
    """Of ten variants and 20 seeds, without a race / with one; where nothing differs the ratio is that of the width."""
    head = (
        "differences,variants,noise,sd,max_seeds,race,runs,family_error,coverage,best_lost,power_best,power_all,"
        "ratio_best,ratio_all,ratio_width\n"
    )
    lines = [
        "none,10,t5,1.46,20,False,219.4,0.0456,0.9798,,,,,,1.5344",
        "none,10,t5,1.46,30,False,300.0,0.1,0.9,,,,,,1.6",
        "none,10,t5,1.46,20,True,99.6,0.03,0.98,0.0264,,,,,1.5",
        "wide,10,normal,0.6,20,False,100,,0.9789,,1,0.2,1.618,0.8,",
        "wide,10,normal,0.6,20,True,50,,0.9889,0,0.9994,0.1,0.664,1.1,",
        "wide,8,normal,0.6,20,True,50,,0.9889,0,0.9994,0.1,0.664,1.1,",
    ]
    write(tmp_path, "docs/stopping.csv", head + "\n".join(lines))
    assert cells(make_docs.compare_stopping(tmp_path)) == [
        ["none, t5", "1.46", "219 / 100", "4.6 / 3.0", "98.0 / 98.0", "2.6", "–", "1.53 / 1.50", "–", "–"],
        [
            *("wide", "0.6", "100 / 50", "–", "97.9 / 98.9", "0.0", "100.0 / 99.9"),
            *("1.62 / 0.66", "20.0 / 10.0", "0.80 / 1.10"),
        ],
    ]

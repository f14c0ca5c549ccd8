"""What the README and the pages in docs/ say is what the code and the CSVs say."""

import ast
import csv
import re
from collections import defaultdict
from importlib import import_module
from importlib.metadata import distributions
from pathlib import Path
from statistics import fmean
from textwrap import dedent

import pytest
import torch
import torchvision
import yaml

from tests.pages.ablation_sentences import claims_on_ablation
from tests.pages.all_losses_sentences import claims_on_all_losses
from tests.pages.benchmarks_sentences import claims_on_speed
from tests.pages.check_sentences import claims_on_checking
from tests.pages.claims import NUMBER, mistakes, unbound, without_evidence
from tests.pages.coco_way_sentences import claims_on_the_way_of_coco
from tests.pages.compare_sentences import claims_on_comparing
from tests.pages.data_sentences import claims_on_data_in_words
from tests.pages.detectors_sentences import claims_on_detectors
from tests.pages.docs import claims_on_coco, claims_on_data, claims_on_scaling
from tests.pages.docs_sentences import claims_on_coco_in_words, claims_on_columns, claims_on_scaling_in_words
from tests.pages.getting_started_sentences import claims_on_the_start
from tests.pages.guides_sentences import claims_on_fine_tuning, claims_on_several_processes
from tests.pages.help_sentences import claims_on_questions, claims_on_what_was_not_tried, claims_on_words
from tests.pages.how_it_works_sentences import claims_on_how_it_works
from tests.pages.losses_sentences import claims_on_losses
from tests.pages.models_sentences import claims_on_models
from tests.pages.readme_sentences import claims_on_the_readme
from tests.pages.reference_sentences import claims_on_commands, claims_on_python
from tests.pages.study_sentences import claims_on_study
from tests.pages.your_own_loss_sentences import claims_on_ones_own_loss
from yolo_feiou.datasets.coco.catalogue import ANNOTATIONS, TEST, TEST_INFO, TRAIN, VAL
from yolo_feiou.datasets.coco.splits import LABELS_BYTES
from yolo_feiou.losses.gradients import read_gradients
from yolo_feiou.yolo.doctor import TESTED_RELEASES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def rows(name):
    with open(ROOT / "benchmarks" / name, newline="") as file:
        return list(csv.DictReader(file))


#: The pages, with what they claim.
PAGES = {
    "README.md": claims_on_the_readme(),
    "docs/getting-started.md": claims_on_the_start(),
    "docs/compare.md": claims_on_comparing(),
    "docs/check.md": claims_on_checking(),
    "docs/your-own-loss.md": claims_on_ones_own_loss(),
    "docs/how-it-works.md": claims_on_how_it_works(),
    "docs/benchmarks.md": claims_on_speed(),
    "data/README.md": [*claims_on_data(), *claims_on_data_in_words()],
    "docs/coco.md": [*claims_on_the_way_of_coco(), *claims_on_coco(), *claims_on_coco_in_words()],
    "docs/scaling.md": [*claims_on_scaling(), *claims_on_scaling_in_words()],
    "docs/columns.md": claims_on_columns(),
    "docs/losses.md": [*claims_on_losses(), *claims_on_all_losses()],
    "docs/detectors.md": claims_on_detectors(),
    "docs/models.md": claims_on_models(),
    "docs/fine-tune.md": claims_on_fine_tuning(),
    "docs/several-processes.md": claims_on_several_processes(),
    "docs/faq.md": claims_on_questions(),
    "docs/not-tried.md": claims_on_what_was_not_tried(),
    "docs/glossary.md": claims_on_words(),
    "docs/commands.md": claims_on_commands(),
    "docs/python.md": claims_on_python(),
    "docs/study.md": claims_on_study(),
    "docs/ablation.md": claims_on_ablation(),
}


@pytest.mark.parametrize("name", PAGES)
def test_every_number_of_a_page_is_that_of_its_source(name):
    """Change a figure here or there, or add one that nothing shows, and this says which: see tests/pages/."""
    assert mistakes((ROOT / name).read_text(encoding="utf-8"), PAGES[name]) == []


@pytest.mark.parametrize("name", PAGES)
def test_every_sentence_of_a_page_is_bound(name):
    """Add a sentence to a page, and this asks for what shows it: a line in tests/pages/ with a test or a reason."""
    assert unbound((ROOT / name).read_text(encoding="utf-8"), PAGES[name]) == []


@pytest.mark.parametrize("name", PAGES)
def test_what_shows_a_claim_is_there(name):
    """Files and tests by their names; what has none has a reason."""
    assert without_evidence(PAGES[name]) == []
    assert all(NUMBER.search(claim.text) for claim in PAGES[name] if claim.files), "no number of a file in it"


@pytest.mark.parametrize("name", ["README.md", "docs/compare.md", "docs/benchmarks.md", "docs/how-it-works.md"])
def test_each_figure_of_a_claim_counts(name):
    """With any one digit of a page's measured figures changed, its claim is no longer there."""
    page = (ROOT / name).read_text(encoding="utf-8")
    for claim in (claim for claim in PAGES[name] if claim.files):
        place = re.search(r"\s+".join(map(re.escape, claim.text.split())), page)
        number = re.search(r"\d", place[0])
        at = place.start() + number.start()
        changed = page[:at] + str((int(number[0]) + 1) % 10) + page[at + 1 :]
        assert any(text.startswith("not there") for text in mistakes(changed, [claim])), claim.text


def test_the_readme_is_read_in_minutes():
    """What doesn't fit into it has a page of its own in docs/."""
    assert len(README.splitlines()) <= 150


def test_code_for_ones_own_runs_as_it_stands():
    """The block with `build_loss`, on two pairs: one value a pair, then a scalar."""
    page = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")
    (code,) = (dedent(block) for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "build_loss" in block)
    pred, target = torch.tensor([[0.0, 0, 4, 4], [1, 1, 3, 5]]), torch.tensor([[0.0, 0, 4, 2], [1, 1, 3, 4]])
    names = {"pred": pred, "target": target, "scores": torch.tensor([0.5, 1])}
    exec(code, names)
    first, second = code.splitlines()[-2:]
    assert eval(first, names).shape == (2,) and eval(second, names).shape == ()


def test_the_settings_for_little_data_are_those_of_the_recipe():
    page = (ROOT / "docs" / "fine-tune.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"yolo train .*?device=cpu", page.partition("## Little data")[2], re.DOTALL)
    given = dict(word.split("=") for word in line.replace("\\\n", " ").split()[2:])
    recipe = yaml.safe_load((ROOT / "cfg" / "ablation" / "bccd.yaml").read_text(encoding="utf-8"))
    del given["data"]
    assert len(given) == 10 and given == {name: str(recipe[name]) for name in given}


def test_runs_on_bccd_are_of_one_command_at_one_commit():
    """And all that it asks for: a run for each loss and seed of the recipe."""
    with open(ROOT / "results" / "bccd" / "results.csv", newline="") as file:
        runs = [*csv.DictReader(file)]
    ((command, commit),) = {(run["command"], run["git_commit"]) for run in runs}
    assert command == "yolo ablate cfg=ablation/bccd.yaml data=bccd/bccd.yaml jobs=2"
    assert re.fullmatch("[0-9a-f]{12}", commit), commit  # of a clean checkout
    recipe = yaml.safe_load((ROOT / "cfg" / "ablation" / "bccd.yaml").read_text(encoding="utf-8"))
    asked = [(loss, str(seed)) for loss in recipe["losses"] for seed in recipe["seeds"]]
    assert sorted((run["loss"], run["seed"]) for run in runs) == sorted(asked)
    assert {run["status"] for run in runs} == {"done"}


def test_a_lead_on_bccd_did_not_hold_up_on_another_machine():
    """The same losses and seeds on both; FocalL1 is shown to be better on one, and by next to nothing on the other."""
    leads = []
    for name in ("results.csv", "first_runs.csv"):
        with open(ROOT / "results" / "bccd" / name, newline="") as file:
            runs = {(run["loss"], run["seed"]): run for run in csv.DictReader(file)}
        aps = {key: 100 * float(run["AP"]) for key, run in runs.items()}
        leads.append(fmean(aps["focal_l1", seed] - aps["ciou", seed] for seed in "012"))
    assert {run["machine"] for run in runs.values()} == {"x86_64, 2 cores"}  # of the second file
    assert leads[0] > 2 and abs(leads[1]) < 0.5


def test_over_both_trainings_on_bccd_no_loss_is_shown_to_differ():
    """Each interval of the table over all six pairs has 0 in it."""
    table = (ROOT / "docs" / "compare.md").read_text(encoding="utf-8").partition("generated: bccd-repeats")[2]
    ends = re.findall(r"([+−][\d.]+) to ([+−][\d.]+) \|$", table.partition("end -->")[0], re.MULTILINE)
    assert len(ends) == 6 and all(low[0] == "−" and high[0] == "+" for low, high in ends)


def test_losses_of_the_l_kind_trade_high_iou_for_low_iou_boxes():
    """Each is 5 points above CIoU in AP50, 4 below it in AP85, and below it in AP90; no other loss is so far off."""
    with open(ROOT / "results" / "bccd" / "results.csv", newline="") as file:
        of = defaultdict(list)
        for row in csv.DictReader(file):
            of[row["loss"]].append(row)
    lead = {
        loss: {
            m: fmean(float(r[m]) for r in runs) - fmean(float(r[m]) for r in of["ciou"])
            for m in ("AP50", "AP85", "AP90")
        }
        for loss, runs in of.items()
    }
    for loss in ("focal_l1", "smooth_l1"):
        assert lead[loss]["AP50"] > 0.05 and lead[loss]["AP85"] < -0.04 and lead[loss]["AP90"] < 0
        for other in set(lead) - {"focal_l1", "smooth_l1"}:
            assert lead[other]["AP50"] < lead[loss]["AP50"] and lead[other]["AP85"] > lead[loss]["AP85"]


def shares_of_good_boxes():
    """Return, by loss, the shares that an IoU of .8 or more has of the gradient, and of all positives."""
    with open(ROOT / "results" / "bccd" / "results.csv", newline="") as file:
        losses = {row["run"]: row["loss"] for row in csv.DictReader(file)}
    shares = defaultdict(lambda: ([], []))
    with open(ROOT / "results" / "bccd" / "box_stats.csv", newline="") as file:
        for row in csv.DictReader(file):
            if int(float(row["epoch"])) > 27:
                for of, kind in zip(shares[losses[row["run"]]], ("grad", "pos"), strict=True):
                    of.append(float(row[f"{kind}_80"]) + float(row[f"{kind}_90"]))
    return tuple({loss: fmean(pair[i]) for loss, pair in shares.items()} for i in (0, 1))


def test_high_iou_boxes_have_less_than_their_share_under_smooth_l1_alone():
    """Share of the gradient over share of the positives, for an IoU of .8 or more in the last three epochs."""
    grad, number = shares_of_good_boxes()
    assert [loss for loss in grad if grad[loss] < number[loss]] == ["smooth_l1"]


def test_high_iou_boxes_have_most_of_the_gradient_but_under_the_losses_of_the_l_kind():
    """An IoU of .8 or more in the last three epochs: more than half of it, and more than their number is of all."""
    (grad, number) = shares_of_good_boxes()
    assert {loss for loss in grad if grad[loss] > max(number[loss], 0.5)} == set(grad) - {"focal_l1", "smooth_l1"}
    assert number["focal_l1"] < grad["focal_l1"] < 0.5 and grad["smooth_l1"] < number["smooth_l1"]


def test_the_page_names_the_losses_that_are_near_ciou_where_boxes_overlap():
    """Within a tenth of its gradient at an IoU of 0.6 to 0.8, and of 0.8 to 0.95."""
    ratios = {name: [float(cell.split(" / ")[1]) for cell in cells] for name, cells in read_gradients().items()}
    near = {name for name, row in ratios.items() if all(abs(ratio - 1) < 0.1 for ratio in row[-2:])}
    (named,) = re.findall(r"mean gradients of (.*?) are within", (ROOT / "docs" / "faq.md").read_text(), re.DOTALL)
    assert {*re.findall(r"`(\w+)`", named)} == near - {"ciou"}


def test_torchvision_has_three_of_the_losses_and_no_eiou():
    losses = {name for name in vars(torchvision.ops) if name.endswith("_loss") and "iou" in name}
    assert losses == {"generalized_box_iou_loss", "distance_box_iou_loss", "complete_box_iou_loss"} | {
        name
        for name in losses
        if name in ("giou_loss", "diou_loss", "ciou_loss")  # the modules that have them
    }


def test_every_page_is_bound():
    """All of docs/ but those that a command makes as a whole: docs/paper.md and docs/losses/."""
    pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")} - {"docs/paper.md"}
    assert pages | {"README.md", "data/README.md"} == {*PAGES}


def test_figures_on_scaling_are_the_csvs():
    text = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
    values = {row["what"]: row["value"] for row in rows("scaling.csv")}
    assert f"{values['memory of the labels, for an image']} bytes an image" in text
    assert f"{rows('scaling_model.csv')[1]['labels_gb_a_machine_10m_images']} GB a node" in text


@pytest.mark.parametrize(("file", "what"), [("train_step.csv", "loss"), ("ranks.csv", "step")])
def test_a_step_with_our_loss_takes_what_one_of_stock_takes(file, what):
    """Ours and stock's own repetition, beside stock, differ by less than half a per cent."""
    ratio = {row[what]: float(row["ratio"]) for row in rows(file)}
    assert abs(ratio["focal_eiou"] - ratio["stock again"]) < 0.005


def test_the_space_that_coco_needs_is_as_the_page_says():
    """As `from_network` asks for it: what comes out of the zips, the largest of them, and the labels; in GB."""
    archives = (TRAIN, VAL, ANNOTATIONS)
    without = sum(archive.extracted for archive in archives) + TRAIN.size + LABELS_BYTES
    assert f"{without / 1e9:.0f}" == "41"
    assert f"{(without + TEST.extracted + TEST_INFO.extracted) / 1e9:.0f}" == "47"


def test_the_ring_on_a_slow_network_takes_what_the_page_says():
    """As the page has it: 2 (N − 1)/N · gradients / width + 2 (N − 1) · 20 µs, half of a step of 64 ms hidden."""
    gradients = 1e6 * float(next(row["value"] for row in rows("scaling.csv") if row["what"] == "gradients of yolov8s"))
    ring = 2 * 63 / 64 * gradients / (10e9 / 8) + 2 * 63 * 20e-6
    (step,) = (float(row["compute_ms"]) for row in rows("scaling_model.csv") if row["total_batch"] == "1024")
    assert (f"{1e3 * ring:.0f}", f"{1e3 * ring - step / 2:.0f}") == ("73", "41")


def test_the_tested_range_is_that_of_doctor():
    page = (ROOT / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    assert f"Ultralytics {TESTED_RELEASES[0]} to {TESTED_RELEASES[1]} " in page
    assert f"Ultralytics {TESTED_RELEASES[0]} to {TESTED_RELEASES[1]}," in README
    assert f'"ultralytics>={TESTED_RELEASES[0]},' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_dependencies_are_those_of_the_package():
    """docs/how-it-works.md and pyproject.toml name the same packages: of the words there, those that are of one."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (listed,) = re.findall(r"^dependencies = \[\n(.*?)^\]", text, re.DOTALL | re.MULTILINE)
    page = (ROOT / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    paragraph = page[page.index("Dependencies: ") :].partition("\n\n")[0]
    words = set(re.findall(r"[a-z][a-z0-9-]+", paragraph))
    packages = {package.metadata["Name"].lower().replace("_", "-") for package in distributions()}
    assert sorted(words & packages) == sorted(re.findall(r'^ *"([\w-]+)', listed, re.MULTILINE))


def test_messages_in_the_table_are_those_of_the_code():
    """Each in quotation marks is in a message of the preparation; … stands for what differs."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "yolo_feiou").rglob("*.py")]
    said = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    page = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    table = page[page.index("| it says | do |") :].splitlines()[2:]
    quoted = re.findall(r'"([^"]*)"', " ".join(row.split(" | ")[0] for row in table))
    assert len(quoted) >= len(table) > 10
    pieces = [piece for text in quoted for piece in re.split(r"\s*…\?? ?", text) if piece]
    assert [piece for piece in pieces if not any(piece in text for text in said if isinstance(text, str))] == []


def test_the_commands_call_one_function():
    """`yolo`, `yolo-feiou` and `python -m yolo_feiou` call the same function."""
    scripts = re.findall(r"^(yolo[\w-]*) = \"(.*)\"$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert scripts == [("yolo", "yolo_feiou.cli:main"), ("yolo-feiou", "yolo_feiou.cli:main")]
    assert import_module("yolo_feiou.__main__").main is import_module("yolo_feiou.cli").main


def test_nothing_in_the_results_names_a_machine():
    for path in (ROOT / "results").rglob("*"):
        if path.suffix in (".csv", ".html", ".md", ".tex"):
            assert not re.search(r"/(tmp|home|root|work|Users)/", path.read_text(encoding="utf-8")), path


def test_no_comparison_of_the_study_is_shown_once_all_are_counted():
    """Each has all its seeds, or ended since its own ablation had shown it; the largest is of the gain."""
    with open(ROOT / "results" / "study" / "summary.csv", newline="", encoding="utf-8") as file:
        tested = [row for row in csv.DictReader(file) if row["p_holm"]]
    assert {(row["stage"], row["data"]) for row in tested} == {("short", "bccd"), ("short", "cards"), ("fine", "bccd")}
    assert all(len(row["differences"].split()) == 8 or float(row["p"]) < 0.05 for row in tested) and len(tested) == 6
    assert min(float(row["p_holm"]) for row in tested) > 0.05
    assert {float(row["box"]) * float(row["loss"].rpartition("=")[2]) for row in tested} == {7.5, 0.8625}
    assert max(tested, key=lambda row: abs(float(row["difference"])))["loss"] == "ciou:weight=4"

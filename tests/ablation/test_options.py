"""What `yolo ablate` is told."""

import os
from pathlib import Path

import pytest

from tests.runs import typed
from yolo_feiou.ablation.options import check_is_comparison, read_ablation_request
from yolo_feiou.errors import ArgumentError, LossSpecError
from yolo_feiou.yolo.configs import CFG_DIR
from yolo_feiou.yolo.framework import FRAMEWORK
from yolo_feiou.yolo.weights_path import check_weights_folder

DATA = "data=shapes.yaml"


def test_arguments_are_split_into_grid_and_options():
    request = read_ablation_request(
        [DATA, "losses=ciou,eiou", "seeds=0,1", "epochs=2", "jobs=2", "split=test", "device=cpu"], FRAMEWORK
    )
    assert len(request.runs) == 4
    assert request.runs[0].arguments == {
        **{"loss": "ciou", "seed": 0, "data": "shapes.yaml", "epochs": 2, "model": "yolov8n.yaml"}
    }
    assert (request.options.jobs, request.options.split, request.options.gain) == (2, "test", "same")
    assert (
        request.command
        == "yolo ablate data=shapes.yaml losses=ciou,eiou seeds=0,1 epochs=2 jobs=2 split=test device=cpu"
    )


@pytest.mark.parametrize(
    ("words", "devices"),
    [
        ([], ["cpu"]),  # on a machine without a GPU
        (["jobs=2"], ["cpu", "cpu"]),
        (["device=cpu", "jobs=2"], ["cpu", "cpu"]),
        (["device=0,1,2,3"], ["0", "1", "2", "3"]),
        (["device=[0,1]"], ["0", "1"]),
        (["device=0,1", "per_device=2"], ["0", "1", "0", "1"]),
        (["device=0,1", "per_device=2", "jobs=3"], ["0", "1", "0"]),
        (["device=0", "per_device=3"], ["0", "0", "0"]),
        (["device=0+1,2+3"], ["0,1", "2,3"]),
    ],
)
def test_every_device_has_a_run_before_one_has_a_second(words, devices):
    """All devices get a run before one gets a second."""
    assert read_ablation_request([DATA, *words], FRAMEWORK).devices == devices


def test_gpus_that_are_not_named_are_handed_out_too(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 4)
    assert read_ablation_request([DATA], FRAMEWORK).devices == ["0"]
    assert read_ablation_request([DATA, "jobs=3"], FRAMEWORK).devices == ["0", "1", "2"]


def test_more_jobs_than_the_devices_have_room_for_are_refused():
    with pytest.raises(ArgumentError, match="jobs=4: device= and per_device= have room for 2 runs at a time"):
        read_ablation_request([DATA, "device=0,1", "jobs=4"], FRAMEWORK)


def test_one_run_is_chosen_by_number_or_key():
    request = read_ablation_request([DATA, "losses=ciou,eiou"], FRAMEWORK)
    for only in ("2", request.runs[1].key):
        assert read_ablation_request([DATA, "losses=ciou,eiou", f"only={only}"], FRAMEWORK).chosen == [request.runs[1]]
    with pytest.raises(ArgumentError, match="only=3: no run of the 2 has that number or key"):
        read_ablation_request([DATA, "losses=ciou,eiou", "only=3"], FRAMEWORK)


def test_runs_side_by_side_on_cpu_share_its_cores():
    assert read_ablation_request([DATA, "device=cpu", "jobs=2"], FRAMEWORK).task(cores=8).threads == 4
    assert read_ablation_request([DATA, "device=cpu", "jobs=16"], FRAMEWORK).task(cores=8).threads == 1
    assert read_ablation_request([DATA, "device=cpu"], FRAMEWORK).task(cores=8).threads == 0
    assert read_ablation_request([DATA, "device=0,1"], FRAMEWORK).task(cores=8).threads == 0


def test_a_yaml_lists_values_and_the_command_line_overrides_it(tmp_path):
    path = tmp_path / "grid.yaml"
    path.write_text(
        "data: a.yaml\nlosses: [ciou, 'focal_eiou:gamma=1,norm=tal']\nseeds: [0, 1]\nbox: [5, 7.5]\nclasses: [[0, 2]]\n"
        "cos_lr: true\njobs: 3\n"
    )
    request = read_ablation_request([f"cfg={path}", "seed=5", "data=b.yaml"], FRAMEWORK)
    assert [(r.arguments["loss"], r.arguments["box"], r.arguments["seed"]) for r in request.runs] == [
        *[("ciou", 5, 5), ("ciou", 7.5, 5)],
        *[("focal_eiou:gamma=1,norm=tal", 5, 5), ("focal_eiou:gamma=1,norm=tal", 7.5, 5)],
    ]
    assert request.runs[0].arguments["classes"] == [0, 2] and request.runs[0].arguments["cos_lr"] is True
    assert request.runs[0].arguments["data"] == "b.yaml" and request.options.jobs == 3


@pytest.mark.parametrize("name", [path.name for path in (CFG_DIR / "ablation").glob("*.yaml")])
def test_the_grids_that_come_along_can_be_read(name):
    assert len(read_ablation_request([f"cfg={name}", DATA], FRAMEWORK).runs) >= 9


def test_the_folder_is_that_of_all_losses_and_seeds_and_of_no_other_settings():
    folder = read_ablation_request([DATA, "losses=ciou,eiou", "seeds=0,1", "epochs=2"], FRAMEWORK).folder
    assert folder.parent.name == "ablate" and folder.name.startswith("shapes-yolov8n-")
    assert (
        read_ablation_request([DATA, "losses=giou,diou", "seeds=0,1,2", "epochs=2", "jobs=4"], FRAMEWORK).folder
        == folder
    )
    assert read_ablation_request([DATA, "losses=ciou,eiou", "seeds=0,1", "epochs=3"], FRAMEWORK).folder != folder
    assert (
        read_ablation_request([DATA, "losses=ciou,eiou", "epochs=2", "imgsz=640", "plots=False"], FRAMEWORK).folder
        == folder
    )
    assert str(read_ablation_request([DATA, "out=here"], FRAMEWORK).folder) == "here"


def test_two_projects_with_a_file_of_one_name_have_two_folders_and_two_keys(tmp_path, monkeypatch):
    requests = []
    for names in ("[cat]", "[dog]"):
        project = tmp_path / names
        project.mkdir()
        (project / "data.yaml").write_text(f"path: {project}\ntrain: images\nval: images\nnames: {names}\n")
        monkeypatch.chdir(project)
        requests.append(read_ablation_request(["data=data.yaml"], FRAMEWORK))
    assert requests[0].folder != requests[1].folder and requests[0].runs[0].key != requests[1].runs[0].key


def test_the_place_of_the_images_is_no_setting_and_what_they_are_is(tmp_path):
    path = tmp_path / "data.yaml"

    def key(text, second):
        path.write_text(text)
        os.utime(path, (second, second))  # however coarse the clock of the disk is
        return read_ablation_request([f"data={path}"], FRAMEWORK).runs[0].key

    one = key("path: /a\ntrain: images\nnames: [cat]\n", 1)
    assert key("train: images\npath: /b\nnames: [cat]  # no matter\n", 2) == one
    assert key("path: /a\ntrain: more\nnames: [cat]\n", 3) != one


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["losses=ciou"], "no data= is given"),
        ([DATA, "losses"], "'yolo ablate' takes arguments like losses=ciou,eiou, got 'losses'"),
        ([DATA, "loss=ciou", "losses=eiou"], "'yolo ablate' got loss= twice"),
        ([DATA, "jobs=0"], "jobs=0 is not a whole number from 1 to 4096"),
        ([DATA, "gain=best"], "gain=best is not one of same, matched"),
        ([DATA, "sedes=0,1"], "'sedes' is not a training argument: did you mean 'seeds'?"),
        ([DATA, "seeds="], "seed= has an empty value"),
        ([DATA, "seeds=1"], "seeds=1 may mean how many or which one: give seeds=0 for 1 of them, seed=1 for that one."),
        ([DATA, "seeds=3"], "seeds=3 may mean how many or which one: give seeds=0,1,2 for 3 of them, seed=3 for"),
        ([DATA, "seeds=12"], "seeds=12 may mean how many or which one: give seeds=0,1,2,… for 12 of them, seed=12"),
        ([DATA, "losses=ciou,eiou", "until=0.5", "only=2"], "only=2 with until=0.5: which runs there are follows from"),
        ([DATA, "losses=ciou,eiou", "until=-1"], "until=-1 is not a number from 0 to 100"),
        ([DATA, "losses=ciou,eiou", "until=1", "max_seeds=1"], "max_seeds=1 is not a whole number from 2 to 100"),
        ([DATA, "losses=ciou,eiou", "until=1", "max_seeds=2", "seeds=0,1,2"], "max_seeds=2: seeds= names 3 already"),
        ([DATA, "losses=ciou,eiou", "until=1", "budget=8s"], "budget=8s is not a time up to 8760 hours, like 8, 8h"),
        ([DATA, "losses=ciou,eiou", "until=1", "engine=ray", "budget=8"], "budget= on a Ray cluster needs jobs="),
        ([DATA, "losses=ciou,eiou", "until=1", "baseline=iou"], "baseline=iou: no finished run has that loss"),
        ([DATA, "losses=ciou", "until=1"], "until= adds seeds to comparisons, and there is one variant"),
        *(
            ([DATA, "losses=ciou,eiou", word], f"{word.partition('=')[0]}= is for an ablation that adds seeds until")
            for word in ("max_seeds=9", "race=True", "budget=8h", "baseline=eiou")
        ),
        ([DATA, "cfg=nowhere.yaml"], "cfg=nowhere.yaml: there is no such file"),
    ],
)
def test_a_mistake_is_named_with_its_argument(words, message):
    with pytest.raises(ArgumentError) as error:
        read_ablation_request(words, FRAMEWORK)
    assert str(error.value).startswith(message)


def test_a_study_has_the_variants_of_its_grid_and_two_first_seeds():
    words = [DATA, "losses=ciou,eiou", "until=0.5"]
    request = read_ablation_request([*words, "race=true", "budget=30m", "timeout=2d"], FRAMEWORK)
    design = request.study.design
    assert (design.until, design.seeds, design.first, design.race) == (0.5, tuple(range(20)), 2, True)
    assert [run.arguments["seed"] for run in request.chosen] == [0, 1, 0, 1]
    assert request.options.budget == 0.5 and request.task().timeout == 48 and not request.is_most_given
    request = read_ablation_request([*words, "seeds=3,5,4", "max_seeds=4", "baseline=eiou"], FRAMEWORK)
    assert request.study.design.seeds == (3, 4, 5, 6) and request.study.design.first == 3 and request.is_most_given
    assert request.study.baselines == (1, 1)
    fixed = read_ablation_request(words[:2], FRAMEWORK)
    assert fixed.study is None and fixed.folder == request.folder
    assert [run.arguments["seed"] for run in fixed.runs] == [0, 0]


def test_one_seed_is_named_by_seed_or_in_a_list(tmp_path):
    """seeds=0 can't be a number of seeds; a list in a YAML is one."""
    path = tmp_path / "grid.yaml"
    path.write_text("losses: [ciou, eiou]\nseeds: [3]\n")
    for words, seed in ((["seed=3"], 3), (["seeds=0"], 0), ([f"cfg={path}"], 3)):
        assert {run.arguments["seed"] for run in read_ablation_request([DATA, *words], FRAMEWORK).runs} == {seed}
    path.write_text("losses: [ciou, eiou]\nseeds: 3\n")
    with pytest.raises(ArgumentError, match="seeds=3 may mean"):
        read_ablation_request([DATA, f"cfg={path}"], FRAMEWORK)


@pytest.mark.parametrize("words", [[], ["epochs=3"], ["seeds=0,1,2"], ["classes=[0,2]"]])
def test_a_command_that_names_nothing_to_compare_is_refused(words):
    with pytest.raises(ArgumentError, match="there is nothing to compare: losses=ciou,eiou compares two losses, and"):
        check_is_comparison(read_ablation_request([DATA, *words], FRAMEWORK))


@pytest.mark.parametrize("words", [["losses=eiou"], ["loss=eiou", "seed=3", "box=5"], ["losses=eiou", "plan=True"]])
def test_one_run_is_no_comparison_and_is_done_where_it_is_asked_for(words):
    with pytest.raises(ArgumentError) as error:
        check_is_comparison(read_ablation_request([DATA, *words], FRAMEWORK))
    assert str(error.value) == (
        "losses=eiou is one run, and there is nothing to compare: losses=ciou,eiou compares two losses, and box=5,7.5 "
        "two values of any other argument; only=1 does this run."
    )
    request = read_ablation_request([DATA, *words, "only=1"], FRAMEWORK)
    check_is_comparison(request)
    assert request.chosen == request.runs


@pytest.mark.parametrize(
    ("words", "notes"),
    [
        (["losses=ciou,eiou"], []),
        (["box=5,7.5"], []),
        (["classes=[0,2]", "losses=ciou,eiou"], []),
        (["loss=eiou", "seeds=0,1"], ["there is one variant, so nothing is compared: losses=ciou,eiou compares"]),
        (["losses=ciou,focal_eiou:gamma=0.5"], ["losses go by their shortest specs, without parameters that have"]),
        (["classes=0,2"], ["classes=0,2 is taken for 2 values, with runs of their own. One value that lists them is "]),
    ],
)
def test_what_may_be_meant_otherwise_is_noted(words, notes):
    request = read_ablation_request([DATA, *words], FRAMEWORK)
    check_is_comparison(request)
    assert len(request.notes) == len(notes)
    assert all(note.startswith(start) for note, start in zip(request.notes, notes, strict=True))


def test_an_unknown_loss_is_refused():
    with pytest.raises(LossSpecError, match="unknown loss 'eoiu'"):
        read_ablation_request([DATA, "losses=ciou,eoiu"], FRAMEWORK)


@pytest.mark.parametrize("name", ["Bob's.yaml", "a?b.yaml", "a\nb.yaml", "50%3F.yaml", 'a"$b.yaml'])
def test_the_usual_folder_is_one_that_ultralytics_can_take_whatever_the_data_is_called(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path(name).write_text("names: [a]\n")
    folder = read_ablation_request([f"data={name}"], FRAMEWORK).folder
    check_weights_folder(folder / "train" / "run", "the folder")
    assert folder.name.isprintable() and not set(folder.name) & set("'?%$\"")
    assert read_ablation_request(["data=other.yaml"], FRAMEWORK).folder.name != folder.name


def test_arguments_that_are_not_utf_8_are_refused():
    """As the shell hands them on: a file whose name has the byte FF."""
    with pytest.raises(ArgumentError, match="'data=\ufffd.yaml' has bytes that are not UTF-8: rename what it names"):
        read_ablation_request(["data=\udcff.yaml"], FRAMEWORK)


@pytest.mark.parametrize("name", ["$a.yaml", "it's.yaml", 'a"b.yaml', "a\nb.yaml", "a\x1bb.yaml"])
def test_the_command_is_recorded_as_it_can_be_typed_again(name):
    words = [f"data={name}", "losses=ciou"]
    assert typed(read_ablation_request(words, FRAMEWORK).command) == ["yolo", "ablate", *words]

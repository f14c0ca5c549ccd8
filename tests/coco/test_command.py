"""The command from end to end: what it writes, what it refuses, and that it can be stopped anywhere."""

import errno
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.coco.made_up import TINY, annotation, image, labels, own_data, write_images, write_json, write_zip
from tests.coco.server import serving
from yolo_feiou.coco import catalogue, command, convert, splits
from yolo_feiou.coco.command import main, prepare_coco
from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.locks import held

real = pytest.mark.skipif(not TINY.is_dir(), reason="the real data sets don't lie beside this checkout")


def refusal(words, kind=DataError, **how):
    with pytest.raises(kind) as error:
        prepare_coco(words, **how)
    assert "\n" not in str(error.value)
    return str(error.value)


def tree(folder):
    """All files below a folder, links not followed."""
    paths = (path for path in Path(folder).rglob("*") if not path.is_dir() or path.is_symlink())
    return sorted(path.relative_to(folder).as_posix() for path in paths)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "data" / "mine"


@pytest.fixture
def own(tmp_path, out):
    """The words that prepare a small data set of one's own."""
    return [f"out={out}", *own_data(tmp_path / "own")]


@pytest.fixture
def coco(tmp_path):
    """COCO 2017 as its authors would publish four images of it: contents by path, and the splits."""
    files, published, jsons = {}, [], {}
    for split, numbers in ((catalogue.COCO_2017[0], (1,)), (catalogue.COCO_2017[1], (2, 3, 4))):
        images = [image(n, f"{n:012}.jpg") for n in numbers]
        jsons[f"annotations/{split.json}"] = write_json(
            tmp_path / "x.json", images, [annotation(n, n) for n in numbers]
        ).read_bytes()
        members = {f"{split.folder}/{one['file_name']}": f"image {one['id']}".encode() for one in images}
        files[split.images.path] = write_zip(tmp_path / "x.zip", members).read_bytes()
        published.append(replace(split, counts=(len(numbers), len(numbers))))
    jsons["annotations/captions_train2017.json"] = b"{}"
    files[catalogue.ANNOTATIONS.path] = write_zip(tmp_path / "x.zip", jsons).read_bytes()
    (tmp_path / "x.json").unlink()
    (tmp_path / "x.zip").unlink()
    known = {path: (len(content), hashlib.md5(content).hexdigest()) for path, content in files.items()}

    def small(archive):
        size, md5 = known[archive.path]
        return replace(archive, size=size, md5=md5, extracted=size)

    return files, [replace(s, images=small(s.images), annotations=small(s.annotations)) for s in published]


COCO_FILES = [
    "coco.yaml",
    *("images/train2017/000000000002.jpg", "images/train2017/000000000003.jpg", "images/train2017/000000000004.jpg"),
    "images/val2017/000000000001.jpg",
    *("labels/train2017/000000000002.txt", "labels/train2017/000000000003.txt", "labels/train2017/000000000004.txt"),
    "labels/val2017/000000000001.txt",
    "prepared.json",
    "train2017.txt",
    "val2017.txt",
]
EXTRACTED = ["annotations/instances_train2017.json", "annotations/instances_val2017.json", *COCO_FILES]


@real
def test_real_data_are_what_ultralytics_then_reads(tmp_path, capsys):
    import numpy as np
    from pycocotools.coco import COCO

    from yolo_feiou.evaluation.labels import read_split

    out = tmp_path / "coco"
    prepare_coco([f"out={out}", f"source={TINY}"])
    said = capsys.readouterr().out
    assert "train2017: a subset: 32 of COCO's 118,287 images" in said
    assert "train2017: 32 images, 2 of them without objects; 284 objects, 0 of them clipped" in said
    assert "left out: 4 crowds" in said and f"train_coco.sh data={out}/coco.yaml" in said
    assert yaml.safe_load((out / "coco.yaml").read_text())["path"] == str(out)
    for split in ("train", "val"):
        path = TINY / "annotations" / f"instances_{split}2017.json"
        coco = COCO(str(path))
        read = read_split(out / "coco.yaml", split)
        assert read.annotations == path.resolve() and read.unread == 0
        assert read.names == [one["name"] for one in coco.loadCats(sorted(coco.getCatIds()))]
        known = {info["file_name"]: info for info in coco.dataset["images"]}
        assert len(read.labels) == len(known)
        for label in read.labels:
            info = known[Path(label["im_file"]).name]
            assert label["shape"] == (info["height"], info["width"])
            theirs = coco.loadAnns(coco.getAnnIds(info["id"], iscrowd=False))
            x, y, w, h = np.array([one["bbox"] for one in theirs]).reshape(-1, 4).T
            width, height = info["width"], info["height"]
            expected = np.stack([(x + w / 2) / width, (y + h / 2) / height, w / width, h / height], 1)
            np.testing.assert_allclose(label["bboxes"], expected, rtol=2**-23)
            kinds = [sorted(coco.getCatIds()).index(one["category_id"]) for one in theirs]
            assert label["cls"].ravel().tolist() == kinds


def test_a_data_set_of_ones_own(own, out, tmp_path, capsys):
    prepare_coco(own)
    assert tree(out) == [
        *("images/train", "images/val", "labels/train/1.txt", "labels/train/2.txt", "labels/val/1.txt"),
        *("mine.yaml", "prepared.json", "train.txt", "val.txt"),
    ]
    assert (out / "train.txt").read_text() == "./images/train/1.jpg\n./images/train/2.jpg\n"
    assert (out / "images" / "train").resolve() == tmp_path / "own" / "train"
    assert yaml.safe_load((out / "mine.yaml").read_text()) == {
        "path": str(out),
        "train": "train.txt",
        "val": "val.txt",
        "annotations": {split: str(tmp_path / "own" / f"{split}.json") for split in ("train", "val")},
        "names": {0: "dog", 1: "cat"},  # by id, 3 and 7
    }
    assert "train: 2 images, 0 of them without objects; 2 objects" in capsys.readouterr().out


def test_the_same_command_again_finds_it_whole(own, out, capsys):
    prepare_coco(own)
    before = {path: os.stat(out / path).st_mtime_ns for path in tree(out)}
    prepare_coco(own)
    assert "is there and whole" in capsys.readouterr().out.splitlines()[-1]
    assert before == {path: os.stat(out / path).st_mtime_ns for path in tree(out)}


@pytest.mark.parametrize("lost", ["train.txt", "mine.yaml", "labels/train", "prepared.json+", "images/train"])
def test_what_was_lost_is_made_anew(own, out, lost, capsys):
    prepare_coco(own)
    path = out / lost.rstrip("+")
    if path.is_dir() and not path.is_symlink():
        os.rename(path, out.parent / "lost")
    elif lost.endswith("+"):
        path.rename(out / "preparing.json")  # as if it had been interrupted
    else:
        path.unlink()
    whole = tree(out)
    prepare_coco(own)
    assert "is ready" in capsys.readouterr().out.splitlines()[-2]
    assert set(tree(out)) >= set(whole) - {"preparing.json"} and (out / "prepared.json").exists() and path.exists()


def test_a_changed_json_or_option_does_it_anew(own, out, tmp_path, capsys):
    prepare_coco(own)
    (out / "labels" / "train.cache").write_text("of Ultralytics")
    path = tmp_path / "own" / "train.json"
    path.write_text(path.read_text().replace("[10, 20, 30, 40]", "[10, 20, 40, 30]"))  # of the same size
    prepare_coco(own)
    assert labels(out / "labels" / "train")["1.txt"] == "0 0.150000006 0.349999994 0.200000003 0.300000012\n"
    assert not (out / "labels" / "train.cache").exists()
    prepare_coco([*own, "missing=skip"])
    assert capsys.readouterr().out.count("is ready") == 3


def test_a_split_that_is_no_longer_wanted_goes(own, out, tmp_path):
    more = [f"test={tmp_path / 'own' / 'val.json'}", f"test_images={tmp_path / 'own' / 'val'}"]
    prepare_coco(own)
    without = tree(out)
    prepare_coco(own + more)
    assert "labels/test/1.txt" in tree(out) and "test" in yaml.safe_load((out / "mine.yaml").read_text())
    prepare_coco(own)
    assert tree(out) == without


def test_missing_images(own, out, tmp_path, capsys):
    (tmp_path / "own" / "train" / "2.jpg").unlink()
    assert "1 of the 2 images in" in refusal(own)
    assert not out.exists()
    prepare_coco([*own, "missing=skip"])
    assert "train: 1 of 2 images are missing and left out" in capsys.readouterr().out
    assert (out / "train.txt").read_text() == "./images/train/1.jpg\n" and list(labels(out / "labels" / "train")) == [
        "1.txt"
    ]
    write_images(tmp_path / "own" / "train", ["2.jpg"])  # it has arrived
    prepare_coco([*own, "missing=skip"])
    assert list(labels(out / "labels" / "train")) == ["1.txt", "2.txt"]


def test_names_with_a_folder_called_images_are_found_by_ultralytics(out, tmp_path):
    from ultralytics.data.utils import img2label_paths

    words = own_data(tmp_path / "own", [image(1, "images/a/1.jpg"), image(2, "images/2.jpg")])
    prepare_coco([f"out={out}", *words])
    files = [str(out / line) for line in (out / "train.txt").read_text().splitlines()]
    assert all(os.path.isfile(file) for file in files) and len(files) == 2
    assert all(os.path.isfile(file) for file in img2label_paths([os.path.normpath(file) for file in files]))


def test_extracted_images_are_not_replaced_by_a_link(coco, tmp_path):
    files, published = coco
    out = tmp_path / "coco"
    with serving(files) as server:
        prepare_coco([f"out={out}"], published, server.url)
    source = tmp_path / "source"
    for folder in ("annotations", "images"):
        shutil.copytree(out / folder, source / folder)
    assert "the images are to come from" in refusal(
        [f"out={out}", f"source={source}"], ArgumentError, published=published
    )
    assert tree(out) == EXTRACTED  # whole, as it was


def test_a_link_gives_way_to_extracted_images(coco, tmp_path):
    files, published = coco
    out, source = tmp_path / "coco", tmp_path / "source"
    for path, content in files.items():
        (source / Path(path).name).parent.mkdir(exist_ok=True)
        (source / Path(path).name).write_bytes(content)
    prepare_coco([f"out={tmp_path / 'other'}", f"source={source}"], published)
    prepare_coco([f"out={out}", f"source={tmp_path / 'other'}"], published)
    assert (out / "images" / "train2017").is_symlink()
    (tmp_path / "other" / "images" / "train2017" / "000000000002.jpg").write_text("of another size")
    prepare_coco([f"out={out}", f"source={source}"], published)
    assert not (out / "images" / "train2017").is_symlink() and (out / "images" / "val2017").is_symlink()
    assert (out / "images" / "train2017" / "000000000002.jpg").read_text() == "image 2"
    assert (tmp_path / "other" / "images" / "train2017" / "000000000002.jpg").read_text() == "of another size"


def test_different_categories(own, out, tmp_path):
    write_json(tmp_path / "own" / "val.json", [image(1)], [], [{"id": 3, "name": "dog"}])
    assert "have different categories, as 7 'cat', which one of them lacks (2 and 1" in refusal(own)
    assert not out.exists()


def test_annotations_must_be_there_to_train(own, tmp_path):
    path = tmp_path / "own" / "train.json"
    path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != "annotations"}))
    assert "no list named annotations, which 'train' needs" in refusal(own)


@pytest.mark.parametrize("mine", ["labels/train/1.txt", "mine.yaml", "train.txt", "images/train/1.jpg"])
def test_what_this_command_did_not_make_is_not_overwritten(own, out, mine):
    (out / mine).parent.mkdir(parents=True)
    (out / mine).write_text("mine")
    assert "which this command did not make and would overwrite" in refusal(own, ArgumentError)
    assert tree(out) == [mine] and (out / mine).read_text() == "mine"


def test_labels_that_were_changed_since_are_not_overwritten(own, out, tmp_path):
    prepare_coco(own)
    (out / "labels" / "train" / "1.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    (tmp_path / "own" / "train.json").write_bytes((tmp_path / "own" / "val.json").read_bytes())
    assert "labels/train was changed since it was made: it holds 2 label files" in refusal(own, ArgumentError)
    assert (out / "labels" / "train" / "1.txt").read_text() == "0 0.5 0.5 0.1 0.1\n"


def test_one_at_a_time(own, out, tmp_path, monkeypatch):
    script = f"""
import sys, time, pathlib
from yolo_feiou.locks import held
with held(pathlib.Path({str(out / ".preparing.lock")!r})):
    print("held", flush=True)
    time.sleep(60)
"""
    out.mkdir(parents=True)
    monkeypatch.setattr(command, "held", lambda path, patience: held(path, 0.1))
    other = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "held\n"
    assert "another process is preparing" in refusal(own, ArgumentError)
    other.kill()
    other.wait()
    prepare_coco(own)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["source=x"], "give out=FOLDER"),
        (["out=a", "source=nowhere"], "source=nowhere: there is no such folder"),
        (["out=a", "train=b.json"], "give images=FOLDER or train_images=FOLDER"),
        (["out=a", "train=b.json", "images=."], "give val=FILE.json too"),
        (["out=a", "train=b.json", "val=b.json", "images=."], "train=b.json: there is no such file"),
        (["out=a", "source=.", "train=b.json"], "give one"),
        (["out=a", "source=.", "test=c.json"], "With COCO 2017 it is True or False"),
        (["out=a", "source=."], "has neither annotations/instances_val2017.json nor annotations_trainval2017.zip"),
        (["out=a", "missing=perhaps"], "missing=perhaps is not one of stop, skip"),
        (["out=a", "imags=."], "did you mean 'images'?"),
    ],
)
def test_words_that_do_not_fit(words, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert expected in refusal(words, ArgumentError)
    assert not tree(tmp_path)


def test_help(capsys):
    prepare_coco(["--help"])
    assert "missing=        one of stop, skip" in capsys.readouterr().out


def test_a_mistake_is_one_line_and_exit_status_2(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["prepare_coco.py", "out"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert capsys.readouterr().err == "error: 'prepare_coco.py' takes arguments like out=…, got 'out'.\n"


def test_from_the_network(coco, tmp_path, capsys):
    files, published = coco
    out = tmp_path / "coco"
    with serving(files) as server:
        prepare_coco([f"out={out}"], published, server.url)
        assert tree(out) == EXTRACTED  # no zip, no captions
        assert yaml.safe_load((out / "coco.yaml").read_text())["annotations"] == {
            "train": "annotations/instances_train2017.json",
            "val": "annotations/instances_val2017.json",
        }
        assert "subset" not in capsys.readouterr().out
        server.requests.clear()
        prepare_coco([f"out={out}"], published, server.url)
        assert not server.requests
    assert "nothing to do" in capsys.readouterr().out


def test_from_zips_and_what_was_extracted_from_them(coco, tmp_path, capsys):
    files, published = coco
    source = tmp_path / "source"
    for path, content in files.items():
        (source / Path(path).name).parent.mkdir(exist_ok=True)
        (source / Path(path).name).write_bytes(content)
    prepare_coco([f"out={tmp_path / 'coco'}", f"source={source}"], published)
    assert tree(tmp_path / "coco") == EXTRACTED
    (source / "train2017.zip").unlink()  # what is needed of it is extracted
    prepare_coco([f"out={tmp_path / 'coco'}", f"source={source}"], published)
    assert "nothing to do" in capsys.readouterr().out
    prepare_coco([f"out={tmp_path / 'again'}", f"source={tmp_path / 'coco'}"], published)
    assert tree(tmp_path / "again") == [
        "coco.yaml",
        *("images/train2017", "images/val2017"),
        *(path for path in COCO_FILES if path.startswith("labels")),
        *("prepared.json", "train2017.txt", "val2017.txt"),
    ]


def test_a_zip_that_was_cut_off(coco, tmp_path):
    files, published = coco
    for path, content in files.items():
        (tmp_path / Path(path).name).write_bytes(content)
    archive = tmp_path / "train2017.zip"
    archive.write_bytes(archive.read_bytes()[:-100])
    assert f"{archive} with its" in refusal([f"out={tmp_path / 'out'}", f"source={tmp_path}"], published=published)
    assert not [path for path in tree(tmp_path) if path.endswith((".txt", "coco.yaml", "prepared.json"))]


def test_the_images_may_lie_where_the_result_goes(coco, tmp_path):
    # As when the zips were extracted by hand: the images are not linked to themselves.
    files, published = coco
    with serving(files) as server:
        prepare_coco([f"out={tmp_path / 'coco'}"], published, server.url)
    for path in ("labels/val2017", "labels/train2017"):
        os.rename(tmp_path / "coco" / path, tmp_path / path.replace("/", "-"))
    for path in ("coco.yaml", "prepared.json", "train2017.txt", "val2017.txt"):
        (tmp_path / "coco" / path).unlink()
    prepare_coco([f"out={tmp_path / 'coco'}", f"source={tmp_path / 'coco'}"], published)
    assert tree(tmp_path / "coco") == EXTRACTED


def test_images_of_the_test_server(coco, tmp_path, capsys, monkeypatch):
    files, published = coco
    for path, content in files.items():
        (tmp_path / Path(path).name).write_bytes(content)
    info = {"images": [image(9, "9.jpg")], "categories": [{"id": 7, "name": "cat"}, {"id": 3, "name": "dog"}]}
    members = {"annotations/image_info_test-dev2017.json": json.dumps(info), "annotations/image_info_test2017.json": ""}
    write_zip(tmp_path / "image_info_test2017.zip", members)
    write_zip(tmp_path / "test2017.zip", {"test2017/8.jpg": b"8", "test2017/9.jpg": b"9"})
    out = tmp_path / "out"
    prepare_coco([f"out={out}", f"source={tmp_path}", "test=True"], published)
    content = yaml.safe_load((out / "coco.yaml").read_text())
    assert (
        content["test"] == "test-dev2017.txt" and (out / "test-dev2017.txt").read_text() == "./images/test2017/9.jpg\n"
    )
    assert content["annotations"]["test"] == "annotations/image_info_test-dev2017.json"
    assert not (out / "labels" / "test2017").exists()
    assert "test2017: 1 images without annotations" in capsys.readouterr().out
    prepare_coco([f"out={out}", f"source={tmp_path}", "test=True"], published)
    assert "nothing to do" in capsys.readouterr().out


def test_too_little_space_is_said_before_anything_is_downloaded(coco, tmp_path, monkeypatch):
    files, published = coco
    usage = splits.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(splits.shutil, "disk_usage", lambda path: usage._replace(free=5 * 10**8))
    with serving(files) as server:
        said = refusal([f"out={tmp_path / 'coco'}"], published=published, url=server.url)
        assert "has 0.5 GB free and 0.6 GB are needed" in said and not server.requests


def test_a_full_disk_is_a_message_and_leaves_no_half(own, out, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(convert, "_write", full)
    assert "no space left" in refusal(own)
    assert tree(out) == ["images/train", "preparing.json"] and not (out / "labels" / "train.part").exists()
    monkeypatch.undo()
    prepare_coco(own)
    assert (out / "prepared.json").exists()
    monkeypatch.setattr(convert, "_write", full)
    refusal([*own, "missing=skip"])  # what was whole is not taken for the new
    assert not (out / "prepared.json").exists() and not (out / "mine.yaml").exists()


def test_a_real_limit_of_the_disk(own, out, tmp_path):
    # As the disk quota of a user: no file may grow beyond 10 bytes.
    words = own_data(tmp_path / "own")
    code = "import sys; from yolo_feiou.coco.convert import *; from yolo_feiou.coco.command import main; main()"
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))  # noqa: E731
    (out / "labels").mkdir(parents=True)
    line = [sys.executable, "-c", code, f"out={out}", *words]
    done = subprocess.run(line, preexec_fn=limit, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "there is no space left" in done.stderr and "Traceback" not in done.stderr
    assert not (out / "prepared.json").exists() and not (out / "mine.yaml").exists()
    prepare_coco(own)


def test_killed_anywhere_the_same_command_completes_it(coco, tmp_path, monkeypatch):
    """The process kills itself before the n-th step that changes the disk, for every n."""
    files, published = coco
    with serving(files) as server:
        prepare_coco([f"out={tmp_path / 'whole'}"], published, server.url)
        expected = {
            path: (tmp_path / "whole" / path).read_bytes() for path in EXTRACTED[:-3] if "coco.yaml" not in path
        }
        step, killed = 0, 0
        while True:
            out = tmp_path / f"out{step}"
            pid = os.fork()
            if not pid:
                try:
                    die_at(step)
                    prepare_coco([f"out={out}"], published, server.url)
                    os._exit(0)
                finally:
                    os._exit(1)
            end = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            if end == 0:
                break
            assert end == -signal.SIGKILL
            killed += 1
            if (out / "coco.yaml").exists():  # whoever trains with it finds all labels
                assert labels(out / "labels") == labels(tmp_path / "whole" / "labels")
            prepare_coco([f"out={out}"], published, server.url)
            assert [path for path in tree(out) if path != ".preparing.lock"] == EXTRACTED
            assert all((out / path).read_bytes() == content for path, content in expected.items())
            step += 1
    assert killed > 30


def die_at(step):
    """Kill this process before its n-th call that makes, renames or removes something."""
    left = [step]

    def hook(event, arguments):
        changes = event in ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.symlink", "shutil.rmtree") or (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        )
        if changes:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def test_the_script(own, out):
    script = Path(__file__).parents[2] / "scripts" / "prepare_coco.py"
    began = time.monotonic()
    done = subprocess.run([sys.executable, script, *own], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "is ready" in done.stdout and time.monotonic() - began < 60
    assert (out / "prepared.json").exists()


@pytest.mark.parametrize(
    ("box", "doubt"),
    [
        ((0.1, 0.2, 0.3, 0.4), "2 of 2 boxes are smaller than a pixel: expected pixels, not shares of the image."),
        (
            (100, 50, 190, 90),
            "2 of 2 boxes reach beyond their image: expected x, y, width and height, not two corners.",
        ),
        ((10, 20, 30, 40), None),
    ],
)
def test_what_looks_like_a_mistake_is_said(tmp_path, out, capsys, box, doubt):
    words = own_data(tmp_path, None, [annotation(1, bbox=box), annotation(2, 2, bbox=box)])
    prepare_coco([f"out={out}", *words])
    printed = capsys.readouterr().out
    assert (f"warning: train: {doubt}" in printed) if doubt else "warning" not in printed


def test_a_split_without_objects_is_said(tmp_path, out, capsys):
    prepare_coco([f"out={out}", *own_data(tmp_path, None, [annotation(1, iscrowd=1)])])
    assert "warning: train: there is no object in it" in capsys.readouterr().out


def test_a_folder_within_that_of_the_images_is_refused(tmp_path):
    words = own_data(tmp_path)
    for within in (tmp_path / "train", tmp_path / "train" / "prepared"):
        with pytest.raises(ArgumentError, match="the folder of the images, which would then hold a link to itself"):
            prepare_coco([f"out={within}", *words])
        assert not (within / "labels").exists()

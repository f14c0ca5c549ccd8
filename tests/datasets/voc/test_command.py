"""`yolo prepare voc`: what Ultralytics reads of its folder, what is said, and what is refused."""

from pathlib import Path

import pytest
import yaml
from ultralytics.data.utils import check_det_dataset

from tests.datasets.coco.assertions import contents
from tests.datasets.voc.factories import make_object, write_image, write_voc, write_xml
from yolo_feiou.datasets.voc.command import VOC_ARGUMENTS, prepare_voc
from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.yolo.splits import read_split

CAT, DOG = make_object("cat", (10, 5, 30, 15)), make_object("dog", (0, 0, 8, 4))
LISTS = {"train": ["a", "b"], "val": ["c"], "test": ["d"]}


@pytest.fixture
def source(tmp_path):
    """Four images with a cat, a dog, nothing, and both; in splits by list."""
    return write_voc(tmp_path / "voc", {"a": [CAT], "b": [DOG], "c": [CAT, DOG], "d": []}, LISTS)


@pytest.fixture
def words(source, tmp_path):
    return [f"source={source}", f"out={tmp_path / 'made'}", "split=given"]


def refusal(words, kind=ArgumentError):
    with pytest.raises(kind) as told:
        prepare_voc(words)
    assert "\n" not in str(told.value)
    return str(told.value)


def test_ultralytics_reads_what_the_xml_say(words, tmp_path, capsys):
    """From wherever the folder is moved to: the data YAML has no path."""
    prepare_voc(words)
    (tmp_path / "made").rename(tmp_path / "moved")
    data = str(tmp_path / "moved" / "made.yaml")
    assert yaml.safe_load(Path(data).read_text()) == {
        **{name: f"{name}.txt" for name in ("train", "val", "test")},
        "names": {0: "cat", 1: "dog"},
    }
    assert check_det_dataset(data)["path"] == tmp_path / "moved"
    for name, labels in (("train", [("a", [0]), ("b", [1])]), ("val", [("c", [0, 1])]), ("test", [("d", [])])):
        found = read_split(data, name).labels
        assert [(one["im_file"].rpartition("/")[2][0], one["cls"].flatten().tolist()) for one in found] == labels
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "train: 2 images, 0 of them without objects; 2 boxes, 0 of them clipped to the image: cat 1, dog 1"
    assert out[4] == "test: 1 images, 1 of them without objects; 0 boxes, 0 of them clipped to the image: cat 0, dog 0"
    assert out[6].endswith("made.yaml is ready. Next, for example:")
    made = tmp_path / "made" / "made.yaml"
    assert out[7:] == [
        f"    yolo train data={made} model=yolov8n.pt",
        f"    yolo ablate data={made} model=yolov8n.pt losses=ciou,eiou seeds=0,1,2",
    ]


def test_the_same_command_again_does_nothing_and_a_changed_xml_repeats_it(words, source, tmp_path, capsys):
    prepare_voc(words)
    before = contents(tmp_path / "made")
    capsys.readouterr()
    prepare_voc(words)
    assert "There is nothing to do." in capsys.readouterr().out and contents(tmp_path / "made") == before
    write_xml(source / "Annotations", "a", [DOG])
    prepare_voc(words)
    assert (tmp_path / "made" / "labels" / "train" / "a.txt").read_text().startswith("1 ")
    prepare_voc([*words, "classes=dog"])  # fewer files would be left over if any were
    assert yaml.safe_load((tmp_path / "made" / "made.yaml").read_text())["names"] == {0: "dog"}
    assert [path.name for path in tmp_path.iterdir()].count("made") == 1 and len([*tmp_path.iterdir()]) == 2


@pytest.mark.parametrize("mine", ["labels/train/a.txt", "labels/train/z.txt", "notes.txt", "prepared.json"])
def test_what_is_not_its_own_or_changed_since_stays(words, tmp_path, mine):
    prepare_voc(words)
    (tmp_path / "made" / mine).write_text("mine")
    before = contents(tmp_path / "made")
    assert mine in refusal([*words, "difficult=True"]) and mine in refusal(words)
    assert contents(tmp_path / "made") == before


def test_caches_of_ultralytics_are_no_files_of_others(words, tmp_path, capsys):
    """And are gone with the labels that they were made of."""
    prepare_voc(words)
    read_split(str(tmp_path / "made" / "made.yaml"), "train")
    cache = tmp_path / "made" / "labels" / "train.cache"
    cache.write_bytes(b"\x93NUMPY...")
    prepare_voc(words)
    assert "nothing to do" in capsys.readouterr().out
    prepare_voc([*words, "classes=dog"])
    assert not cache.exists()


def test_nothing_is_left_of_a_command_that_fails(words, tmp_path, monkeypatch):
    from yolo_feiou.datasets.voc import prepare

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    prepare_voc(words)
    before = contents(tmp_path)
    monkeypatch.setattr(prepare, "write_split_labels", fail)
    assert "there is no space left" in refusal([*words, "classes=dog"], DataError)
    assert contents(tmp_path) == before
    assert "there is no space left" in refusal([word.replace("made", "other") for word in words], DataError)
    assert contents(tmp_path) == before


def test_splits_by_chance_have_the_shares(source, tmp_path):
    for n in range(16):
        write_xml(source / "Annotations", f"x{n}", [CAT])
        write_image(source / "JPEGImages", f"x{n}.png")
    prepare_voc([f"source={source}", f"out={tmp_path / 'made'}", "val=0.25", "test=0.1"])
    counts = {name: len((tmp_path / "made" / f"{name}.txt").read_text().split()) for name in LISTS}
    assert counts == {"train": 13, "val": 5, "test": 2}


def test_what_is_left_out_is_said(source, tmp_path, capsys):
    write_image(source / "JPEGImages", "e.png")
    write_xml(source / "Annotations", "f")
    write_xml(source / "Annotations", "g", [make_object("dog", (0, 0, 8, 4), 1), make_object("cow", (0, 0, 8, 4))])
    write_image(source / "JPEGImages", "g.png")
    (source / "ImageSets" / "Main" / "train.txt").write_text("a\ng\nf\n")
    words = [f"source={source}", f"out={tmp_path / 'made'}", "split=given", "missing=skip", "classes=dog,cat"]
    prepare_voc(words)
    out = capsys.readouterr().out.splitlines()
    assert out[:4] == [
        "left out: 1 names of the lists in ImageSets/Main, without image or XML",
        "left out: 1 images with an XML that no list has",
        "left out: 1 XML without an image: f.xml",
        "left out: 1 images without an XML: e.png",
    ]
    assert out[4].endswith("dog 0, cat 1")  # in the order of classes=
    assert out[5] == (
        "train: left out: 0 boxes without area in the image, 0 repeated, 1 marked as difficult, "
        "1 of other classes (cow 1)"
    )


def test_sizes_that_are_not_those_of_the_files_are_refused_unless_all_were_resized(source, words, tmp_path, capsys):
    write_xml(source / "Annotations", "a", [CAT], size=(40, 30))
    assert "sizes" in refusal(words, DataError)
    for key, objects in (("a", [CAT]), ("b", [DOG]), ("c", [CAT, DOG]), ("d", [])):
        write_image(source / "JPEGImages", f"{key}.png", (80, 40))
        write_xml(source / "Annotations", key, objects, size=None if key == "d" else (40, 20))
    prepare_voc(words)
    assert "labels are shares of the image and stay right" in capsys.readouterr().out
    assert (tmp_path / "made" / "labels" / "train" / "a.txt").read_text() == "0 0.5 0.5 0.5 0.5\n"


@pytest.mark.parametrize(
    ("more", "kind", "message"),
    [
        (["classes=cta"], ArgumentError, "no object is of the class 'cta': did you mean 'cat'? There are cat, dog."),
        (["classes=cat,cat"], ArgumentError, "classes=cat,cat names a class twice"),
        (["seed=1"], ArgumentError, "seed= is for split=random"),
        (["val=2"], ArgumentError, "val=2 is not a number from 0 to 1"),
        (["sorce=x"], ArgumentError, "did you mean 'source'?"),
    ],
)
def test_a_mistake_is_said_and_nothing_is_written(words, tmp_path, more, kind, message):
    assert message in refusal([*words, *more], kind)
    assert not (tmp_path / "made").exists()


def test_what_must_be_given_and_where_it_may_go(source, tmp_path):
    assert "give source=FOLDER" in refusal(["out=x"])
    assert "give out=FOLDER" in refusal([f"source={source}"])
    for out in (source, source / "JPEGImages" / "made"):
        assert "is a folder of the source" in refusal([f"source={source}", f"out={out}"])
    (tmp_path / "file").write_text("x")
    assert "is not a folder" in refusal([f"source={source}", f"out={tmp_path / 'file'}"])


def test_help_has_a_line_for_each_argument(capsys):
    for words in ([], ["--help"]):
        prepare_voc(words)
        out = capsys.readouterr().out
        assert out.startswith("yolo prepare voc ") and all(f"\n    {one.name}=" in out for one in VOC_ARGUMENTS)


def test_images_that_cant_be_read_are_named(source, words):
    (source / "JPEGImages" / "b.png").write_text("no image")
    assert "1 of 4 images can't be read: b.png" in refusal(words, DataError)


def test_xml_without_any_object_are_refused(tmp_path):
    source = write_voc(tmp_path / "voc", {"a": [], "b": []})
    assert "no XML has an object" in refusal([f"source={source}", f"out={tmp_path / 'made'}"], DataError)
    assert not (tmp_path / "made").exists()

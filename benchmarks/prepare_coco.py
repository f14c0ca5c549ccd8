"""Labels for a JSON of the size of COCO 2017's: ours against Ultralytics' own converter, with equal bytes.

    python benchmarks/prepare_coco.py [scale [rounds]]      prints a table, writes benchmarks/prepare_coco.csv

118,287 images with 860,001 annotations of 80 classes, all synthetic and seeded, with polygons: 450 MB as the real file
has. All run in turn, each in a process of its own with nothing but the JSON, and with six digits the files are compared
byte for byte. Times are medians of the rounds. Most of the writing is the disk's, and varies with it: the CSV was made
with TMPDIR=/dev/shm, in memory; on the busy disk of that machine ours took 12 to 23 s, and convert_coco 61.

`memory_ratio` is what the process grew by at its peak beyond what its imports take, in sizes of the JSON. What each
worker grew by counts in full, though most of it is shared, and so do the pages of the JSON itself, which is mapped: the
system can drop them. The rest grows with the annotations, not with their polygons, by 140 bytes each: for a view of
the text while it is read, in columns, and these sorted beside themselves in turn. A file of 10 GB like COCO's (520
bytes an annotation, 19 million of them) takes its 10 GB, which can be dropped, and 2.7 GB, which can't; one of 10 GB
with boxes only (150 bytes an annotation, 66 million), as in the last row, 9.3 GB. Two times the size of the JSON is
reached at 140 bytes an annotation, three times at 70, shorter than any annotation with its five fields.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import numpy as np
import ultralytics
from timing import save

IMAGES, ANNOTATIONS, CLASSES = 118_287, 860_001, 80
WIDTH, HEIGHT = 640, 480
POINTS = 20  # of a polygon on average, with which the file has the size of COCO's


def make_up(path: Path, images: int, annotations: int, polygons: bool, seed: int = 0) -> None:
    """Write a JSON, annotation by annotation; no box reaches beyond its image."""
    rng = np.random.default_rng(seed)
    with path.open("w") as file:
        file.write('{"info": {"year": 2017}, "images": [')
        for number in range(images):
            record = {
                "license": 3,
                "file_name": f"{number:012}.jpg",
                "coco_url": f"http://example.org/{number:012}.jpg",
            }
            record |= {"height": HEIGHT, "width": WIDTH, "date_captured": "2013-11-14 11:18:45", "id": number}
            file.write(f"{', ' if number else ''}{json.dumps(record)}")
        file.write('], "annotations": [')
        for start in range(0, annotations, 10_000):
            count = min(10_000, annotations - start)
            low = rng.uniform(0, 300, (count, 2)).round(2)
            sides = rng.uniform(1, 170, (count, 2)).round(2)
            image, kind = rng.integers(0, images, count), rng.integers(1, CLASSES + 1, count)
            crowds, lengths = rng.random(count) < 0.01, rng.poisson(POINTS, count) + 3
            points = rng.uniform(0, 470, (lengths.sum(), 2)).round(2)
            ends = np.cumsum(lengths)
            for i in range(count):
                record = {"segmentation": [points[ends[i] - lengths[i] : ends[i]].ravel().tolist()]} if polygons else {}
                record |= {"area": round(float(sides[i].prod()), 4), "iscrowd": int(crowds[i])}
                record |= {"image_id": int(image[i]), "bbox": [*low[i].tolist(), *sides[i].tolist()]}
                record |= {"category_id": int(kind[i]), "id": start + i + 1}
                file.write(f"{', ' if start + i else ''}{json.dumps(record)}")
        categories = [{"supercategory": "x", "id": n, "name": f"class {n}"} for n in range(1, CLASSES + 1)]
        file.write(f'], "categories": {json.dumps(categories)}}}')


def ours(path: Path, out: Path, digits: int) -> dict[str, float]:
    """Run the steps of this package; returns seconds, and bytes beyond those of the imports."""
    from yolo_feiou.datasets.coco.annotations import read_coco_columns
    from yolo_feiou.datasets.coco.convert import write_labels

    before = peak()
    began = time.perf_counter()
    columns = read_coco_columns(path)
    read = time.perf_counter()
    reading = peak() - before
    write_labels(columns, out, digits=digits)
    done = time.perf_counter()
    workers = max(0, peak(resource.RUSAGE_CHILDREN) - before) * (os.cpu_count() or 1)
    grown = max(reading, peak() - before + workers)
    return {"read": read - began, "write": done - read, "seconds": done - began, "grown": grown}


def stock(path: Path, out: Path) -> dict[str, float]:
    """Run Ultralytics' converter; its classes are those of COCO, less one."""
    from ultralytics.data.converter import convert_coco

    before = peak()
    began = time.perf_counter()
    convert_coco(str(path.parent), str(out), cls91to80=False)
    return {"seconds": time.perf_counter() - began, "grown": peak() - before}


def peak(who: int = resource.RUSAGE_SELF) -> int:
    """Return the largest memory that a process has held, in bytes."""
    return resource.getrusage(who).ru_maxrss * 1024


def fresh(*args: object) -> dict[str, float]:
    """Call one of the functions above in a process of its own."""
    line = [sys.executable, __file__, "--run", *map(str, args)]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def middle(results: list[dict[str, float]]) -> dict[str, float]:
    """Return the median of each figure."""
    return {key: statistics.median(result[key] for result in results) for key in results[0]}


def compare(one: Path, other: Path) -> int:
    """Return how many files the folders have in common; all of those in `other`, and with the same bytes."""
    names = [path.name for path in other.iterdir()]
    assert all((one / name).read_bytes() == (other / name).read_bytes() for name in names), "the labels differ"
    return len(names)


def main() -> None:
    """Make the JSON, run both, compare what they wrote, print the times and save them."""
    scale = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    images, annotations = round(IMAGES * scale), round(ANNOTATIONS * scale)
    rows: list[dict[str, object]] = []

    def add(what: str, path: Path, result: dict[str, float], ratio: float | None = None) -> None:
        size = path.stat().st_size
        rows.append(
            {
                "what": what,
                "images": images,
                "annotations": annotations,
                "json_MB": f"{size / 1e6:.1f}",
                "read_seconds": f"{result['read']:.2f}" if "read" in result else "",
                "write_seconds": f"{result['write']:.2f}" if "write" in result else "",
                "seconds": f"{result['seconds']:.2f}",
                "times_faster": f"{ratio:.1f}" if ratio else "",
                "memory_ratio": f"{result['grown'] / size:.2f}",
                "bytes_per_annotation": f"{result['grown'] / annotations:.0f}",
                "cores": os.cpu_count(),
                "ultralytics": ultralytics.__version__,
                "msgspec": msgspec.__version__,
                "numpy": np.__version__,
            }
        )
        print(*rows[-1].values(), sep="  ")

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "json" / "instances_train2017.json"
        path.parent.mkdir()
        make_up(path, images, annotations, polygons=True)
        results: dict[str, list[dict[str, float]]] = {"stock": [], "six": [], "nine": []}
        for _ in range(rounds):
            results["stock"].append(fresh("stock", path, folder / "stock"))
            results["six"].append(fresh("ours", path, folder / "six", 6))
            same = compare(folder / "six", folder / "stock" / "labels" / "train2017")
            results["nine"].append(fresh("ours", path, folder / "nine", 9))
            for out in ("stock", "six", "nine"):
                shutil.rmtree(folder / out)
        theirs, six, nine = map(middle, results.values())
        add("convert_coco", path, theirs)
        add(f"ours, 6 digits: {same} files as convert_coco's", path, six, theirs["seconds"] / six["seconds"])
        add("ours, 9 digits, as prepared", path, nine, theirs["seconds"] / nine["seconds"])
        path.unlink()
        path = path.with_name("boxes.json")
        make_up(path, images, annotations, polygons=False)
        add("ours, a JSON with boxes only", path, fresh("ours", path, folder / "boxes", 9))
    save(rows, "prepare_coco")


if __name__ == "__main__":
    if "--run" in sys.argv:
        which, path, out, *rest = sys.argv[2:]
        result = ours(Path(path), Path(out), int(rest[0])) if which == "ours" else stock(Path(path), Path(out))
        print(json.dumps(result))
    else:
        main()

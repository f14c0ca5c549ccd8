"""Measure what an install fetches for `make demo` and for `make test`: docs/install.csv, a row for each package.

    python scripts/measure_install.py [out=FILE]     minutes; nothing is installed, but an older pip (< 23.3) downloads

Sizes are those of the files that pip chooses for this Python and machine, as the index or the disk has them.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from urllib.parse import unquote, urlparse
from urllib.request import Request, urlopen

from yolo_feiou.errors import exit_on_error
from yolo_feiou.parameters import Text, read_arguments
from yolo_feiou.storage.tables import Row, write_csv

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs" / "install.csv"
#: What `make demo` installs, and what `make test` adds.
STEPS = {"demo": ".", "test": ".[dev]"}


def list_files(what: str) -> dict[str, tuple[str, str]]:
    """Return the packages that pip would fetch for a requirement in an empty environment: version and URL, by name."""
    dry = ["install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-", what]
    process = subprocess.run([sys.executable, "-m", "pip", *dry], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    found = {}
    for one in json.loads(process.stdout)["install"]:
        if "dir_info" not in one["download_info"]:  # this checkout
            found[one["metadata"]["name"]] = (one["metadata"]["version"], one["download_info"]["url"])
    return found


def read_size(url: str) -> int:
    """Return the size of a file in bytes, on disk or as its server has it."""
    if url.startswith("file:"):
        return Path(unquote(urlparse(url).path)).stat().st_size
    with urlopen(Request(url, method="HEAD"), timeout=60) as answer:
        return int(answer.headers["Content-Length"])


def is_cuda(name: str) -> bool:
    """Return whether torch's builds without CUDA do without a package."""
    return (name.startswith(("nvidia-", "cuda-")) and name != "nvidia-ml-py") or name == "triton"


def measure() -> list[Row]:
    """Return a row for each package, those of the first step first."""
    steps: dict[str, dict[str, tuple[str, str]]] = {step: list_files(what) for step, what in STEPS.items()}
    of = {name: step for step in reversed(STEPS) for name in steps[step]}
    files = {**steps["test"], **steps["demo"]}
    with ThreadPoolExecutor(8) as pool:
        sizes = dict(zip(files, pool.map(read_size, [url for _, url in files.values()]), strict=True))
    about = {"measured": date.today().isoformat(), "python": platform.python_version(), "machine": find_machine()}
    return [
        {"step": of[name], "package": name, "version": files[name][0], "bytes": sizes[name], "cuda": is_cuda(name)}
        | about
        for name in sorted(files, key=lambda name: (of[name], name.lower()))
    ]


def find_machine() -> str:
    """Return system and processor."""
    return f"{platform.system()} {platform.machine()}"


def main(args: Sequence[str]) -> None:
    """Measure, and write the table."""
    given = read_arguments(Path(__file__).name, args, (Text("out", str(TABLE), "a CSV for the results"),))
    rows = measure()
    write_csv(Path(given.get("out", TABLE)), rows)
    for step in STEPS:
        own = [row for row in rows if row["step"] == step]
        cuda = sum(row["bytes"] for row in own if row["cuda"])
        print(f"{step}: {len(own)} packages, {sum(row['bytes'] for row in own) / 1e9:.2f} GB, CUDA's {cuda / 1e9:.2f}")


if __name__ == "__main__":
    with exit_on_error():
        main(sys.argv[1:])

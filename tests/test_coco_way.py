"""The commands of docs/coco.md, from the JSON to the table, on a few of COCO's images."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runs import SHARED_DATA

ROOT, BIN = Path(__file__).parents[1], Path(sys.executable).parent
FEW = "cfg=coco/1x.yaml model=yolov8n.yaml imgsz=64 batch=16 epochs=2"  # as the page says


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED_DATA / "coco_tiny").is_dir(), reason="the real images don't lie beside this checkout")
def test_five_commands_lead_to_a_table(tmp_path):
    page = (ROOT / "docs" / "coco.md").read_text(encoding="utf-8")
    section = page[page.index("## From the data to a table") :]
    lines = re.search(r"```bash\n(.*?)```", section, re.DOTALL)[1].splitlines()
    assert len(lines) == 5 and lines[0] == "pip install ."
    assert FEW in " ".join(section.split())
    script = "\n".join(lines[1:]).replace("out=datasets", f"source={SHARED_DATA / 'coco_tiny'} out=datasets")
    script = script.replace("loss=$loss", f"loss=$loss {FEW}")
    environment = {**os.environ, "PATH": f"{ROOT / 'scripts'}:{BIN}:{os.environ['PATH']}", "PROCESSES": "2"}
    how = {"cwd": tmp_path, "env": environment, "capture_output": True, "text": True, "timeout": 400, "check": False}
    done = subprocess.run(["bash", "-euc", script], **how)
    assert done.returncode == 0, done.stderr[-3000:]
    header, first, *_ = done.stdout[done.stdout.index("\nrun ") :].strip().splitlines()
    assert header.split() == ["run", "loss", "AP", "AP50", "AP75", "AP_S", "AP_M", "AP_L"]
    assert re.fullmatch(r"ciou +ciou( +[\d.]+){6}", first)
    assert "instances_val2017.json" in done.stdout and "faster-coco-eval" in done.stdout
    assert re.search(r"^ciou +baseline +[\d.]+", done.stdout, re.MULTILINE)
    for loss in ("ciou", "focal_eiou"):
        assert f"`loss={loss}`" in (tmp_path / "runs" / "coco" / loss / "weights" / "model_card.md").read_text()
    assert (tmp_path / "runs" / "coco" / "report" / "index.html").is_file()

"""What 'yolo prepare' advises to do next can be typed as it stands."""

import shlex
from pathlib import Path

from yolo_feiou.datasets.next_commands import list_next_commands


def test_a_fine_tune_and_a_comparison_are_advised():
    """Words that a shell would split are quoted, and both commands are of the same data and weights."""
    train, ablate = map(shlex.split, list_next_commands(Path("my data", "mine.yaml")))
    assert train == ["yolo", "train", f"data={Path('my data', 'mine.yaml')}", "model=yolov8n.pt"]
    assert ablate == ["yolo", "ablate", *train[2:], "losses=ciou,eiou", "seeds=0,1,2"]

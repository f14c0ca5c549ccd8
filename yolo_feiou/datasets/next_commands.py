"""What to do with a data set of one's own once it is prepared."""

from __future__ import annotations

from pathlib import Path

from yolo_feiou.escape import quote_command


def list_next_commands(yaml: Path) -> list[str]:
    """Return the commands that a user may begin with: a fine-tune, and a comparison of losses.

    Args:
        yaml: The data YAML.
    """
    words = [f"data={yaml}", "model=yolov8n.pt"]
    return [
        quote_command(["yolo", "train", *words]),
        quote_command(["yolo", "ablate", *words, "losses=ciou,eiou", "seeds=0,1,2"]),
    ]

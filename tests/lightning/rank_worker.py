"""A training as each process of torchrun runs it: the arguments of `complete_arguments` and a folder, as JSON."""

import json
import sys
from pathlib import Path

from yolo_feiou.distributed.launch import read_launch
from yolo_feiou.lightning.arguments import complete_arguments
from yolo_feiou.lightning.place import find_place
from yolo_feiou.lightning.training import train


def main():
    told = json.loads(sys.argv[1])
    place = find_place(told["arguments"]["device"], read_launch())
    train(complete_arguments(told["arguments"]), Path(told["folder"]), place, resume=told.get("resume", False))


if __name__ == "__main__":
    main()

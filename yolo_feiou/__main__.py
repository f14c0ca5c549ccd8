"""`python -m yolo_feiou`: the command, whichever `yolo` the shell finds."""

from yolo_feiou.cli import main

if __name__ == "__main__":
    main()

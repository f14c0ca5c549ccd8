"""Training in several processes, on one node or many, started by torchrun.

`launch.py` reads what torchrun says of this process, `group.py` joins the processes, and `resume.py` finds a run that
was cut off. The trainer's part is in `yolo/distributed.py`.
"""

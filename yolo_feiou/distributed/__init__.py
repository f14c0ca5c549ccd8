"""Training in several processes, on one machine or many, started by torchrun.

`launch.py` reads what torchrun says of this process, `group.py` joins the processes, `resume.py` finds a run that
was cut off, and `ranks.py` is the trainer's part.
"""

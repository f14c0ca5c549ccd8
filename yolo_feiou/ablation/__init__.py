"""A grid of trainings that compare box losses, each in a process and a folder of its own.

`grid.py` makes the runs, `store.py` knows their folders, `worker.py` is the process that trains and evaluates one,
`local.py` and `on_ray.py` start such processes, `runner.py` sees to it that all are done, `collect.py` gathers what
they leave into CSV files for the report. `command.py` is `yolo ablate`.

Which run is next, `schedule.py` says: of a fixed grid, or where seeds are added until comparisons are answered. For
that `design.py` has what is decided before, `sequential.py` the rules, `race.py` who is beaten, `answers.py` what is
told.
"""

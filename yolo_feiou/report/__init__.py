"""From the CSV files of an ablation to statistics, tables, pictures and one page.

`files.py` reads them, `variants.py` sorts runs that differ only by their seed, `statistics.py` is the mathematics,
`comparison.py` judges variants against a baseline, `comparable.py` says what stands against comparing them. `tables.py`
and `layout.py` write tables, `series.py` has the numbers that pictures show, `page.py` is the page, and `command.py`
`yolo report`.
"""

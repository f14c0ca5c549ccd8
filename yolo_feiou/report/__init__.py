"""From the CSV files of an ablation to statistics, tables, pictures and one page.

`read.py` reads them, `variants.py` takes runs together that differ only by their seed, `baseline.py` says what they are
compared with, `statistics.py` is the mathematics, `comparison.py` gives the results, `warnings.py` says what stands
against comparing. From that, `tables.py`, `published.py` (the paper's) and `listings.py` make tables, which `render.py`
writes; `series.py` and `epochs.py` have the numbers of the pictures in `pictures.py`; `captions.py` and `format.py` put
things into words. `page.py` is the page, `result.py` is `yolo_feiou.compare`, `command.py` is `yolo report`.
"""

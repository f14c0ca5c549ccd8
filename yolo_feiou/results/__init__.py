"""The results of runs as files: what a row says, what a run was made by, and the tables in a folder of results.

`schema.py` owns the columns of a row, `row.py` makes the row of a run, `tables.py` writes the rows of many, `read.py`
reads them, and `derived.py` keeps tables that were edited by hand; `file_names.py` has their names. `epochs.py` reads
Ultralytics' results.csv. `provenance.py` and `run_record.py` say what a run was made by, `settings.py` what it was
asked for, `fingerprints.py` what the files in its arguments held; `arguments.py` has the arguments that need care.

No framework is imported here: its defaults and its way to find a file are arguments.
"""

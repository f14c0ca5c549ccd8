"""The results of runs as files: what a row says, what a run was made by, and the tables in a folder of results.

`arguments.py` names the training arguments that need care, `settings.py` is what one training was asked for;
`provenance.py` and `run_record.py` say what a run was made by; `epochs.py` reads Ultralytics' results.csv, `row.py`
makes the row of a run, `tables.py` writes the rows of many, `derived.py` keeps tables that were edited by hand.

No framework is imported here: its defaults and its way to find a file are arguments.
"""

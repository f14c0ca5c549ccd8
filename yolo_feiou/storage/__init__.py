"""Files: tables and JSON written whole or not at all, locks, checksums, and what spreadsheets make of a CSV.

`tables.py` reads and writes, `checkpoint_reader.py` reads what a checkpoint says without running its code,
`own_files.py` keeps files of the user's from being overwritten.
"""

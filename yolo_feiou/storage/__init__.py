"""Files: CSV and JSON written atomically, locks, checksums, and CSV as spreadsheets save it."""

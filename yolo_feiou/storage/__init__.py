"""Files: tables and JSON written whole or not at all, locks, checksums, and what spreadsheets make of a CSV."""

"""The steps that lead to the schema in `tables.py`; a released step is never edited."""

"""The steps by which the tables came to be what `tables.py` says; a step that was released is never edited."""

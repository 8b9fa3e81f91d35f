"""The cost of desk-sync, compared with the usual way of doing it. README.md describes the method."""

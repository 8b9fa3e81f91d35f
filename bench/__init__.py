"""What desk-sync costs, beside the usual way of doing it. README.md says how it is measured."""

"""The ticket as Desk shows it, the events about it, and the values and comments that we write to it."""

"""`desk-sync explain`: the state of one ticket, with its reasons."""

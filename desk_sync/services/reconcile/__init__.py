"""One look at one ticket: read it, decide, write what differs, record what was done."""

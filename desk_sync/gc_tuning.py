"""Python's collector of cycles: we leave few, and the start makes much that stays."""

from __future__ import annotations

import gc


def spare() -> None:
    """Look seldom: with Python's thresholds a sixth of a start, and a seventh of the receiver's time, went to it."""
    gc.set_threshold(20_000, 20, 20)


def keep() -> None:
    """What is there now stays: never look at it again."""
    gc.collect()
    gc.freeze()

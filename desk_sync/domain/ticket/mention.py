"""Mentions of agents in comments, by which Desk notifies them."""

from __future__ import annotations

import re

_MENTION = re.compile(r"(zsu)\[", re.IGNORECASE)


def mention(zuid: str) -> str:
    """Return the text by which Desk notifies the agent of a comment."""
    return f"zsu[@user:{zuid}]zsu"


def without_mentions(text: str) -> str:
    """Return a text of others in which Desk finds no mention."""
    return _MENTION.sub(r"\1(", text)

"""What is remembered of a ticket that ended long ago, so that a look after a reopening goes on and repeats nothing.

Kept are the values that we wrote and those of persons (L7), the history and the promise of the clocks (L9), the alarms
that were suppressed, the ladder, every level that was raised, every trigger that is known, and the evidence. Forgotten
is which parts of the conversation were read: a look after a reopening reads them again, and finds what it knows.
"""

from __future__ import annotations

from dataclasses import replace

from desk_sync.domain.commitment.seen_items import NEVER_READ
from desk_sync.domain.plan.memory import Memory


def reopenable(memory: Memory) -> Memory:
    """Return the memory without what a look after a reopening can read anew."""
    return replace(
        memory,
        clocks=replace(memory.clocks, threads_seen=NEVER_READ, comments_seen=NEVER_READ),
        evidence=replace(memory.evidence, mails_read=(), unread=()),
    )

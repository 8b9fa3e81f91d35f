"""What is remembered of a ticket that ended long ago."""

from __future__ import annotations

from dataclasses import replace

from desk_sync.domain.account.identity import IdentifierKind
from desk_sync.domain.commitment.seen_items import NEVER_READ, SeenItems, SeenState
from desk_sync.domain.escalation.escalate import EscalationState
from desk_sync.domain.plan.memory import AppliedValue, Override
from desk_sync.domain.plan.retention import reopenable
from tests.support.makers import NOW, make_evidence
from tests.support.plan_scenes import BOX, LARGE_BASIS, SEVERITY, known_clocks

SEEN = SeenItems(read_at=NOW, states={"1": SeenState.PUBLIC})
MEMORY = known_clocks(
    "0h s1, 1h reply, 2h solved",
    threads_seen=SEEN,
    comments_seen=SEEN,
    threads_counted=3,
    comments_counted=2,
    suppressed=frozenset({"resolution:1:breached"}),
    applied={SEVERITY: AppliedValue(value="S1-Critical", before=None, basis=LARGE_BASIS)},
    overrides={BOX: Override(value=False, basis=LARGE_BASIS)},
    state=EscalationState(known=frozenset({"acknowledgement:1"})),
    from_threads=(make_evidence("admin@large.example", IdentifierKind.EMAIL),),
    threads_read=3,
    mails_read=("1", "2"),
    unread=("one mail is too large",),
    written_digest="left",
)


def test_which_parts_of_the_conversation_were_read_is_forgotten():
    small = reopenable(MEMORY)

    assert (small.clocks.threads_seen, small.clocks.comments_seen) == (NEVER_READ, NEVER_READ)
    assert (small.evidence.mails_read, small.evidence.unread) == ((), ())


def test_all_else_is_kept():
    """Values, history and promise, suppressed alarms, levels and triggers, evidence, counts, and our last state."""
    small = reopenable(MEMORY)

    clocks = replace(small.clocks, threads_seen=SEEN, comments_seen=SEEN)
    evidence = replace(small.evidence, mails_read=("1", "2"), unread=MEMORY.evidence.unread)
    assert replace(small, clocks=clocks, evidence=evidence) == MEMORY


def test_it_cannot_become_smaller():
    assert reopenable(reopenable(MEMORY)) == reopenable(MEMORY)

"""Histories of tickets, written by hand, with the state of every clock that follows.

Each history is also read with its events shuffled and doubled. A ticket is created on Monday at 00:00; business time is
the time since then up to Friday 24:00, 120h, and goes on at 168h. `s1` counts acknowledgement 1h/3h and determination
2h/8h, `s2` 6h/12h and 24h/48h, `s3` 16h/24h and 48h/72h. The lines are those of `clock_scenes.describe`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import pytest

from desk_sync.domain.commitment.history import History
from desk_sync.domain.commitment.promise import (
    CountFrom,
    DeterminationRule,
    FirstRound,
    Promise,
    PromiseScope,
    ReopenedRule,
    TicketKinds,
)
from desk_sync.domain.commitment.read_clocks import ClockBasis, read_clocks
from tests.support.clock_scenes import DET, LARGE, MONDAY, PROMISE, TERMS, after, describe, events, under

ANYTHING = ClockBasis()


@dataclass(frozen=True)
class Life:
    """The events, the instant of reading, and the expected clocks; with the promise and the facts about the ticket."""

    why: str
    happened: str
    now: str
    clocks: str
    promise: Promise = PROMISE
    about: ClockBasis = ANYTHING

    @property
    def expected(self) -> list[str]:
        return [line.strip() for line in self.clocks.strip().splitlines()]


NO_CLOCKS = ""
ANSWERED = "0h s1, 30m reply, 1h reply"
BOTH_MET = """
A met 0h>30m used 30m due 1h/3h
D met 0h>1h used 1h due 2h/8h
"""
LOGIN = ClockBasis(issue_type="login")
NEW_ROUND, RESTART = under(reopened=ReopenedRule.NEW_ROUND), under(reopened=ReopenedRule.RESTART)
FROM_CHANGE = under(severity_changed=CountFrom.CHANGE)
FROM_DETECTION = under(found_large_late=CountFrom.CHANGE)
LATE = replace(LARGE, large_since=MONDAY + after("5h"))
FEATURE = ClockBasis(issue_type="feature_request")
INVOICE = ClockBasis(request_type="INVOICE_CHANGES")

LIVES = [
    # Acknowledgement.
    Life(
        "no reply yet",
        "0h s1",
        "30m",
        """
        A running 0h> used 30m due 1h/3h
        D running 0h> used 30m due 2h/8h
        """,
    ),
    Life(
        "the target passes",
        "0h s1",
        "1h",
        """
        A running 0h> used 1h due 1h/3h at risk
        D running 0h> used 1h due 2h/8h
        """,
    ),
    Life(
        "the commitment passes",
        "0h s1",
        "3h",
        """
        A breached 0h> used 3h due 1h/3h
        D running 0h> used 3h due 2h/8h at risk
        """,
    ),
    Life(
        "the first reply acknowledges",
        "0h s1, 30m reply",
        "2h",
        """
        A met 0h>30m used 30m due 1h/3h
        D running 0h> used 2h due 2h/8h at risk
        """,
    ),
    Life(
        "what is met late stays breached",
        "0h s1, 4h reply",
        "5h",
        """
        A breached 0h>4h used 4h due 1h/3h
        D running 0h> used 5h due 2h/8h at risk
        """,
    ),
    Life(
        "a reply at the instant of the breach is late",
        "0h s1, 3h reply",
        "3h",
        """
        A breached 0h>3h used 3h due 1h/3h
        D running 0h> used 3h due 2h/8h at risk
        """,
    ),
    Life(
        "later events do not count yet",
        "0h s1, 2h reply, 3h solved",
        "1h",
        """
        A running 0h> used 1h due 1h/3h at risk
        D running 0h> used 1h due 2h/8h
        """,
    ),
    # Determination in rounds.
    Life("the second reply meets round 1", ANSWERED, "2h", BOTH_MET),
    Life(
        "a message while a round is open starts no other",
        "0h s1, 10m message, 20m message, 30m reply, 40m message, 1h reply",
        "2h",
        BOTH_MET,
    ),
    Life(
        "the first unanswered message starts the next round, and the next reply meets it",
        f"{ANSWERED}, 5h message, 6h message, 7h reply",
        "9h",
        f"""{BOTH_MET.strip()}
        D2 met 5h>7h used 2h due 7h/13h
        """,
    ),
    Life(
        "a reply without a message before it changes nothing",
        f"{ANSWERED}, 2h reply, 3h reply",
        "9h",
        BOTH_MET,
    ),
    Life(
        "a message and the reply to it at one instant",
        f"{ANSWERED}, 5h message, 5h reply",
        "9h",
        f"""{BOTH_MET.strip()}
        D2 met 5h>5h used 0h due 7h/13h
        """,
    ),
    Life(
        "a later round is breached",
        f"{ANSWERED}, 5h message",
        "14h",
        f"""{BOTH_MET.strip()}
        D2 breached 5h> used 9h due 7h/13h
        """,
    ),
    Life(
        "a third round",
        f"{ANSWERED}, 5h message, 6h reply, 8h message",
        "9h",
        f"""{BOTH_MET.strip()}
        D2 met 5h>6h used 1h due 7h/13h
        D3 running 8h> used 1h due 10h/16h
        """,
    ),
    Life(
        "one deadline from the creation, by setting",
        f"{ANSWERED}, 5h message",
        "14h",
        BOTH_MET,
        promise=under(determination=DeterminationRule.ONCE),
    ),
    Life(
        "round 1 is met by the first reply, by setting",
        "0h s1, 30m reply, 5h message",
        "6h",
        """
        A met 0h>30m used 30m due 1h/3h
        D met 0h>30m used 30m due 2h/8h
        D2 running 5h> used 1h due 7h/13h
        """,
        promise=under(first_round=FirstRound.FIRST_REPLY),
    ),
    # Solved.
    Life(
        "solved ends a round",
        "0h s1, 30m reply, 2h solved",
        "4h",
        """
        A met 0h>30m used 30m due 1h/3h
        D met 0h>2h used 2h due 2h/8h
        """,
    ),
    Life(
        "solved ends a round that was late already",
        "0h s1, 30m reply, 9h solved",
        "10h",
        """
        A met 0h>30m used 30m due 1h/3h
        D breached 0h>9h used 9h due 2h/8h
        """,
    ),
    Life("a reply that solves", "0h s1, 30m reply, 1h reply, 1h solved", "4h", BOTH_MET),
    Life(
        "closed without a reply, the acknowledgement stays unmet",
        "0h s1, 30m solved",
        "5h",
        """
        A paused 0h> used 30m due -/- paused 4h30m
        D met 0h>30m used 30m due 2h/8h
        """,
    ),
    Life(
        "closed without a reply after the target",
        "0h s1, 1h30m solved",
        "5h",
        """
        A paused 0h> used 1h30m due 1h/- paused 3h30m
        D met 0h>1h30m used 1h30m due 2h/8h
        """,
    ),
    Life(
        "a reply just after closing still acknowledges",
        "0h s1, 30m solved, 31m reply",
        "5h",
        """
        A met 0h>31m used 30m due 1h1m/3h1m paused 1m
        D met 0h>30m used 30m due 2h/8h
        """,
    ),
    Life(
        "a message to a solved ticket waits in a paused round",
        f"{ANSWERED}, 2h solved, 3h message",
        "5h",
        f"""{BOTH_MET.strip()}
        D2 paused 3h> used 0h due -/- paused 2h
        """,
    ),
    # On hold.
    Life(
        "on hold and back",
        "0h s1, 30m paused, 2h open",
        "3h",
        """
        A running 0h> used 1h30m due 2h30m/4h30m paused 1h30m at risk
        D running 0h> used 1h30m due 3h30m/9h30m paused 1h30m
        """,
    ),
    Life(
        "still on hold",
        "0h s1, 30m paused",
        "100h",
        """
        A paused 0h> used 30m due -/- paused 99h30m
        D paused 0h> used 30m due -/- paused 99h30m
        """,
    ),
    Life(
        "on hold after the target",
        "0h s1, 2h paused",
        "10h",
        """
        A paused 0h> used 2h due 1h/- paused 8h
        D paused 0h> used 2h due 2h/- paused 8h
        """,
    ),
    Life(
        "on hold after the breach",
        "0h s1, 4h paused",
        "10h",
        """
        A breached 0h> used 4h due 1h/3h paused 6h
        D paused 0h> used 4h due 2h/- paused 6h
        """,
    ),
    Life(
        "a reply while on hold",
        "0h s1, 30m paused, 50h reply",
        "60h",
        """
        A met 0h>50h used 30m due 50h30m/52h30m paused 49h30m
        D paused 0h> used 30m due -/- paused 59h30m
        """,
    ),
    Life(
        "on hold twice",
        "0h s1, 30m paused, 1h open, 1h30m paused, 2h open",
        "2h",
        """
        A running 0h> used 1h due 1h30m/4h paused 1h at risk
        D running 0h> used 1h due 3h/9h paused 1h
        """,
    ),
    Life(
        "from one status that waits to another",
        "0h s1, 30m paused, 1h paused, 2h open",
        "3h",
        """
        A running 0h> used 1h30m due 2h30m/4h30m paused 1h30m at risk
        D running 0h> used 1h30m due 3h30m/9h30m paused 1h30m
        """,
    ),
    Life(
        "on hold before a round began does not count for it",
        f"{ANSWERED}, 3h paused, 4h open, 5h message",
        "6h",
        f"""{BOTH_MET.strip()}
        D2 running 5h> used 1h due 7h/13h
        """,
    ),
    Life(
        "on hold stops some milestones only, by setting",
        "0h s1, 30m paused",
        "2h",
        """
        A running 0h> used 2h due 1h/3h at risk
        D paused 0h> used 30m due -/- paused 1h30m
        """,
        promise=under(paused=frozenset({DET})),
    ),
    Life(
        "closed from hold",
        "0h s1, 30m paused, 2h solved",
        "5h",
        """
        A paused 0h> used 30m due -/- paused 4h30m
        D met 0h>2h used 30m due 3h30m/9h30m paused 1h30m
        """,
    ),
    Life(
        "closed from hold and reopened",
        "0h s1, 30m paused, 2h solved, 5h open",
        "6h",
        """
        A running 0h> used 1h30m due 5h30m/7h30m paused 4h30m at risk
        D met 0h>2h used 30m due 3h30m/9h30m paused 1h30m
        """,
    ),
    Life(
        "created on hold",
        "0h s1, 0h paused, 10h open",
        "11h",
        """
        A running 0h> used 1h due 11h/13h paused 10h at risk
        D running 0h> used 1h due 12h/18h paused 10h
        """,
    ),
    Life(
        "created closed",
        "0h s1, 0h solved",
        "11h",
        """
        A paused 0h> used 0h due -/- paused 11h
        D paused 0h> used 0h due -/- paused 11h
        """,
    ),
    Life(
        "created closed and opened is no reopening",
        "0h s1, 0h solved, 10h open",
        "11h",
        """
        A running 0h> used 1h due 11h/13h paused 10h at risk
        D running 0h> used 1h due 12h/18h paused 10h
        """,
        promise=NEW_ROUND,
    ),
    # Reopened.
    Life(
        "reopened without a message: what was met stays met",
        f"{ANSWERED}, 2h solved, 10h open",
        "11h",
        BOTH_MET,
    ),
    Life(
        "reopened by a message",
        f"{ANSWERED}, 2h solved, 10h message, 11h open, 12h reply",
        "13h",
        f"""{BOTH_MET.strip()}
        D2 met 10h>12h used 1h due 13h/19h paused 1h
        """,
    ),
    Life(
        "reopened, counted afresh",
        f"{ANSWERED}, 2h solved, 10h open",
        "11h",
        """
        A running 10h> used 1h due 11h/13h at risk
        D running 10h> used 1h due 12h/18h
        """,
        promise=RESTART,
    ),
    Life(
        "reopened into a new round",
        f"{ANSWERED}, 2h solved, 10h open",
        "11h",
        f"""{BOTH_MET.strip()}
        A2 running 10h> used 1h due 11h/13h at risk
        D2 running 10h> used 1h due 12h/18h
        """,
        promise=NEW_ROUND,
    ),
    Life(
        "reopened into a new round: the message that did it starts none of its own",
        f"{ANSWERED}, 2h solved, 10h message, 11h open, 12h reply",
        "12h30m",
        f"""{BOTH_MET.strip()}
        A2 met 11h>12h used 1h due 12h/14h
        D2 running 11h> used 1h30m due 13h/19h
        """,
        promise=NEW_ROUND,
    ),
    Life(
        "reopened into a new round before any reply",
        "0h s1, 30m solved, 10h open",
        "11h",
        """
        A cancelled 0h> used 30m due -/- paused 9h30m
        D met 0h>30m used 30m due 2h/8h
        A2 running 10h> used 1h due 11h/13h at risk
        D2 running 10h> used 1h due 12h/18h
        """,
        promise=NEW_ROUND,
    ),
    Life(
        "reopened into a new round after a breach, and then trashed",
        "0h s1, 4h solved, 10h open, 11h ended",
        "20h",
        """
        A breached 0h> used 4h due 1h/3h paused 6h
        D met 0h>4h used 4h due 2h/8h
        A2 cancelled 10h> used 1h due 11h/-
        D2 cancelled 10h> used 1h due -/-
        """,
        promise=NEW_ROUND,
    ),
    # Severity.
    Life(
        "without severity it is severity 3",
        "",
        "1h",
        """
        A running 0h> used 1h due 16h/24h
        D running 0h> used 1h due 48h/72h
        """,
    ),
    Life(
        "without severity it is another, by setting",
        "",
        "1h",
        """
        A running 0h> used 1h due 6h/12h
        D running 0h> used 1h due 24h/48h
        """,
        promise=under(without_severity=2),
    ),
    Life("without severity there are no clocks, by setting", "1h reply", "2h", NO_CLOCKS, under(without_severity=None)),
    Life(
        "severity raised counts from the creation",
        "0h s3, 10h s1",
        "10h",
        """
        A breached 0h> used 10h due 1h/3h
        D breached 0h> used 10h due 2h/8h
        """,
    ),
    Life(
        "severity raised: what is met stays met",
        "0h s3, 4h reply, 10h s1",
        "10h",
        """
        A met 0h>4h used 4h due 16h/24h
        D breached 0h> used 10h due 2h/8h
        """,
    ),
    Life(
        "severity lowered",
        "0h s1, 5h s3",
        "5h",
        """
        A running 0h> used 5h due 16h/24h
        D running 0h> used 5h due 48h/72h
        """,
    ),
    Life(
        "severity taken away",
        "0h s1, 2h s0",
        "2h",
        """
        A running 0h> used 2h due 16h/24h
        D running 0h> used 2h due 48h/72h
        """,
    ),
    Life(
        "severity changed: pauses are kept",
        "0h s2, 1h paused, 3h open, 4h s1",
        "4h",
        """
        A running 0h> used 2h due 1h/5h paused 2h at risk
        D running 0h> used 2h due 4h/10h paused 2h at risk
        """,
    ),
    Life(
        "severity raised counts from the change, by setting",
        "0h s3, 10h s1",
        "10h30m",
        """
        A running 10h> used 30m due 11h/13h
        D running 10h> used 30m due 12h/18h
        """,
        promise=FROM_CHANGE,
    ),
    Life(
        "severity set where there was none is no change if it is the same",
        "1h s3",
        "2h",
        """
        A running 0h> used 2h due 16h/24h
        D running 0h> used 2h due 48h/72h
        """,
        promise=FROM_CHANGE,
    ),
    Life(
        "severity changed before a round: it counts from its start",
        "0h s2, 30m reply, 1h reply, 2h s1, 5h message",
        "6h",
        """
        A met 0h>30m used 30m due 6h/12h
        D met 0h>1h used 1h due 24h/48h
        D2 running 5h> used 1h due 7h/13h
        """,
        promise=FROM_CHANGE,
    ),
    # Large accounts.
    Life(
        "found large late counts from the creation",
        "0h s2, 5h s1",
        "5h",
        """
        A breached 0h> used 5h due 1h/3h
        D running 0h> used 5h due 2h/8h at risk
        R running 0h> used 5h due 24h/48h
        """,
        about=LATE,
    ),
    Life(
        "found large late counts from the detection, by setting",
        "0h s2, 5h s1",
        "6h",
        """
        A running 5h> used 1h due 6h/8h at risk
        D running 5h> used 1h due 7h/13h
        R running 5h> used 1h due 29h/53h
        """,
        promise=FROM_DETECTION,
        about=LATE,
    ),
    Life(
        "found large late: what is met stays met",
        "0h s2, 1h reply, 5h s1",
        "6h",
        """
        A met 0h>1h used 1h due 6h/12h
        D running 5h> used 1h due 7h/13h
        R running 5h> used 1h due 29h/53h
        """,
        promise=FROM_DETECTION,
        about=LATE,
    ),
    Life(
        "raised by us: counts from the creation, also where a change by others counts from then",
        "0h s3, 5h s1 us",
        "6h",
        """
        A breached 0h> used 6h due 1h/3h
        D running 0h> used 6h due 2h/8h at risk
        R running 0h> used 6h due 24h/48h
        """,
        promise=FROM_CHANGE,
        about=LATE,
    ),
    Life(
        "raised by us, from the detection by setting",
        "0h s3, 5h s1 us",
        "6h",
        """
        A running 5h> used 1h due 6h/8h at risk
        D running 5h> used 1h due 7h/13h
        R running 5h> used 1h due 29h/53h
        """,
        promise=FROM_DETECTION,
        about=LATE,
    ),
    Life(
        "raised by us and taken back: as if it had never been",
        "0h s3, 1h s1 us, 2h s3 us",
        "3h",
        """
        A running 0h> used 3h due 16h/24h
        D running 0h> used 3h due 48h/72h
        """,
        promise=FROM_CHANGE,
    ),
    Life(
        "raised by us and lowered by a person, which counts from then by setting",
        "0h s3, 1h s1 us, 2h s3",
        "3h",
        """
        A running 2h> used 1h due 18h/26h
        D running 2h> used 1h due 50h/74h
        """,
        promise=FROM_CHANGE,
    ),
    Life(
        "raised by us: what is met stays met",
        "0h s3, 4h reply, 5h s1 us",
        "6h",
        """
        A met 0h>4h used 4h due 16h/24h
        D running 0h> used 6h due 2h/8h at risk
        """,
    ),
    Life(
        "raised at the very instant of a reply: what is met stays met",
        "0h s3, 5h reply, 5h s1 us",
        "6h",
        """
        A met 0h>5h used 5h due 16h/24h
        D running 0h> used 6h due 2h/8h at risk
        """,
    ),
    Life(
        "found large late, but severity 1 before",
        "0h s1",
        "6h",
        """
        A breached 0h> used 6h due 1h/3h
        D running 0h> used 6h due 2h/8h at risk
        R running 5h> used 1h due 29h/53h
        """,
        promise=FROM_DETECTION,
        about=LATE,
    ),
    Life(
        "the resolution is met by solving",
        f"{ANSWERED}, 20h solved",
        "30h",
        f"""{BOTH_MET.strip()}
        R met 0h>20h used 20h due 24h/48h
        """,
        about=LARGE,
    ),
    Life(
        "after the target of the resolution, updates",
        f"{ANSWERED}, 30h reply",
        "33h",
        f"""{BOTH_MET.strip()}
        R running 0h> used 33h due 24h/48h at risk
        U met 24h>30h used 6h due 32h/32h
        U2 running 30h> used 3h due 38h/38h
        """,
        about=LARGE,
    ),
    Life(
        "an update too late",
        f"{ANSWERED}, 35h reply",
        "36h",
        f"""{BOTH_MET.strip()}
        R running 0h> used 36h due 24h/48h at risk
        U breached 24h>35h used 11h due 32h/32h
        U2 running 35h> used 1h due 43h/43h
        """,
        about=LARGE,
    ),
    Life(
        "solving ends the updates",
        f"{ANSWERED}, 30h solved",
        "40h",
        f"""{BOTH_MET.strip()}
        R met 0h>30h used 30h due 24h/48h
        U met 24h>30h used 6h due 32h/32h
        """,
        about=LARGE,
    ),
    Life(
        "a reply to a solved ticket is no update",
        f"{ANSWERED}, 30h solved, 31h reply",
        "40h",
        f"""{BOTH_MET.strip()}
        R met 0h>30h used 30h due 24h/48h
        U met 24h>30h used 6h due 32h/32h
        """,
        about=LARGE,
    ),
    Life(
        "reopened, the resolution goes on and the updates begin again",
        f"{ANSWERED}, 30h solved, 40h open",
        "42h",
        f"""{BOTH_MET.strip()}
        R running 0h> used 32h due 24h/58h paused 10h at risk
        U met 24h>30h used 6h due 32h/32h
        U2 running 40h> used 2h due 48h/48h
        """,
        about=LARGE,
    ),
    Life(
        "the resolution on hold",
        f"{ANSWERED}, 10h paused",
        "100h",
        f"""{BOTH_MET.strip()}
        R paused 0h> used 10h due -/- paused 90h
        """,
        about=LARGE,
    ),
    Life(
        "an update on hold",
        f"{ANSWERED}, 26h paused, 30h open",
        "31h",
        f"""{BOTH_MET.strip()}
        R running 0h> used 27h due 24h/52h paused 4h at risk
        U running 24h> used 3h due 36h/36h paused 4h
        """,
        about=LARGE,
    ),
    Life(
        "the resolution is breached",
        ANSWERED,
        "49h",
        f"""{BOTH_MET.strip()}
        R breached 0h> used 49h due 24h/48h
        U breached 24h> used 25h due 32h/32h
        """,
        about=LARGE,
    ),
    Life(
        "a resolution for everybody, by setting",
        ANSWERED,
        "2h",
        f"""{BOTH_MET.strip()}
        R running 0h> used 2h due 24h/48h
        """,
        promise=under(resolution_for=PromiseScope.EVERYBODY),
    ),
    Life("no resolution, by setting", ANSWERED, "49h", BOTH_MET, under(resolution=None, update=None), LARGE),
    Life(
        "no updates, by setting",
        ANSWERED,
        "30h",
        f"""{BOTH_MET.strip()}
        R running 0h> used 30h due 24h/48h at risk
        """,
        promise=under(update=None),
        about=LARGE,
    ),
    Life(
        "a milestone that is not promised has no clock",
        "0h s1",
        "30m",
        "D running 0h> used 30m due 2h/8h",
        promise=under(windows={1: {DET: TERMS.windows[1][DET]}}),
    ),
    # The end of a ticket, and a move.
    Life(
        "trashed",
        "0h s1, 2h ended",
        "10h",
        """
        A cancelled 0h> used 2h due 1h/-
        D cancelled 0h> used 2h due 2h/-
        """,
    ),
    Life(
        "trashed after a breach: what was met stays met",
        "0h s1, 30m reply, 9h ended",
        "20h",
        """
        A met 0h>30m used 30m due 1h/3h
        D cancelled 0h> used 9h due 2h/8h
        """,
    ),
    Life(
        "trashed and restored",
        "0h s1, 30m ended, 2h open",
        "3h",
        """
        A running 0h> used 1h30m due 2h30m/4h30m paused 1h30m at risk
        D running 0h> used 1h30m due 3h30m/9h30m paused 1h30m
        """,
    ),
    Life(
        "trashed after it was solved",
        f"{ANSWERED}, 20h solved, 30h ended",
        "40h",
        f"""{BOTH_MET.strip()}
        R met 0h>20h used 20h due 24h/48h
        """,
        about=LARGE,
    ),
    Life(
        "solved, trashed and restored is not solved twice",
        f"{ANSWERED}, 20h solved, 30h ended, 35h solved",
        "40h",
        f"""{BOTH_MET.strip()}
        R met 0h>20h used 20h due 24h/48h
        """,
        about=LARGE,
    ),
    Life(
        "a message to a trashed ticket",
        f"{ANSWERED}, 2h ended, 3h message",
        "5h",
        f"""{BOTH_MET.strip()}
        D2 cancelled 3h> used 0h due -/-
        """,
    ),
    Life(
        "moved to another department",
        "0h s1, 30m move",
        "2h",
        """
        A running 0h> used 2h due 1h/3h at risk
        D running 0h> used 2h due 2h/8h at risk
        """,
    ),
    # What the ticket is about.
    Life(
        "exempt",
        "0h s1, 30m reply",
        "100h",
        """
        A exempt 0h> used 0h due -/-
        D exempt 0h> used 0h due -/-
        """,
        about=FEATURE,
    ),
    Life(
        "exempt, of a large account",
        "0h s1",
        "100h",
        """
        A exempt 0h> used 0h due -/-
        D exempt 0h> used 0h due -/-
        R exempt 0h> used 0h due -/-
        """,
        about=replace(LARGE, issue_type="limitation"),
    ),
    Life("exempt, and without severity no clocks", "", "1h", NO_CLOCKS, under(without_severity=None), FEATURE),
    Life("a feature request with clocks, by setting", ANSWERED, "2h", BOTH_MET, under(exempt=TicketKinds()), FEATURE),
    Life(
        "an inferred type never exempts",
        ANSWERED,
        "2h",
        BOTH_MET,
        about=ClockBasis(inferred_issue_type="feature_request"),
    ),
    Life("a commercial request has clocks", ANSWERED, "2h", BOTH_MET, about=INVOICE),
    Life(
        "a commercial request is exempt, by setting",
        "0h s1",
        "2h",
        """
        A exempt 0h> used 0h due -/-
        D exempt 0h> used 0h due -/-
        """,
        promise=under(exempt=TicketKinds(request_types=frozenset({"INVOICE_CHANGES"}))),
        about=INVOICE,
    ),
    # Weekends.
    Life(
        "a weekend does not count",
        f"{ANSWERED}, 119h message",
        "168h",
        f"""{BOTH_MET.strip()}
        D2 running 119h> used 1h due 169h/175h
        """,
    ),
    Life(
        "a login problem counts at weekends",
        f"{ANSWERED}, 119h message",
        "168h",
        f"""{BOTH_MET.strip()}
        D2 breached 119h> used 49h due 121h/127h
        """,
        about=LOGIN,
    ),
    Life(
        "a login problem that was only inferred counts at weekends too",
        f"{ANSWERED}, 119h message",
        "168h",
        f"""{BOTH_MET.strip()}
        D2 breached 119h> used 49h due 121h/127h
        """,
        about=ClockBasis(issue_type="defect", inferred_issue_type="login"),
    ),
    Life(
        "what was only inferred does not count, by setting",
        f"{ANSWERED}, 119h message",
        "168h",
        f"""{BOTH_MET.strip()}
        D2 running 119h> used 1h due 169h/175h
        """,
        promise=under(weekend=replace(TERMS.weekend, inferred=False)),
        about=ClockBasis(inferred_issue_type="login"),
    ),
    Life(
        "the weekend exception is for some severities, by setting",
        "0h s2, 30m reply, 1h reply, 119h message",
        "168h",
        """
        A met 0h>30m used 30m due 6h/12h
        D met 0h>1h used 1h due 24h/48h
        D2 running 119h> used 1h due 191h/215h
        """,
        promise=under(weekend=replace(TERMS.weekend, issue_types=frozenset({"login"}), levels=frozenset({1}))),
        about=LOGIN,
    ),
    Life(
        "on hold over a weekend takes business time away, not days",
        f"{ANSWERED}, 119h message, 119h30m paused, 169h open",
        "170h",
        f"""{BOTH_MET.strip()}
        D2 running 119h> used 1h30m due 170h30m/176h30m paused 1h30m
        """,
    ),
    Life(
        "on hold within a weekend takes nothing away",
        f"{ANSWERED}, 119h message, 121h paused, 167h open",
        "168h",
        f"""{BOTH_MET.strip()}
        D2 running 119h> used 1h due 169h/175h
        """,
    ),
]


def read_life(life: Life, happened) -> list[str]:
    history = History(created_at=MONDAY, events=tuple(happened))
    clocks = read_clocks(history, life.promise, life.about, MONDAY + after(life.now))
    return [describe(clock) for clock in clocks]


@pytest.mark.parametrize("life", [pytest.param(life, id=life.why) for life in LIVES])
def test_every_clock_has_the_state_in_the_table(life):
    assert read_life(life, events(life.happened)) == life.expected


@pytest.mark.parametrize("life", [pytest.param(life, id=life.why) for life in LIVES])
def test_neither_order_nor_repetition_of_events_changes_a_clock(life):
    happened = events(life.happened)
    for seed in range(5):
        shuffled = random.Random(seed).sample(happened * 2, len(happened) * 2)

        assert read_life(life, shuffled) == life.expected

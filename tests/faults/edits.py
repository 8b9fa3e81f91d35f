"""People edit while processes die (L7): a client edits tickets at random during kills, freezes and Desk's faults.

At the end the last edit of each field stands, unless what it was based on changed later: an edit of the box or the
severity is based on the account that the ticket names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from time import monotonic, sleep
from typing import Any

from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.cli.demo_client import API
from desk_sync.domain.account.subscription import Account
from tests.faults.scene import ACCOUNTS, TrialSetup, trial_setup
from tests.faults.strikes import FAULTS
from tests.faults.trials import EXPECTED

NAME = "edits"
TIMEOUT = 240.0
ADDRESS = "cf_customer_primary_email_address"
BOX = "cf_priority_customer_large_user_account"
SEVERITY = "cf_severity"
DECIDED = (BOX, SEVERITY)
"""The fields whose edits are based on the account."""
DESIRED: Mapping[str, Mapping[str, str]] = {
    "PRIORITY": {BOX: "true", SEVERITY: "S1-Critical"},
    "NOT_PRIORITY": {BOX: "false"},
}
WITHIN = 60.0
"""An edit may belong to the next account if that one is named within so many seconds."""
Values = Mapping[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditTrial:
    """The numbers of tickets, workers, saves and strikes; `rate` in saves a second, `latency` in seconds a call."""

    tickets: int = 30
    workers: int = 2
    edits: int = 2000
    rate: float = 8.0
    strikes: tuple[tuple[str, int], ...] = (
        ("child", 150),
        ("worker", 20),
        ("receiver", 20),
        ("beat", 10),
        ("child-frozen", 10),
        ("deliveries", 5),
        ("desk-reset", 5),
        ("desk-drip", 3),
        ("redis-flushed", 5),
    )
    seconds: float = 4.0
    latency: float = 0.05
    on_postgresql: bool = False

    def scaled(self, share: float) -> EditTrial:
        """The same with fewer edits and strikes, at least one of each."""
        strikes = tuple((name, max(1, round(times * share))) for name, times in self.strikes)
        return replace(self, edits=max(1, round(self.edits * share)), strikes=strikes)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonEdit:
    """One save of a person: the values that it changed, and when Desk answered it.

    Desk keeps no trace of a value that was saved as it stood, so that it is no edit.
    """

    at: float
    values: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class EditOutcome:
    """The outcome. `checked` are the fields that had to be as a person left them; `lost` are those that were not.

    `based` had to follow the account that a person named later; `astray` did not.
    """

    trial: EditTrial
    killed: int
    edits: int
    checked: int
    lost: Sequence[str]
    based: int
    astray: Sequence[str]
    doubled: int
    ended: Sequence[str]

    def failures(self) -> Sequence[str]:
        """Return the violations, in words."""
        found = {
            f"lost: {', '.join(self.lost)}": bool(self.lost),
            f"not by the later account: {', '.join(self.astray)}": bool(self.astray),
            "comments twice": bool(self.doubled),
            f"processes ended: {', '.join(self.ended)}": bool(self.ended),
            f"{self.edits} edits of {self.trial.edits}": self.edits < self.trial.edits,
            "no edit had to stand": not self.checked,
            "no process was killed": not self.killed,
        }
        return [what for what, wrong in found.items() if wrong]


def run(trial: EditTrial, folder: Path, *, seed: int) -> EditOutcome:
    """Run the trial in an empty folder; every process has ended when it returns."""
    with trial_setup(
        folder,
        seed=seed,
        on_postgresql=trial.on_postgresql,
        on_small_disk=False,
        concurrency=10,
        latency=trial.latency,
    ) as setup:
        setup.start_workers(trial.workers)
        accounts = _accounts()
        person = EditingPerson(setup=setup, accounts=accounts, random=Random(seed))
        person.open_tickets(trial.tickets)
        setup.wait_until_quiet(TIMEOUT)  # an edit before the first look is not against ours
        with ThreadPoolExecutor(1) as pool:
            editing = pool.submit(person.edit, trial.edits, 1 / trial.rate)
            _strike(setup, trial, until=editing.done)
            editing.result()
        setup.load.ended = monotonic()
        setup.wait_until_quiet(TIMEOUT)
        setup.sweep()
        setup.wait_until_quiet(TIMEOUT)
        return _outcome(trial, setup, person)


def _accounts() -> Sequence[Account]:
    """Return the accounts whose only question is their size, of partners that have large ones and others."""
    known = [each for each in read_accounts(ACCOUNTS).accounts if each.super_admin_email]
    sized = [each for each in known if EXPECTED[each.account_id] in DESIRED]
    verdicts = {each.partner_domain: set[str]() for each in sized}
    for each in sized:
        verdicts[each.partner_domain].add(EXPECTED[each.account_id])
    return [each for each in sized if verdicts[each.partner_domain] == DESIRED.keys()]


def _strike(setup: TrialSetup, trial: EditTrial, *, until: Callable[[], bool]) -> None:
    """Strike in random order, evenly over the time that the edits take."""
    names = [name for name, times in trial.strikes for _ in range(times)]
    setup.random.shuffle(names)
    pause = trial.edits / trial.rate / len(names)
    for name in names:
        sleep(setup.random.uniform(0.0, pause))
        FAULTS[name].strike(setup, trial.seconds)


@dataclass(slots=True, kw_only=True)
class EditingPerson:
    """A person who edits tickets at random. `edits` are the answered ones of each ticket, in order.

    A ticket is only ever about customers of the partner who opened it: another partner's customer is a question.
    """

    setup: TrialSetup
    accounts: Sequence[Account]
    random: Random
    edits: dict[str, list[PersonEdit]] = field(default_factory=dict)
    opened_for: dict[str, Account] = field(default_factory=dict)

    def open_tickets(self, count: int) -> None:
        """Open tickets of large accounts and of others in turn."""
        for number in range(count):
            verdict = list(DESIRED)[number % len(DESIRED)]
            account = self.random.choice([each for each in self.accounts if EXPECTED[each.account_id] == verdict])
            ticket = self.setup.demo.desk.open_ticket(account)
            self.edits[ticket] = []
            self.opened_for[ticket] = account

    def edit(self, count: int, every: float) -> None:
        """Make so many edits, at most one at a time on each ticket."""
        for _ in range(count):
            ticket = self.random.choice(list(self.edits))
            self._save(ticket, self._values(self.opened_for[ticket].partner_domain))
            sleep(self.random.uniform(0, 2 * every))

    def _values(self, partner: str | None) -> Values:
        address = self._address(partner)
        decided = self._decided()
        return self.random.choice((decided, decided, decided, self._plain(), address, {**address, **decided}))

    def _decided(self) -> Values:
        name = self.random.choice(DECIDED)
        choices = ("true", "false") if name == BOX else ("S1-Critical", "S2-Moderate", "S3-Minimal")
        return {name: self.random.choice(choices)}

    def _plain(self) -> Values:
        choices = {
            "status": ("Open", "On Hold", "Escalated"),
            "priority": ("High", "Medium", "Low"),
            "cf_issue_type": ("Defect", "How-to", "Login"),
        }
        name = self.random.choice(list(choices))
        return {name: self.random.choice(choices[name])}

    def _address(self, partner: str | None) -> Values:
        verdict = self.random.choice(list(DESIRED))
        known = [each for each in self.accounts if each.partner_domain == partner]
        chosen = self.random.choice([each for each in known if EXPECTED[each.account_id] == verdict])
        return {ADDRESS: chosen.super_admin_email}

    def _save(self, ticket: str, values: Values) -> None:
        """Save as a person does in Desk's own pages, which Desk's faults do not meet."""
        custom = {name: value for name, value in values.items() if name.startswith("cf_")}
        rest: dict[str, Any] = {name: value for name, value in values.items() if name not in custom}
        body = {"fields": rest | ({"cf": custom} if custom else {})}
        changed = self.setup.demo.desk.call("POST", f"/_simulator/tickets/{ticket}/write", json=body)["changed"]
        edited = {name: value for name, value in values.items() if name in changed}
        self.edits[ticket].append(PersonEdit(at=monotonic(), values=edited))

    def end_of(self, ticket: str) -> TicketEnd:
        """Return what Desk shows of a ticket now, beside what was saved."""
        whole = self.setup.demo.desk.call("GET", f"{API}/tickets/{ticket}")
        verdicts = {each.super_admin_email: EXPECTED[each.account_id] for each in self.accounts}
        return TicketEnd(
            shown={**whole, **whole["cf"]},
            edits=self.edits[ticket],
            verdicts=verdicts,
            opened_for=self.opened_for[ticket].super_admin_email,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketEnd:
    """One ticket at the end: what Desk shows, and what a person saved, in order."""

    shown: Values
    edits: Sequence[PersonEdit]
    verdicts: Mapping[str, str]
    opened_for: str

    def standing(self) -> Mapping[str, tuple[str | None, str | None]]:
        """Return the fields that must be as a person left them, with the expected value and the one shown."""
        last = {name: edit for edit in self.edits for name in edit.values}
        return {
            name: (edit.values[name], self.shown.get(name))
            for name, edit in last.items()
            if name not in DECIDED or not self._bases_after(edit)
        }

    def following(self) -> Mapping[str, tuple[str | None, str | None]]:
        """Return the fields that must follow the account that is named last, with the expected value and the one shown.

        No person edited them, or that account was named once and long after the last edit.
        """
        bases = self._bases()
        desired = DESIRED[bases[-1][1] if bases else self.verdicts[self.opened_for]]
        last = {name: edit for edit in self.edits for name in edit.values}
        free = [name for name in desired if name not in last or self._is_outdated(last[name])]
        return {name: (desired[name], self.shown.get(name)) for name in free}

    def _is_outdated(self, edit: PersonEdit) -> bool:
        later = [base.at for base, _ in self._bases() if base.at > edit.at]
        return len(later) == 1 and later[0] > edit.at + WITHIN

    def _bases_after(self, edit: PersonEdit) -> bool:
        return any(base.at > edit.at for base, _ in self._bases())

    def _bases(self) -> Sequence[tuple[PersonEdit, str]]:
        """Return the edits that named another account than before, with the verdict about it."""
        found, before = [], self.opened_for
        for edit in self.edits:
            address = edit.values.get(ADDRESS)
            if address and address != before:
                found.append((edit, self.verdicts[address]))
                before = address
        return found


def _outcome(trial: EditTrial, setup: TrialSetup, person: EditingPerson) -> EditOutcome:
    setup.set_faults()
    setup.demo.desk.sign_in()
    ends = {ticket: person.end_of(ticket) for ticket in person.edits}
    standing = {(ticket, name): pair for ticket, end in ends.items() for name, pair in end.standing().items()}
    following = {(ticket, name): pair for ticket, end in ends.items() for name, pair in end.following().items()}
    return EditOutcome(
        trial=trial,
        killed=setup.killed,
        edits=sum(map(len, person.edits.values())),
        checked=len(standing),
        lost=list(_differences(standing)),
        based=len(following),
        astray=list(_differences(following)),
        doubled=sum(_doubled(setup, ticket) for ticket in person.edits),
        ended=setup.ended(),
    )


def _differences(fields: Mapping[tuple[str, str], tuple[str | None, str | None]]) -> Iterator[str]:
    for (ticket, name), (expected, shown) in fields.items():
        if shown != expected:
            yield f"{ticket} {name} is {shown}, not {expected}"


def _doubled(setup: TrialSetup, ticket: str) -> int:
    """Return how many of our comments are on the ticket twice."""
    answer = setup.demo.desk.call("GET", f"{API}/tickets/{ticket}/comments")
    ours = [each for each in answer.get("data", []) if each["commenterId"] == setup.demo.desk.facts["agent_id"]]
    traces = [each["content"] if each["isPublic"] else each["content"].rpartition("[ds-")[2] for each in ours]
    return len(traces) - len(set(traces))


FULL = (EditTrial(), EditTrial(on_postgresql=True, strikes=(*EditTrial().strikes, ("cut", 10))))
DAILY = EditTrial(
    tickets=8,
    workers=1,
    edits=120,
    strikes=(("child", 4), ("worker", 1), ("child-frozen", 1), ("deliveries", 1), ("desk-reset", 1)),
    seconds=2.0,
)

"""Pull all accounts of a source when it is due: as one snapshot, or not at all.

A pull is one run: it reads the source once, from the first page to the last. A run that is interrupted (its process
died, its source went down, its calls of the day are spent) goes on in a later turn, from where it was. Only the process
with the turn can write anything, and a turn is kept by work: each call to the source renews it.

A source that is down, slow, incomplete or shrunk keeps its last good snapshot; the failure is logged as an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from desk_sync.domain.account.subscription import Account
from desk_sync.errors import AllowanceSpent, DeskSyncError, PermanentError, TemporaryError, TurnLost, describe
from desk_sync.logs import get_logger
from desk_sync.ports.now import Now
from desk_sync.ports.pulling.pulls import PullOutcome, PullState, PullStore
from desk_sync.ports.subscriptions import (
    AccountSource,
    PullProgress,
    PullTurn,
    ReplacedSnapshot,
    SourcePage,
    SourceProblem,
)
from desk_sync.services.door import ServiceDoor
from desk_sync.services.import_accounts import MAX_SHRINK, ImportAccounts

log = get_logger()

MAX_FLAWED = 0.1
MOST_CALLS = 1_000_000
"""The most calls of a run, over all its turns: no source with an end needs so many."""
FEW_FLAWED = 3
"""So many accounts that could not be read never refuse a pull, however small the source is."""
_LONGEST_ERROR = 500
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRhythm:
    """The times of a source: pulled `every` so often, `again` after a failure, for at most `timeout` in one turn.

    `turn` is how long a process that does no work keeps its turn. `per_day` is the number of calls that it may make in
    a day; None: any.
    """

    every: timedelta
    again: timedelta = timedelta(minutes=10)
    turn: timedelta = timedelta(minutes=15)
    timeout: timedelta = timedelta(hours=6)
    per_day: int | None = None

    def due_after_failure(self, now: datetime, error: Exception) -> datetime:
        """Return when the next pull is due; not before a source that does not answer wants to be called again."""
        pause = error.retry_after if isinstance(error, TemporaryError) else timedelta(0)
        return now + max(min(self.every, self.again), pause)


@dataclass(slots=True, kw_only=True)
class PullRun:
    """The run of a pull in one turn: it keeps what its source reads, and renews the turn at each call."""

    pulls: PullStore
    turn: PullTurn
    rhythm: PullRhythm
    now: Now
    started_at: datetime
    renewed_at: datetime
    progress: PullProgress
    seen: set[str] = field(default_factory=set)

    def pages(self) -> Iterator[SourcePage]:
        self.progress = replace(self.progress, pages=0, accounts=0)
        for page in self.pulls.pages(self.turn):
            self._count(page)
            yield page

    def keep(self, page: SourcePage) -> None:
        now = self.now()
        self.pulls.keep(self.turn, page, now=now)
        self._count(page)
        self.save(now)

    def work(self) -> None:
        if self.progress.calls >= MOST_CALLS:
            raise PermanentError(f"the source has no end: {self.progress.calls:,} calls were made")
        left = self.progress.calls_left
        self.progress = replace(
            self.progress, calls=self.progress.calls + 1, calls_left=None if left is None else max(0, left - 1)
        )
        self.go_on()

    def expect(self, *, customers: int, calls: int) -> None:
        self.progress = replace(self.progress, customers=customers, calls_left=calls)

    def go_on(self) -> None:
        """Renew the turn if a third of it is over. Raises TurnLost, or TemporaryError when the time is over."""
        now = self.now()
        if now > self.started_at + self.rhythm.timeout:
            raise TemporaryError(f"the pull was not complete within {self.rhythm.timeout}")
        if now > self.renewed_at + self.rhythm.turn / 3:
            self.save(now)

    def save(self, now: datetime) -> None:
        """Renew the turn, and record how far the run is."""
        self.pulls.hold(self.turn, now=now, until=now + self.rhythm.turn, progress=self.progress)
        self.renewed_at = now

    def forecast(self, now: datetime, due_at: datetime) -> str:
        """Return how far the run, which goes on at `due_at`, is and when it will be complete, as far as that is known.

        The calls of a day are counted by the hour, so it takes 25 hours until all of them are allowed again.
        """
        left, per_day = self.progress.calls_left, self.rhythm.per_day
        if not left or not per_day:
            return str(self.progress)
        further = -(-left // per_day) - 1
        complete_at = due_at + further * (_DAY + _HOUR)
        days = -(-(complete_at - now) // _DAY)
        return f"{self.progress}; with {per_day:,} calls a day complete in about {days} days, on {complete_at:%F}"

    def guarded(self, accounts: Iterable[Account]) -> Iterator[Account]:
        """Yield the accounts. Raises PermanentError if two have one id."""
        for account in accounts:
            self.go_on()
            if account.account_id in self.seen:
                raise PermanentError(f"the source has two accounts with the id {account.account_id}")
            self.seen.add(account.account_id)
            yield account

    def _count(self, page: SourcePage) -> None:
        done = self.progress
        self.progress = replace(done, pages=done.pages + 1, accounts=done.accounts + len(page.accounts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """Pulls one source. `holder` names this process; more than the share `max_flawed` of bad accounts is refused."""

    name: str
    source: AccountSource
    importing: ImportAccounts
    pulls: PullStore
    now: Now
    rhythm: PullRhythm
    max_shrink: float = MAX_SHRINK
    max_flawed: float = MAX_FLAWED
    holder: str = ""
    door: ServiceDoor | None = None

    def run_if_due(self) -> ReplacedSnapshot | None:
        """Pull the source if it is due. Return None if it is not due, is pulled by another process, or was refused.

        An error ends at the door; the source's state says when the next pull is due.
        """
        door = self.door or ServiceDoor(task=f"pull {self.name}", now=self.now)
        return door.run(self._run_if_due)

    def _run_if_due(self) -> ReplacedSnapshot | None:
        turn = self._acquire(self.rhythm.every)
        with suppress(AllowanceSpent, TurnLost):  # both are logged, and neither is a failure
            return self._run(turn) if turn else None
        return None

    def run(self) -> ReplacedSnapshot:
        """Pull the source now, due or not. An error is recorded in the source's state, and raised again.

        Raises DeskSyncError if another process is pulling it, with since when and how far, and TemporaryError if the
        source wants no call yet.
        """
        self._respect_pause()
        turn = self._acquire(None)
        if turn is None:
            raise self._under_way()
        return self._run(turn)

    def _respect_pause(self) -> None:
        state, now = self.pulls.states().get(self.name, PullState()), self.now()
        if state.paused_until and now < state.paused_until:
            raise TemporaryError(f"{self.name} waits: {state.waiting}", retry_after=state.paused_until - now)

    def _acquire(self, every: timedelta | None) -> PullTurn | None:
        now = self.now()
        return self.pulls.acquire(self.name, now=now, until=now + self.rhythm.turn, every=every, holder=self.holder)

    def _under_way(self) -> DeskSyncError:
        state = self.pulls.states()[self.name]
        who = f" by {state.held_by}" if state.held_by else ""
        since = f" since {state.begun_at:%F %T}Z" if state.begun_at else ""
        ends = f"; the turn of a process that died ends at {state.turn_until:%F %T}Z" if state.turn_until else ""
        return DeskSyncError(
            f"{self.name} is being pulled{who}{since}: {state.progress or 'it has just begun'}",
            hint=f"`desk-sync subscriptions status` shows how far it is{ends}",
        )

    def _run(self, turn: PullTurn) -> ReplacedSnapshot:
        now = self.now()
        run = PullRun(
            pulls=self.pulls,
            turn=turn,
            rhythm=self.rhythm,
            now=self.now,
            started_at=now,
            renewed_at=now,
            progress=turn.progress,
        )
        problems: list[SourceProblem] = []
        try:
            return self._import(run, problems)
        except TurnLost:
            log.warning("pull.superseded", source=self.name, run=turn.run)
            raise
        except AllowanceSpent as error:
            self._postpone(run, error)
            raise
        except Exception as error:
            self._record_failure(turn, error, problems)
            raise

    def _import(self, run: PullRun, problems: list[SourceProblem]) -> ReplacedSnapshot:
        pulled = self.source.pull(run)
        accounts = self._checked(run, pulled.accounts, pulled.problems, problems)
        replaced = self.importing.run(
            accounts, source=self.name, as_of=pulled.as_of, max_shrink=self.max_shrink, turn=run.turn
        )
        replaced = replace(replaced, remarks=(*replaced.remarks, *_left_out(problems)))
        now = self.now()
        outcome = PullOutcome(problems=problems, remarks=replaced.remarks)
        self.pulls.succeeded(run.turn, outcome, now=now, due_at=now + self.rhythm.every)
        for remark in replaced.remarks:
            log.warning("source.remarkable", source=self.name, remark=remark)
        return replaced

    def _checked(
        self,
        run: PullRun,
        accounts: Iterable[Account],
        found: Sequence[SourceProblem],
        problems: list[SourceProblem],
    ) -> Iterator[Account]:
        """Yield the accounts, then note the problems that the source found. Raises PermanentError for too many."""
        yield from run.guarded(accounts)
        problems += found
        flawed = len({each.account or str(each) for each in problems})
        if flawed > max(FEW_FLAWED, self.max_flawed * len(run.seen)):
            raise PermanentError(
                f"{flawed} of {len(run.seen)} accounts could not be read, such as {problems[0]}",
                hint="`desk-sync subscriptions status` lists them; `max_flawed` of the source allows more",
            )

    def _postpone(self, run: PullRun, error: AllowanceSpent) -> None:
        now = self.now()
        due_at = now + error.retry_after
        reason = f"{error}; {run.forecast(now, due_at)}; it goes on at {due_at:%F %T}Z"
        run.save(now)
        self.pulls.postponed(run.turn, reason[:_LONGEST_ERROR], now=now, due_at=due_at)
        log.warning("source.postponed", source=self.name, reason=reason, due_at=due_at)

    def _record_failure(self, turn: PullTurn, error: Exception, problems: Sequence[SourceProblem]) -> None:
        now = self.now()
        due_at = self.rhythm.due_after_failure(now, error)
        state = self.pulls.failed(
            turn,
            describe(error)[:_LONGEST_ERROR],
            now=now,
            due_at=due_at,
            goes_on=isinstance(error, TemporaryError),
            problems=problems,
        )
        log.error("source.refused", source=self.name, error=state.error, since=state.failing_since, due_at=due_at)


def _left_out(problems: Sequence[SourceProblem]) -> Iterator[str]:
    """Yield how many customers and rows are in no account, if any."""
    if number := sum(not each.account for each in problems):
        yield f"{number} customers or rows could not be assigned to an account, and are left out"


def due_sources(
    states: Mapping[str, PullState],
    every: Mapping[str, timedelta],
    now: datetime,
    after: Mapping[str, str] = MappingProxyType({}),
) -> Sequence[str]:
    """Return the sources whose pull is due at `now`; `every` is how often each source is pulled.

    A source that reads what another one has, by `after`, is not due while that one is due or under way.
    """
    known = {name: states.get(name, PullState()) for name in every}
    due = [name for name, period in every.items() if known[name].is_due(now, every=period)]
    busy = {*due, *(name for name, state in known.items() if state.is_under_way(now))}
    return [name for name in due if after.get(name) not in busy]

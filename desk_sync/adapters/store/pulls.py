"""The turns to pull the sources of subscription data, the pages of their runs, and the state of the pulls.

Every turn has a number. A transaction of a process whose number is not the last one changes nothing: it raises
TurnLost (`hold_turn`), also in a process that was suspended while its turn ran out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Engine, RowMapping, and_, delete, func, or_, select, update

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.subscription_tables import pages, sources
from desk_sync.adapters.store.values import MAX_CLOCK_SKEW, columns_of, insert
from desk_sync.domain.account.subscription import Account
from desk_sync.errors import TurnLost
from desk_sync.ports.pulling.pulls import PullOutcome, PullState
from desk_sync.ports.subscriptions import PullProgress, PullTurn, SourcePage, SourceProblem

YOUNG = timedelta(days=1)
"""A run that had no progress for so long, counted from when it was allowed to go on, is given up."""
MOST_LISTED = 100
"""The most problems that are kept of a run."""
_ACCOUNTS = TypeAdapter(tuple[Account, ...])
_PROBLEMS = TypeAdapter(tuple[SourceProblem, ...])
_STATE = TypeAdapter(PullState)
_RELEASED: dict[str, Any] = {"turn_until": None, "held_by": None}
_ENDED: dict[str, Any] = {**_RELEASED, "begun_at": None, "worked_at": None, "progress": None, "waiting": None}


@dataclass(frozen=True, slots=True)
class SqlPulls:
    """The pulls of the whole installation: all portals share the sources."""

    engine: Engine

    def acquire(
        self, source: str, *, now: datetime, until: datetime, every: timedelta | None, holder: str = ""
    ) -> PullTurn | None:
        """Take the turn. A turn or a due time too far ahead was recorded before the clock was put back, and is void."""
        turn, due_at = sources.c.turn_until, sources.c.due_at
        free = or_(turn.is_(None), turn <= now, turn > until + MAX_CLOCK_SKEW)
        due = [] if every is None else [_is_due(due_at, now, every)]
        taken = (
            update(sources)
            .where(sources.c.name == source, free, *due)
            .values(turn_until=until, turn=sources.c.turn + 1, held_by=holder or None)
            .returning(sources)
        )
        with writing(self.engine) as connection:
            connection.execute(insert(connection, sources).values(name=source).on_conflict_do_nothing())
            row = connection.execute(taken).mappings().one_or_none()
            if row is None:
                return None
            return _going_on(row) if _goes_on(connection, row, now) else _begin(connection, row, now)

    def hold(self, turn: PullTurn, *, now: datetime, until: datetime, progress: PullProgress) -> None:
        self._record(turn, turn_until=until, worked_at=now, progress=asdict(progress))

    def pages(self, turn: PullTurn) -> Iterator[SourcePage]:
        own = and_(pages.c.source == turn.source, pages.c.run == turn.run)
        with reading(self.engine) as connection:
            query = select(pages.c.number, pages.c.before, pages.c.after).where(own).order_by(pages.c.number)
            kept = connection.execute(query).all()
        if not _is_whole(kept):
            with writing(self.engine) as connection:
                hold_turn(connection, turn)
                connection.execute(delete(pages).where(pages.c.source == turn.source))
            return
        for number, _, _ in kept:
            with reading(self.engine) as connection:
                yield _page(connection.execute(select(pages).where(own, pages.c.number == number)).mappings().one())

    def keep(self, turn: PullTurn, page: SourcePage, *, now: datetime) -> None:
        last = select(func.coalesce(func.max(pages.c.number), 0)).where(pages.c.source == turn.source)
        facts = {
            "accounts": _ACCOUNTS.dump_python(tuple(page.accounts), mode="json"),
            "rows": [dict(row) for row in page.rows],
            "problems": _PROBLEMS.dump_python(tuple(page.problems), mode="json"),
            "before": page.before,
            "after": page.after,
        }
        with writing(self.engine) as connection:
            hold_turn(connection, turn)
            number = (connection.scalar(last) or 0) + 1
            kept = insert(connection, pages).values(
                source=turn.source, run=turn.run, number=number, read_at=now, **facts
            )
            connection.execute(kept)
            connection.execute(update(sources).where(sources.c.name == turn.source).values(worked_at=now))

    def succeeded(self, turn: PullTurn, outcome: PullOutcome, *, now: datetime, due_at: datetime) -> None:
        facts = {"due_at": due_at, "pulled_at": now, "failing_since": None, "error": None}
        self._record(turn, ends=True, **_ENDED, **facts, **_noted(outcome.problems), remarks=list(outcome.remarks))

    def failed(
        self,
        turn: PullTurn,
        error: str,
        *,
        now: datetime,
        due_at: datetime,
        goes_on: bool,
        problems: Sequence[SourceProblem] = (),
    ) -> PullState:
        since = func.coalesce(sources.c.failing_since, now)
        ended = _RELEASED | {"waiting": None} if goes_on else _ENDED | _noted(problems)
        self._record(turn, ends=not goes_on, **ended, due_at=due_at, failing_since=since, error=error)
        return self.states()[turn.source]

    def postponed(self, turn: PullTurn, reason: str, *, now: datetime, due_at: datetime) -> PullState:
        self._record(turn, **_RELEASED, due_at=due_at, worked_at=now, waiting=reason)
        return self.states()[turn.source]

    def states(self) -> Mapping[str, PullState]:
        with reading(self.engine) as connection:
            rows = connection.execute(select(sources.c.name, *columns_of(sources, PullState))).mappings().all()
        return {row["name"]: _state(row) for row in rows}

    def _record(self, turn: PullTurn, *, ends: bool = False, **facts: object) -> None:
        """Record facts about the source; if the run `ends`, its pages are deleted too."""
        with writing(self.engine) as connection:
            hold_turn(connection, turn)
            connection.execute(update(sources).where(sources.c.name == turn.source).values(facts))
            if ends:
                connection.execute(delete(pages).where(pages.c.source == turn.source))


def hold_turn(connection: Connection, turn: PullTurn) -> None:
    """Keep the turn until the transaction ends. Raises TurnLost if another process has taken it."""
    own = and_(sources.c.name == turn.source, sources.c.turn == turn.number)
    if connection.scalar(select(sources.c.turn).where(own).with_for_update()) is None:
        raise TurnLost(f"another process has taken the turn to pull {turn.source}; nothing more was recorded")


def _is_due(due_at: Any, now: datetime, every: timedelta) -> Any:
    too_far = and_(due_at > now + every + MAX_CLOCK_SKEW, sources.c.waiting.is_(None))
    return or_(due_at.is_(None), due_at <= now, too_far)


def _goes_on(connection: Connection, row: RowMapping, now: datetime) -> bool:
    """Return True if the last run has pages, is not complete, and was not given up.

    A clock that was put back gives it up.
    """
    if row["begun_at"] is None or row["worked_at"] is None or row["worked_at"] > now + MAX_CLOCK_SKEW:
        return False
    allowed_at = max(row["worked_at"], row["due_at"] or row["worked_at"])
    own = select(pages.c.number).where(pages.c.source == row["name"], pages.c.run == row["run"]).limit(1)
    return bool(now < allowed_at + YOUNG) and connection.scalar(own) is not None


def _going_on(row: RowMapping) -> PullTurn:
    progress = PullProgress(**(row["progress"] or {}))
    return PullTurn(source=row["name"], number=row["turn"], run=row["run"], begun_at=row["begun_at"], progress=progress)


def _begin(connection: Connection, row: RowMapping, now: datetime) -> PullTurn:
    """Begin a new run; what an earlier one has read is deleted."""
    begun: dict[str, Any] = {"run": row["run"] + 1, "begun_at": now, "worked_at": now, "progress": None}
    connection.execute(update(sources).where(sources.c.name == row["name"]).values(**begun, waiting=None))
    connection.execute(delete(pages).where(pages.c.source == row["name"]))
    return PullTurn(source=row["name"], number=row["turn"], run=begun["run"], begun_at=now)


def _is_whole(kept: Sequence[Any]) -> bool:
    """Return True if the pages follow each other from the first page of the source on."""
    expected = ""
    for place, (number, before, after) in enumerate(kept, start=1):
        if (number, before) != (place, expected):
            return False
        expected = after
    return True


def _page(row: RowMapping) -> SourcePage:
    return SourcePage(
        accounts=_ACCOUNTS.validate_python(row["accounts"]),
        rows=tuple(row["rows"] or ()),
        problems=_PROBLEMS.validate_python(row["problems"] or ()),
        before=row["before"],
        after=row["after"],
    )


def _noted(problems: Sequence[SourceProblem]) -> dict[str, Any]:
    listed = _PROBLEMS.dump_python(tuple(problems[:MOST_LISTED]), mode="json")
    return {"flawed": len(problems), "problems": listed}


def _state(row: RowMapping) -> PullState:
    facts = {each.name: row[each.name] for each in fields(PullState)}
    return _STATE.validate_python({name: fact for name, fact in facts.items() if fact is not None})

"""Which installation this database is, and the others that leave marks on the same tickets of a portal.

All instants that are compared are Desk's. Another installation is noticed by a comment with its mark that was made
after this one had begun to write: what was made before may be of a predecessor, whose database was lost. A mark names
the installation that edited the comment last, so ours begins with an edit, and the comment of another counts from its
making: a person may edit it at any time.

A copy of a database is another installation than its original, with an id of its own from its first write on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine, delete, func, or_, select, update

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.inflow_tables import installation, installation_marks
from desk_sync.adapters.store.place import is_copied, place_of
from desk_sync.adapters.store.tables import tickets
from desk_sync.adapters.store.values import insert
from desk_sync.logs import get_logger
from desk_sync.ports.now import Now
from desk_sync.ports.portal import InstallationMark, OtherInstallation

KEPT = 100
"""How many marks of a portal are kept at most: two tickets are enough to know."""

log = get_logger()

_ONE = 1
_MARK = installation_marks.c
_KNOWN = select(installation.c.id, installation.c.place)


@dataclass(frozen=True, slots=True)
class SqlInstallation:
    """This installation, and the marks of others on one portal. `token` returns six random hexadecimal digits."""

    engine: Engine
    portal: str
    now: Now
    token: Callable[[], str]
    _own: list[str] = field(default_factory=list, init=False, repr=False)
    _begun_at: list[datetime] = field(default_factory=list, init=False, repr=False)

    def own(self) -> str:
        """Return the id: the seconds since 1970 at which it was made, and six digits."""
        if not self._own:
            with reading(self.engine) as connection:
                known, place = connection.execute(_KNOWN).one_or_none(), place_of(connection)
            if known is None or place != (known.place or ""):
                self._settle(place)
            with reading(self.engine) as connection:
                self._own.append(str(connection.execute(_KNOWN).one().id))
        return self._own[0]

    def _settle(self, place: str) -> None:
        """Store a new id if there is none, or that of another place; and the place."""
        now = self.now()
        new = {"id": f"{int(now.timestamp()):08x}{self.token()}", "created_at": now, "place": place or None}
        with writing(self.engine) as connection:
            connection.execute(insert(connection, installation).values(one=_ONE, **new).on_conflict_do_nothing())
            known = connection.execute(_KNOWN).one()
            if is_copied(known.place or "", place):
                connection.execute(delete(installation_marks).where(_MARK.installation == known.id))
                connection.execute(update(installation).values(new))
                log.warning("installation.copied", original=known.id, installation=new["id"], place=known.place)
            else:
                connection.execute(update(installation).values(place=place or known.place))

    def wrote(self, ticket_id: str, at: datetime) -> None:
        if self._first() is None:
            self._record(ticket_id, {self.own(): at})

    def see(self, ticket_id: str, marks: Sequence[InstallationMark]) -> None:
        if not marks:
            return
        own = self.own()
        if ours := [mark.edited_at for mark in marks if mark.installation == own]:
            self.wrote(ticket_id, min(ours))
        newest = _newest(mark for mark in marks if mark.installation != own)
        begun_at = self._first() if newest else None
        if begun_at is None:
            return
        known = self._known(ticket_id)
        later = {each: at for each, at in newest.items() if at > begun_at and _is_later(at, known.get(each))}
        if later:
            self._record(ticket_id, later)

    def others(self, speaks_in: Callable[[str], bool]) -> Sequence[OtherInstallation]:
        cleared_at = select(installation.c.cleared_at).scalar_subquery()
        ours = select(installation.c.id).scalar_subquery()
        same_ticket = (tickets.c.portal == _MARK.portal) & (tickets.c.ticket_id == _MARK.ticket_id)
        noticed = (
            select(_MARK.installation, _MARK.seen_at, func.coalesce(tickets.c.department_id, "").label("department_id"))
            .select_from(installation_marks.outerjoin(tickets, same_ticket))
            .where(_MARK.portal == self.portal, _MARK.installation != ours)
            .where(or_(cleared_at.is_(None), _MARK.seen_at > cleared_at))
        )
        seen_at: dict[str, list[datetime]] = {}
        with reading(self.engine) as connection:
            for row in connection.execute(noticed):
                if speaks_in(row.department_id):
                    seen_at.setdefault(row.installation, []).append(row.seen_at)
        return [
            OtherInstallation(installation=each, tickets=len(at), seen_at=max(at))
            for each, at in sorted(seen_at.items())
        ]

    def clear(self, *, now: datetime, by: str | None, why: str) -> None:
        self.own()
        with writing(self.engine) as connection:
            connection.execute(update(installation).values(cleared_at=now, cleared_by=by, cleared_why=why))

    def _first(self) -> datetime | None:
        """Return the time at which this installation wrote first; None if it has not."""
        if not self._begun_at:
            ours = select(func.min(_MARK.marked_at)).where(
                _MARK.portal == self.portal, _MARK.installation == self.own()
            )
            with reading(self.engine) as connection:
                self._begun_at.extend(filter(None, [connection.scalar(ours)]))
        return self._begun_at[0] if self._begun_at else None

    def _known(self, ticket_id: str) -> Mapping[str, datetime]:
        stored = select(_MARK.installation, _MARK.marked_at).where(
            _MARK.portal == self.portal, _MARK.ticket_id == ticket_id
        )
        with reading(self.engine) as connection:
            return {row.installation: row.marked_at for row in connection.execute(stored)}

    def _record(self, ticket_id: str, marks: Mapping[str, datetime]) -> None:
        """Store the marks. Those of further tickets are left out once enough are kept."""
        with writing(self.engine) as connection:
            kept = connection.scalar(select(func.count()).where(_MARK.portal == self.portal)) or 0
            for row in self._rows(ticket_id, marks) if kept < KEPT else ():
                new = insert(connection, installation_marks).values(row)
                later = {"marked_at": new.excluded.marked_at, "seen_at": new.excluded.seen_at}
                key = ["portal", "installation", "ticket_id"]
                connection.execute(new.on_conflict_do_update(index_elements=key, set_=later))

    def _rows(self, ticket_id: str, marks: Mapping[str, datetime]) -> Iterator[Mapping[str, object]]:
        now = self.now()
        for each, at in sorted(marks.items()):
            yield {
                "portal": self.portal,
                "installation": each,
                "ticket_id": ticket_id,
                "marked_at": at,
                "seen_at": now,
            }


def _newest(marks: Iterable[InstallationMark]) -> Mapping[str, datetime]:
    """Return the newest mark of each installation."""
    return {each.installation: each.made_at for each in sorted(marks, key=lambda each: each.made_at)}


def _is_later(at: datetime, known: datetime | None) -> bool:
    return known is None or at > known

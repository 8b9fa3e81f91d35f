"""Which installation this database is, and the others that leave marks on the same tickets of a portal.

All instants that are compared are Desk's. Another installation is noticed on a ticket on which both have written, if
its mark is later than the first of ours that was seen anywhere: before that it may have been this one's predecessor,
whose database was lost. A mark is the time of a comment's last edit: the comment that is kept up to date may have been
made by the predecessor. An edit by a person therefore makes a mark later than it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Engine, func, or_, select, update

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.inflow_tables import installation, installation_marks
from desk_sync.adapters.store.values import insert
from desk_sync.ports.now import Now
from desk_sync.ports.portal import InstallationMark, OtherInstallation

KEPT = 100
"""How many marks of a portal are kept at most: two tickets are enough to know."""

_ONE = 1
_MARK = installation_marks.c


@dataclass(frozen=True, slots=True)
class SqlInstallation:
    """This installation, and the marks of others on one portal. `token` returns six random hexadecimal digits."""

    engine: Engine
    portal: str
    now: Now
    token: Callable[[], str]
    _own: list[str] = field(default_factory=list, init=False, repr=False)

    def own(self) -> str:
        """Return the id: the seconds since 1970 at which it was made, and six digits."""
        if not self._own:
            now = self.now()
            new = {"one": _ONE, "id": f"{int(now.timestamp()):08x}{self.token()}", "created_at": now}
            with reading(self.engine) as connection:
                known = connection.scalar(select(installation.c.id))
            if known is None:
                with writing(self.engine) as connection:
                    connection.execute(insert(connection, installation).values(new).on_conflict_do_nothing())
                    known = connection.scalar(select(installation.c.id))
            self._own.append(str(known))
        return self._own[0]

    def see(self, ticket_id: str, marks: Sequence[InstallationMark]) -> None:
        if not marks:
            return
        own, newest = self.own(), _newest(marks)
        first_here = min((mark.at for mark in marks if mark.installation == own), default=None)
        if first_here is None:
            return
        with reading(self.engine) as connection:
            first = self._first(connection, own)
            known = self._known(connection, ticket_id)
        begun_at = min(filter(None, (first, first_here)))
        new = {
            each: at for each, at in newest.items() if each != own and at > begun_at and _is_later(at, known.get(each))
        }
        if first is None:
            new[own] = first_here
        if new:
            self._record(ticket_id, new)

    def others(self) -> Sequence[OtherInstallation]:
        cleared_at = select(installation.c.cleared_at).scalar_subquery()
        ours = select(installation.c.id).scalar_subquery()
        noticed = (
            select(_MARK.installation, func.count().label("tickets"), func.max(_MARK.seen_at).label("seen_at"))
            .where(_MARK.portal == self.portal, _MARK.installation != ours)
            .where(or_(cleared_at.is_(None), _MARK.seen_at > cleared_at))
            .group_by(_MARK.installation)
            .order_by(_MARK.installation)
        )
        with reading(self.engine) as connection:
            return [OtherInstallation(**row) for row in connection.execute(noticed).mappings()]

    def clear(self, *, now: datetime, by: str | None, why: str) -> None:
        self.own()
        with writing(self.engine) as connection:
            connection.execute(update(installation).values(cleared_at=now, cleared_by=by, cleared_why=why))

    def _first(self, connection: Connection, own: str) -> datetime | None:
        """Return the time of the first mark of ours that was seen."""
        ours = select(func.min(_MARK.marked_at)).where(_MARK.portal == self.portal, _MARK.installation == own)
        first: datetime | None = connection.scalar(ours)
        return first

    def _known(self, connection: Connection, ticket_id: str) -> Mapping[str, datetime]:
        stored = select(_MARK.installation, _MARK.marked_at).where(
            _MARK.portal == self.portal, _MARK.ticket_id == ticket_id
        )
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


def _newest(marks: Sequence[InstallationMark]) -> Mapping[str, datetime]:
    """Return the newest mark of each installation."""
    return {each.installation: each.at for each in sorted(marks, key=lambda each: each.at)}


def _is_later(at: datetime, known: datetime | None) -> bool:
    return known is None or at > known

"""The countries of partners that persons settled.

Each is a row among the partners read from Desk, under a key that no reading has. It has the partner's name and country
as a reading has them; earlier versions ignore it, and their retention deletes it with old readings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from sqlalchemy import ColumnElement, Connection, Engine, Row, bindparam, delete, select

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.indexes import UNCLOSED, UNDECIDED
from desk_sync.adapters.store.partners import PARTNER, PLACED
from desk_sync.adapters.store.queue import count_open, wake_all
from desk_sync.adapters.store.tables import partners, tickets
from desk_sync.adapters.store.values import insert
from desk_sync.domain.account.partner import Partner
from desk_sync.errors import PermanentError
from desk_sync.ports.review import PartnerPlace, SettledReview

_OF_NAMES = select(partners).where(
    partners.c.portal == bindparam("its_portal"), partners.c.key.in_(bindparam("keys", expanding=True))
)


@dataclass(frozen=True, slots=True)
class SqlPartnerPlaces:
    """The places of one portal's partners."""

    engine: Engine
    portal: str

    def place(self, place: PartnerPlace, *, known: Iterable[str] = (), dry_run: bool = False) -> int:
        settled = place.settled
        meant = self._check(place.partner, self._meant(place.partner, known))
        document = {"name": place.partner, "country": place.country, "by": settled.by, "why": settled.why}
        facts = {"partner": document, "refused": False, "read_at": settled.at}
        if not dry_run:
            with writing(self.engine) as connection:
                row = insert(connection, partners).values(portal=self.portal, key=_key(place.partner), **facts)
                connection.execute(row.on_conflict_do_update(index_elements=["portal", "key"], set_=facts))
        return self._mark(meant, now=settled.at, dry_run=dry_run)

    def displace(self, partner: str, *, now: datetime, known: Iterable[str] = (), dry_run: bool = False) -> int | None:
        its = (partners.c.portal == self.portal) & (partners.c.key == _key(partner))
        with writing(self.engine) as connection:
            if connection.scalar(select(partners.c.key).where(its)) is None:
                return None
            if not dry_run:
                connection.execute(delete(partners).where(its))
        return self._mark(self._meant(partner, known), now=now, dry_run=dry_run)

    def places(self) -> Sequence[PartnerPlace]:
        own = (partners.c.portal == self.portal) & partners.c.key.startswith(PLACED)
        with reading(self.engine) as connection:
            rows = connection.execute(select(partners).where(own).order_by(partners.c.read_at, partners.c.key)).all()
        return [_place(row) for row in rows]

    def place_of(self, names: Collection[str]) -> PartnerPlace | None:
        given = {"its_portal": self.portal, "keys": sorted(map(_key, names))}
        with reading(self.engine) as connection:
            rows = connection.execute(_OF_NAMES, given).all() if names else []
        return max(map(_place, rows), key=lambda each: (each.settled.at, each.partner), default=None)

    def _check(self, name: str, meant: Collection[str]) -> Collection[str]:
        """Return the partners that are meant. Raises PermanentError for none, unless it is by a domain."""
        if meant or _is_domain(name):
            return meant
        with reading(self.engine) as connection:
            every = {each.name for each in self._known(connection)}
        alike = get_close_matches(name, sorted(every), n=3)
        hint = f"did you mean {', '.join(alike)}?" if alike else "give a domain that it writes from"
        raise PermanentError(f"no partner of the portal is called {name}", hint=hint)

    def _meant(self, name: str, known: Iterable[str]) -> Collection[str]:
        """Return the names, as tickets have them, of the partners that may be meant: those `known`, and others."""
        with reading(self.engine) as connection:
            return {*known, *(each.name for each in self._known(connection) if name.casefold() in each.called)}

    def _known(self, connection: Connection) -> Iterator[Partner]:
        """Yield the partners as read from Desk, and as open tickets name them."""
        own = (partners.c.portal == self.portal) & ~partners.c.key.startswith(PLACED)
        for stored in connection.scalars(select(partners.c.partner).where(own, partners.c.partner.is_not(None))):
            yield PARTNER.validate_python(stored)
        named = tickets.c.partner.is_not(None)
        query = select(tickets.c.partner).where(tickets.c.portal == self.portal, UNCLOSED, named).distinct()
        for name in connection.scalars(query):
            yield Partner(name=name, domains=frozenset({name} if _is_domain(name) else ()))

    def _mark(self, names: Collection[str], *, now: datetime, dry_run: bool) -> int:
        """Mark the open tickets of these partners, and the undecided ones whose partner is not known."""
        concerned = (tickets.c.portal == self.portal) & (tickets.c.partner.in_(sorted(names)) | _WITHOUT_PARTNER)
        if not dry_run:
            return wake_all(self.engine, concerned, now=now)
        with reading(self.engine) as connection:
            return count_open(connection, concerned)


_WITHOUT_PARTNER: ColumnElement[bool] = tickets.c.partner.is_(None) & UNDECIDED


def _key(partner: str) -> str:
    return f"{PLACED}{partner.casefold()}"


def _is_domain(name: str) -> bool:
    """Return True for the name of a partner of which nothing but its domain is known."""
    return "." in name and " " not in name


def _place(row: Row[tuple[object, ...]]) -> PartnerPlace:
    stored = row.partner
    settled = SettledReview(at=row.read_at, by=stored["by"], why=stored["why"])
    return PartnerPlace(partner=stored["name"], country=stored["country"], settled=settled)

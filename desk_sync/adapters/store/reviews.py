"""The tickets that wait for a person: undecided by their last look, and not dismissed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, Engine, FromClause, Select, func, select

from desk_sync.adapters.store.decisions import decision_of
from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.indexes import UNDECIDED
from desk_sync.adapters.store.review_tables import dismissals
from desk_sync.adapters.store.tables import decisions, tickets
from desk_sync.adapters.store.values import insert
from desk_sync.domain.plan.decision import Decision
from desk_sync.ports.review import OpenReview, SettledReview

_KEY = ("portal", "ticket_id")


@dataclass(frozen=True, slots=True)
class SqlReviews:
    """One portal's tickets that wait for a person."""

    engine: Engine
    portal: str

    def undecided(self) -> Sequence[OpenReview]:
        return [each for each, _ in self._not_dismissed()]

    def dismiss(self, ticket_id: str, settled: SettledReview) -> None:
        seen = [decision.gist for each, decision in self._not_dismissed() if each.ticket_id == ticket_id]
        rows = [{"portal": self.portal, "ticket_id": ticket_id, "gist": gist, **asdict(settled)} for gist in seen]
        with writing(self.engine) as connection:
            for row in rows:
                statement = insert(connection, dismissals).values(row)
                connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=row))

    def _not_dismissed(self) -> Sequence[tuple[OpenReview, Decision]]:
        with reading(self.engine) as connection:
            rows = connection.execute(self._waiting()).mappings().all()
        each = ((row, decision_of(row)) for row in rows)
        return [
            (
                OpenReview(
                    ticket_id=row["ticket_id"],
                    verdict=decision.verdict,
                    account_id=decision.account_id,
                    looked_at=row["looked_at"],
                    reasons=decision.reasons,
                    questions=decision.questions,
                    suggestions=decision.suggestions,
                    number=row["number"],
                    partner=row["partner"],
                ),
                decision,
            )
            for row, decision in each
            if decision.gist != row["gist"]
        ]

    def _waiting(self) -> Select[tuple[object, ...]]:
        """Return the query for the undecided open tickets, each with its last decision and its dismissed gist."""
        later = decisions.alias()
        last = select(func.max(later.c.id)).where(_same(tickets, later)).scalar_subquery()
        return (
            select(decisions, tickets.c.looked_at, tickets.c.number, tickets.c.partner, dismissals.c.gist)
            .join_from(tickets, decisions, decisions.c.id == last)
            .outerjoin(dismissals, _same(tickets, dismissals))
            .where(
                tickets.c.portal == self.portal,
                UNDECIDED,
            )
            .order_by(tickets.c.looked_at, tickets.c.ticket_id)
        )


def _same(one: FromClause, other: FromClause) -> ColumnElement[bool]:
    return (one.c.portal == other.c.portal) & (one.c.ticket_id == other.c.ticket_id)

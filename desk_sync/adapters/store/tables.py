"""The tables. Columns ending in `_at` or `_until` are instants; migrations/versions create the same tables in steps.

A ticket's row is both its place in the queue and its memory:
`look_at` is when it is due (None: at its next event), `wake_at` when a look is due whatever the events contain,
`owed_at` since when a postponed look has been due,
`marked` and `woken`: `look_at` or `wake_at` was set since the look under way began,
`lease_token` is the token of the worker that may record.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    false,
    text,
)

from desk_sync.adapters.store.columns import InstantColumn, metadata, number_column
from desk_sync.domain.ticket.event import EventHint

portals = Table(
    "portals",
    metadata,
    Column("name", String, primary_key=True),
    # The Desk organisation that it is; NULL before the first use.
    Column("org_id", String),
    Column("data_center", String),
    Column("own_agent_id", String),
    # The agents whose token was used before, and when a person asked for our traces in Desk.
    Column("former_agents", JSON(none_as_null=True)),
    Column("traces_wanted_at", InstantColumn),
    Column("active_since", InstantColumn),
    Column("access_token", String),
    Column("expires_at", InstantColumn),
    Column("election_until", InstantColumn),
    # Why the last refresh of the access token failed.
    Column("token_refusal", String),
    Column("credits_left", Integer),
    Column("credits_at", InstantColumn),
    Column("paused_at", InstantColumn),
    Column("paused_until", InstantColumn),
    Column("pauses", Integer),
    # How far the host's clock is behind Desk's, in seconds, by the answer that arrived at `clock_read_at`.
    Column("clock_behind", Float),
    Column("clock_read_at", InstantColumn),
    # The version of the mapping by which the open tickets were last looked at; NULL if that is not known.
    Column("policy_version", String),
)

# Partners as read from Desk: by Desk account, or by contact if the ticket names no account; and those whose country a
# person settled (`partner_places`).
partners = Table(
    "partners",
    metadata,
    Column("portal", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("partner", JSON(none_as_null=True)),
    Column("refused", Boolean, nullable=False, server_default=false()),
    Column("read_at", InstantColumn, nullable=False),
)

# The last public education reply to each partner, and its ticket; `pupil` is a key that does not name the partner.
education_replies = Table(
    "lessons",
    metadata,
    Column("portal", String, primary_key=True),
    Column("pupil", String, key="partner_key", primary_key=True),
    Column("ticket_id", String, nullable=False),
    Column("taught_at", InstantColumn, nullable=False),
)

# Business hours that a mapping takes from Desk: the last valid calendar, and the last try.
desk_hours = Table(
    "desk_hours",
    metadata,
    Column("portal", String, primary_key=True),
    Column("named", String, primary_key=True),
    Column("tried_at", InstantColumn, nullable=False),
    Column("calendar", JSON),
    Column("since", InstantColumn),
    Column("read_at", InstantColumn),
    Column("problem", String),
)

# How far the sweeps of a portal have come, the number of changes found, the number of these that no delivery reported,
# and the last alarm because there were too many.
sweeps = Table(
    "sweeps",
    metadata,
    Column("portal", String, primary_key=True),
    Column("since", InstantColumn),
    Column("until", InstantColumn),
    Column("missed", BigInteger, nullable=False, server_default=text("0")),
    Column("changes", BigInteger, nullable=False, server_default=text("0")),
    Column("alarmed_at", InstantColumn),
)

# Each kind of sweep: until when one process has its turn, what it has `reached`, when one last ended well, and how
# often it failed since then.
sweep_rounds = Table(
    "sweep_rounds",
    metadata,
    Column("portal", String, primary_key=True),
    Column("which", String, primary_key=True),
    Column("turn_until", InstantColumn),
    Column("reached", InstantColumn),
    Column("ended_at", InstantColumn),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("error", String),
)

# When a part of the product last worked from end to end.
heartbeats = Table(
    "heartbeats",
    metadata,
    Column("name", String, primary_key=True),
    Column("at", InstantColumn, nullable=False),
)

# How often a task of the worker ended with an error, for one portal, or for all of them ("").
task_failures = Table(
    "task_failures",
    metadata,
    Column("portal", String, primary_key=True),
    Column("task", String, primary_key=True),
    Column("failures", BigInteger, nullable=False, server_default=text("0")),
    Column("failed_at", InstantColumn, nullable=False),
    Column("error", String, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("portal", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("type", String, nullable=False),
    Column("hint", String, nullable=False),
    Column("ticket_id", String, nullable=False),
    Column("occurred_at", InstantColumn, nullable=False),
    Column("received_at", InstantColumn, nullable=False),
    Column("state", String),
    Column("before", String),
    Column("changes", JSON(none_as_null=True)),
    Column("actor_id", String),
    Column("item", String),
    Column("item_id", String),
    Column("reference", String),
    Column("modified_at", InstantColumn),
    Column("look_token", BigInteger),
    Column("processed_at", InstantColumn),
    Index(None, "portal", "ticket_id"),
)
BY_DESK = deliveries.c.hint != EventHint.REQUEST.value
"""True for an event that Desk delivered; a request is recorded by a person."""
Index(
    "ix_deliveries_processed",
    deliveries.c.portal,
    deliveries.c.processed_at,
    sqlite_where=deliveries.c.processed_at.is_not(None),
    postgresql_where=deliveries.c.processed_at.is_not(None),
)
Index(
    "ix_deliveries_waiting",
    deliveries.c.portal,
    deliveries.c.received_at,
    sqlite_where=deliveries.c.processed_at.is_(None),
    postgresql_where=deliveries.c.processed_at.is_(None),
)

tickets = Table(
    "tickets",
    metadata,
    Column("portal", String, primary_key=True),
    Column("ticket_id", String, primary_key=True),
    Column("first_seen_at", InstantColumn, nullable=False),
    Column("look_at", InstantColumn),
    Column("owed_at", InstantColumn),
    Column("wake_at", InstantColumn),
    Column("marked", Boolean, nullable=False, server_default=false()),
    Column("woken", Boolean, nullable=False, server_default=false()),
    # A ticket without a look may be one of the most urgent.
    Column("urgency", Integer, nullable=False, server_default=text("1")),
    Column("lease_token", BigInteger, nullable=False, server_default=text("0")),
    Column("lease_until", InstantColumn),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("begun_at", InstantColumn),
    Column("error", String),
    # When the last look that failed began; NULL: the last one went well.
    Column("failed_at", InstantColumn),
    Column("parked_at", InstantColumn),
    # Whose failure it was: "portal" (it comes back by itself) or "ticket".
    Column("parked_by", String),
    Column("dropped_at", InstantColumn),
    Column("ended_at", InstantColumn),
    # Since when Desk does not have the ticket, while it has others; NULL: it was there at the last look. A ticket
    # that is gone keeps it: if it comes back, one look shows whether it is there.
    Column("missing_at", InstantColumn),
    Column("closed", Boolean, nullable=False, server_default=false()),
    Column("memory", JSON(none_as_null=True)),
    Column("verdict", String),
    Column("account_id", String),
    # What a person should settle although there is a verdict; NULL: nothing.
    Column("questions", JSON(none_as_null=True)),
    Column("looked_at", InstantColumn),
    # The traits by which looks at other tickets find it: clusters of severity 1, and a partner's how-to questions.
    Column("number", String),
    Column("product", String),
    Column("partner", String),
    Column("severe_at", InstantColumn),
    Column("howto_at", InstantColumn),
    # When the next step of its escalation is due; a copy, for queries over all tickets.
    Column("step_at", InstantColumn),
    # The newest modification that is known from a look, an event or a sweep; by Desk's clock.
    Column("modified_at", InstantColumn),
    # The facts of its last look that reports need.
    Column("department_id", String),
    Column("region", String),
    Column("tier", String),
    Column("severity", Integer),
    Column("large", Boolean),
    Column("solved_at", InstantColumn),
    # How much of an ended ticket is kept, and whether keys of its effects were deleted: then Desk is asked for each.
    Column("kept", String, nullable=False, server_default="whole"),
    Column("keys_deleted", Boolean, nullable=False, server_default=false()),
    # The newest modification that was a write of ours; by Desk's clock.
    Column("written_at", InstantColumn),
)
_WAITING = tickets.c.look_at.is_not(None) & tickets.c.parked_at.is_(None)
Index(
    "ix_tickets_waiting",
    tickets.c.portal,
    tickets.c.urgency,
    tickets.c.look_at,
    sqlite_where=_WAITING,
    postgresql_where=_WAITING,
)
_BY_PORTAL = tickets.c.parked_by == text("'portal'")
Index(
    "ix_tickets_parked_by_portal",
    tickets.c.portal,
    tickets.c.parked_at,
    sqlite_where=_BY_PORTAL,
    postgresql_where=_BY_PORTAL,
)
_PUT_OFF = tickets.c.owed_at.is_not(None)
Index(
    "ix_tickets_put_off",
    tickets.c.portal,
    tickets.c.begun_at,
    sqlite_where=_PUT_OFF,
    postgresql_where=_PUT_OFF,
)

_SEVERE, _HOWTO = tickets.c.severe_at.is_not(None), tickets.c.howto_at.is_not(None)
Index("ix_tickets_severe_at", tickets.c.portal, tickets.c.severe_at, sqlite_where=_SEVERE, postgresql_where=_SEVERE)
Index("ix_tickets_howto_at", tickets.c.portal, tickets.c.howto_at, sqlite_where=_HOWTO, postgresql_where=_HOWTO)
_ADVANCING = tickets.c.step_at.is_not(None)
Index("ix_tickets_step_at", tickets.c.portal, tickets.c.step_at, sqlite_where=_ADVANCING, postgresql_where=_ADVANCING)

effects = Table(
    "effects",
    metadata,
    Column("portal", String, primary_key=True),
    Column("ticket_id", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("reference", String, nullable=False),
    Column("planned_at", InstantColumn, nullable=False),
    Column("done_at", InstantColumn),
    ForeignKeyConstraint(["portal", "ticket_id"], ["tickets.portal", "tickets.ticket_id"]),
)

# Desk's type of each status in which a ticket of the portal was seen.
statuses = Table(
    "statuses",
    metadata,
    Column("portal", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("type", String, nullable=False),
)

# Promises, each once for all tickets that have the same one (L9). Rows never change.
promises = Table(
    "promises",
    metadata,
    Column("digest", String, primary_key=True),
    Column("promise", JSON, nullable=False),
)

# The clocks of a ticket at its last look. They are computed from its memory and its promise; this is a copy, for
# queries over all tickets. `next_at` is when a clock changes by itself.
clocks = Table(
    "clocks",
    metadata,
    Column("portal", String, primary_key=True),
    Column("ticket_id", String, primary_key=True),
    Column("milestone", String, primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("severity", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("started_at", InstantColumn, nullable=False),
    Column("target_at", InstantColumn),
    Column("due_at", InstantColumn),
    Column("met_at", InstantColumn),
    Column("ended_at", InstantColumn),
    Column("next_at", InstantColumn),
    ForeignKeyConstraint(["portal", "ticket_id"], ["tickets.portal", "tickets.ticket_id"]),
)
_COMING = clocks.c.next_at.is_not(None)
Index("ix_clocks_portal_next_at", clocks.c.portal, clocks.c.next_at, sqlite_where=_COMING, postgresql_where=_COMING)

# Messages about a ticket to people outside Desk, one per topic and recipient; `notice` is the key of its notice.
messages = Table(
    "messages",
    metadata,
    Column("portal", String, primary_key=True),
    Column("ticket_id", String, primary_key=True),
    Column("topic", String, primary_key=True),
    Column("channel", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("at", InstantColumn, nullable=False),
    Column("about", String, nullable=False),
    Column("line", String, nullable=False),
    # The recipients to try in turn if the channel refuses.
    Column("otherwise", JSON, nullable=False),
    Column("notice", String),
    ForeignKeyConstraint(["portal", "ticket_id"], ["tickets.portal", "tickets.ticket_id"]),
    Index(None, "portal", "notice"),
)

# Messages that are sent together. `attempts` is counted before sending: a notice with attempts that is neither sent nor
# refused may have arrived. `unheard` is the number of its messages that were left without a recipient.
notices = Table(
    "notices",
    metadata,
    Column("portal", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("channel", String, nullable=False),
    Column("address", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("lines", JSON, nullable=False),
    Column("made_at", InstantColumn, nullable=False),
    Column("due_at", InstantColumn, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("leased_until", InstantColumn),
    Column("sent_at", InstantColumn),
    Column("refused_at", InstantColumn),
    Column("error", String),
    Column("unheard", Integer, key="undelivered", nullable=False, server_default=text("0")),
)
_UNSENT = notices.c.sent_at.is_(None) & notices.c.refused_at.is_(None)
Index("ix_notices_owed", notices.c.portal, notices.c.due_at, sqlite_where=_UNSENT, postgresql_where=_UNSENT)

decisions = Table(
    "decisions",
    metadata,
    number_column(),
    Column("portal", String, nullable=False),
    Column("ticket_id", String, nullable=False),
    Column("at", InstantColumn, nullable=False),
    Column("verdict", String, nullable=False),
    Column("licences", Integer, nullable=False),
    Column("account_id", String),
    Column("snapshot_id", String),
    Column("policy_version", String, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("hands_off", Boolean, nullable=False),
    Column("questions", JSON),
    Column("suggestions", JSON),
    Column("unproven", Boolean),
    Column("fields_written", JSON, nullable=False),
    ForeignKeyConstraint(["portal", "ticket_id"], ["tickets.portal", "tickets.ticket_id"]),
    Index(None, "portal", "ticket_id", "id"),
)

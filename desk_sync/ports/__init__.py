"""What a service needs from the world. Adapters keep these promises; tests hold fakes and adapters to the same ones.

Instants are aware UTC datetimes. A method that talks to another machine raises TemporaryError or PermanentError.
"""

from desk_sync.ports.clocks import OpenClocks
from desk_sync.ports.desk import Desk, Modified, StatusChanges, Threads
from desk_sync.ports.hours import DeskHours, Kept, KeptHours
from desk_sync.ports.metrics import Backlog, Deliveries, Figures, Heartbeats
from desk_sync.ports.notices import Claimed, Notices, Notifier, Told
from desk_sync.ports.now import Now
from desk_sync.ports.partners import Learnt, Lessons, PartnerBook
from desk_sync.ports.portal import Allowance, Allowances, Budget, Credits, Pause, PortalFacts, Token, Tokens
from desk_sync.ports.related_tickets import Neighbours, Traits
from desk_sync.ports.review import Binding, Bindings, Reviews, Settled, Undecided
from desk_sync.ports.subscriptions import (
    Answers,
    Askable,
    Changes,
    Guard,
    Journal,
    Page,
    Pulled,
    Pulls,
    PullState,
    Replaced,
    Size,
    Source,
    Subscriptions,
    Units,
)
from desk_sync.ports.sweeps import Coverage, Round, Sweeps, Untold
from desk_sync.ports.tickets import (
    Inbox,
    Lease,
    Look,
    Parked,
    PastDecision,
    PastEffect,
    Pending,
    Recorded,
    TicketHistory,
    Tickets,
)

__all__ = [
    "Allowance",
    "Allowances",
    "Answers",
    "Askable",
    "Backlog",
    "Binding",
    "Bindings",
    "Budget",
    "Changes",
    "Claimed",
    "Coverage",
    "Credits",
    "Deliveries",
    "Desk",
    "DeskHours",
    "Figures",
    "Guard",
    "Heartbeats",
    "Inbox",
    "Journal",
    "Kept",
    "KeptHours",
    "Learnt",
    "Lease",
    "Lessons",
    "Look",
    "Modified",
    "Neighbours",
    "Notices",
    "Notifier",
    "Now",
    "OpenClocks",
    "Page",
    "Parked",
    "PartnerBook",
    "PastDecision",
    "PastEffect",
    "Pause",
    "Pending",
    "PortalFacts",
    "PullState",
    "Pulled",
    "Pulls",
    "Recorded",
    "Replaced",
    "Reviews",
    "Round",
    "Settled",
    "Size",
    "Source",
    "StatusChanges",
    "Subscriptions",
    "Sweeps",
    "Threads",
    "TicketHistory",
    "Tickets",
    "Token",
    "Tokens",
    "Told",
    "Traits",
    "Undecided",
    "Units",
    "Untold",
]

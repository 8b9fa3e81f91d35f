"""Values for tests: each maker returns an ordinary value; a test passes only the facts that it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from desk_sync.adapters.mapping.tickets import TicketsSection, note_policy
from desk_sync.domain.account.freshness import FreshnessPolicy, FreshnessRule
from desk_sync.domain.account.identity import (
    STRATEGIES,
    Evidence,
    EvidencePlace,
    Identifier,
    IdentifierKind,
    Lookup,
)
from desk_sync.domain.account.licence_policy import (
    AccountScope,
    CountBy,
    Exclusion,
    LicencePolicy,
    RegionBy,
    Threshold,
)
from desk_sync.domain.account.partner import PartnerOrigin, PartnerPolicy, TaggedElsewhere
from desk_sync.domain.account.subscription import Account, LicenceItem, Snapshot
from desk_sync.domain.escalation.basic_questions import QuestionRule
from desk_sync.domain.escalation.ladder import LadderCause, LadderRung, LadderSignal, SignalEffect
from desk_sync.domain.escalation.matrix import EscalationMatrix, MatrixPost
from desk_sync.domain.escalation.notice import Message
from desk_sync.domain.escalation.policy import EscalationPolicy, LadderRule, LadderTime
from desk_sync.domain.escalation.public_update import UpdateSentences, UpdateTexts
from desk_sync.domain.escalation.requests import Requester
from desk_sync.domain.escalation.staff import NoticeAddress, NoticeChannel, StaffRoster
from desk_sync.domain.escalation.triggers import RequestGate, RequestRules
from desk_sync.domain.plan.education import EducationPolicy
from desk_sync.domain.plan.memory import ClocksMemory, EscalationMemory, EvidenceMemory, FieldsMemory, Memory
from desk_sync.domain.plan.policy import EmailFill, Mode, Policy, TicketPolicy
from desk_sync.domain.ticket.event import Event, EventHint, FieldChange
from desk_sync.domain.ticket.ticket import Field, Ticket, differing, value_digest
from tests.support.clock_scenes import COMMITMENT

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ADMIN = "admin@large.example"
ROBOT = "300000000000000009"
PERSON = "300000000000000001"


def make_freshness(max_age: timedelta, *, data: timedelta | None = None, **sources: FreshnessRule) -> FreshnessPolicy:
    """Return the policy with this usual rule, and with those of single sources."""
    return FreshnessPolicy(usual=FreshnessRule(max_age=max_age, max_data_age=data), sources=sources)


FRESHNESS = make_freshness(timedelta(days=7))
LICENCES = LicencePolicy(
    thresholds={
        region: Threshold(figure=figure, inclusive=True)
        for region, figure in (("EUROPE_UK", 60), ("INDIA", 100), ("ANZ", 50))
    },
    region_of_country={"DE": "EUROPE_UK", "FR": "EUROPE_UK", "IN": "INDIA", "AU": "ANZ"},
    region_of_data_center={"EU": "EUROPE_UK", "IN": "INDIA"},
    region_by=RegionBy.CUSTOMER_COUNTRY,
    fallback_region=None,
    count=CountBy.SUM,
    per=AccountScope.SUPER_ADMIN,
    in_force=frozenset({"live", "non renewing", "dunning"}),
    unsettled=frozenset({"unpaid"}),
    ended=frozenset({"cancelled", "expired", "trial", "future"}),
    unpaid_editions=frozenset({"free", "trial"}),
    counted_units=frozenset({"users", "agents"}),
    uncounted_units=frozenset({"contacts", "storage", "plan", "light agents"}),
    user_endings=("user", "users"),
    exclusions=(
        Exclusion(name="Zoho Campaigns", names=frozenset({"campaigns"}), item_word="", item_words=frozenset()),
        Exclusion(
            name="Zoho Writer add-ons",
            names=frozenset({"writer add ons"}),
            item_word="writer",
            item_words=frozenset({"credits", "merge"}),
        ),
    ),
    services={"crm": "crm", "zcrm": "crm", "desk": "desk", "workplace": "workplace"},
    freshness=FRESHNESS,
)
TICKETS = TicketPolicy(
    severities={1: "S1-Critical", 2: "S2-Moderate", 3: "S3-Minimal"},
    severity_left_for_issues=frozenset({"feature_request", "limitation"}),
    severity_left_for_requests=frozenset(),
    severity_left_without_request=False,
    exclude_tickets_about_excluded_services=True,
    email_fill=EmailFill.ALWAYS,
    untick=True,
    automation_agents=frozenset({ROBOT}),
    write_limit=3,
    mode=Mode.WRITE,
    department_modes={},
)
PARTNERS = PartnerPolicy(
    order=tuple(PartnerOrigin), max_age=timedelta(days=1), tagged_elsewhere=TaggedElsewhere.REVIEW, mailboxes={}
)
EDUCATION = EducationPolicy(reply=False, every=timedelta(days=30), shortest_description=150, language="en", texts={})
QUESTIONS = QuestionRule(tickets=5, within=timedelta(days=30), level=4)


def make_rule(*rungs: LadderRung, **facts: Any) -> LadderRule:
    """Return the rule of a ladder with these rungs, else with level 1 alone; for every ticket."""
    return LadderRule(**{"rungs": rungs or (LadderRung(1),), "counts": LadderTime.AS_THE_CLOCK} | facts)


def make_updates(titles: Mapping[str, Mapping[int, str]] | None = None, **texts: str) -> UpdateTexts:
    """Return public texts by language whose sentences on lateness and news are empty."""
    silent = UpdateSentences(late=dict.fromkeys(LadderCause, ""), news_at="", news="")
    return UpdateTexts(texts=texts, titles=titles or {}, sentences=dict.fromkeys(texts, silent))


ESCALATION = EscalationPolicy(
    matrix=EscalationMatrix(
        cells={
            "EUROPE_UK": {
                1: (MatrixPost("desk"),),
                2: (MatrixPost("lead"),),
                3: (MatrixPost("manager"),),
                4: (MatrixPost("pam"),),
            }
        }
    ),
    staff=StaffRoster(roles={"desk": (), "lead": (), "manager": (), "pam": ()}),
    rules=(make_rule(LadderRung(1), LadderRung(2, timedelta(hours=2)), LadderRung(3, timedelta(hours=4))),),
    answers={
        cause: {LadderSignal.REPLY: SignalEffect.STOP, LadderSignal.CLOSING: SignalEffect.STOP} for cause in LadderCause
    },
    actions={},
    requests=RequestRules(
        statuses=frozenset(),
        tags=frozenset(),
        gates=dict.fromkeys(Requester, RequestGate.AFTER_RESPONSE_TIME),
    ),
    overrun=None,
    clusters=(),
    questions=None,
    infers_security=True,
    fallback_agent=None,
    late=timedelta(minutes=15),
    digest=timedelta(minutes=1),
    updates=UpdateTexts(),
    at_risk=frozenset(),
)
POLICY = Policy(
    version="p1",
    licences=LICENCES,
    tickets=TICKETS,
    commitment=COMMITMENT,
    escalation=ESCALATION,
    strategies=STRATEGIES,
    partners=PARTNERS,
    shown=frozenset(),
    education=EDUCATION,
    notes=note_policy(TicketsSection()),
)


def make_item(quantity: int = 1, **facts: Any) -> LicenceItem:
    return LicenceItem(
        **{
            "subscription_id": "9001",
            "service": "Zoho CRM",
            "name": "CRM Enterprise",
            "unit": "users",
            "status": "live",
            "edition": "CRM Enterprise crm-enterprise",
            "quantity": quantity,
        }
        | facts
    )


def make_account(licences: int = 88, **facts: Any) -> Account:
    return Account(
        **{
            "account_id": "A1",
            "super_admin_email": ADMIN,
            "items": (make_item(licences),),
            "countries": ("DE",),
            "domain": "large.example",
        }
        | facts
    )


def make_snapshot(age: timedelta = timedelta(hours=1), **facts: Any) -> Snapshot:
    return Snapshot(**{"snapshot_id": "s1", "source": "file", "imported_at": NOW - age} | facts)


def make_ticket(**facts: Any) -> Ticket:
    email = facts.get("customer_primary_email", ADMIN)
    return Ticket(
        **{
            "ticket_id": "100000000000000001",
            "department_id": "200000000000000001",
            "status": "Open",
            "request_type": "TECHNICAL_SUPPORT",
            "customer_primary_email": email,
            "evidence": (make_evidence(email),) if email else (),
            "modified_by": PERSON,
        }
        | facts
    )


def make_lookup(account: Account | None = None, *, age: timedelta = timedelta(hours=1), **facts: Any) -> Lookup:
    led_by = frozenset({EvidencePlace.FIELD} if account else ())
    return Lookup(**{"account": account, "reasons": (), "snapshot": make_snapshot(age), "led_by": led_by} | facts)


def make_evidence(value: str, *kinds: IdentifierKind, place: EvidencePlace = EvidencePlace.FIELD) -> Evidence:
    """Return one piece of evidence: an address, unless other kinds are named."""
    return Evidence(place, tuple(Identifier(kind, value) for kind in kinds or (IdentifierKind.EMAIL,)))


def make_event(*, changed: Iterable[Field] = (), **facts: Any) -> Event:
    """Return an event; of the fields `changed` it does not show to which values."""
    usual = {
        "key": "k1",
        "type": "Ticket_Update",
        "hint": EventHint.STATE,
        "ticket_id": "100000000000000001",
        "occurred_at": NOW,
        "actor_id": PERSON,
        "changes": {name: FieldChange(before="unknown", after="unknown") for name in changed},
    }
    return Event(**usual | facts)


def changes(before: Ticket, after: Ticket) -> dict[Field, FieldChange]:
    """Return the changes between two states of a ticket, as an event reports them."""
    return {
        name: FieldChange(
            before=value_digest(before, name, before.value(name)), after=value_digest(after, name, after.value(name))
        )
        for name in differing(before, after)
    }


def changed(before: Ticket, after: Ticket, *, by: str | None = PERSON, **facts: Any) -> Event:
    """Return an update of a ticket by the agent `by`."""
    return make_event(**{"state": "new", "before": "old", "actor_id": by, "changes": changes(before, after)} | facts)


def make_message(**facts: Any) -> Message:
    usual = {
        "ticket_id": "T1",
        "topic": "escalation:1:1",
        "to": NoticeAddress(NoticeChannel.MAIL, "ada@desk.example"),
        "at": NOW,
    }
    return Message(**usual | {"about": "T1", "line": "line"} | facts)


def make_memory(**facts: Any) -> Memory:
    """A memory whose facts are named without their rooms."""
    rooms = {"fields": FieldsMemory, "clocks": ClocksMemory, "escalation": EscalationMemory, "evidence": EvidenceMemory}
    parts = {
        room: kind(**{name: facts.pop(name) for name in [each.name for each in fields(kind)] if name in facts})
        for room, kind in rooms.items()
    }
    return Memory(**parts, **facts)

"""The shape of a scenario file: the tickets that come in and the steps of people and programs, with their instants.

An instant is ISO 8601 with its zone, or the time since the start: `+2h30m`. Fields have our words as names.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from desk_sync.adapters.mapping.types import Country, DataCenter, IssueType, Level, RequestType
from desk_sync.adapters.mapping.types import Text as Word
from desk_sync.adapters.yaml.problems import MappingSection, mistake
from desk_sync.simulated_desk.faults import FieldFault
from desk_sync.simulation.scenario_types import (
    ActorName,
    AgentName,
    ChannelName,
    Day,
    Email,
    ErrorCode,
    Instant,
    QuirkName,
    ScenarioValue,
    Share,
    Shift,
    SourceQuirkName,
    SourceTrouble,
    Span,
    Status,
    ThreadState,
    When,
)


class PortalShape(MappingSection):
    """The portal; `quirks` are names from `desk-sync simulator --list-quirks`."""

    data_center: DataCenter = "eu"
    quirks: list[QuirkName] = Field(default_factory=list)


class SourcesShape(MappingSection):
    """The simulated source that the product pulls instead of the account file, with its limits and quirks."""

    kind: Literal["billing", "store", "mail"]
    quirks: list[SourceQuirkName] = Field(default_factory=list)
    per_minute: Annotated[int, Field(ge=1)] = 100
    per_day: Annotated[int, Field(ge=1)] = 2500


class PartnerShape(MappingSection):
    """The partner who writes, with the facts of its account in Desk; `language` is the ticket's."""

    email: Email = "help@partner.example"
    name: Word | None = None
    country: Country | None = None
    state: Word | None = None
    tier: Word | None = None
    contract_until: Day | None = None
    language: Word | None = None


class OpenedTicket(MappingSection):
    key: Word
    at: When = timedelta(0)
    partner: PartnerShape = PartnerShape()
    desk_fields: dict[Word, ScenarioValue] = Field(default={}, alias="fields")
    request_type: RequestType | None = None
    issue_type: IssueType | None = None
    product: Word | None = None
    severity: Level | None = None
    status: Word | None = None
    channel: ChannelName = "Email"
    subject: str = "Records are not saved"
    body: str = "Since this morning, saving a record fails."
    attachments: list[Word] = Field(default_factory=list)


class ScenarioStep(MappingSection):
    """A step of the scenario at an instant."""

    at: When


class OnTicket(ScenarioStep):
    ticket: Word


class Written(OnTicket):
    """A step that adds a reply or a comment; later steps name it by its `id`."""

    made_id: Word | None = Field(default=None, alias="id")


class AgentReply(Written):
    agent_reply: Word
    by: AgentName = "agent"
    status: ThreadState | None = None


class CustomerReply(Written):
    customer_reply: str
    attachments: list[Word] = Field(default_factory=list)


class NoteStep(Written):
    note: Word
    by: AgentName = "agent"


class PublicComment(Written):
    public_comment: Word
    by: AgentName = "agent"


class CommentStep(Written):
    comment: Word
    public: bool = False
    by: ActorName = "agent"


class ThreadChange(MappingSection):
    """The new state of a reply that an earlier step made."""

    made_id: Word = Field(alias="id")
    status: ThreadState


class ThreadStep(OnTicket):
    thread: ThreadChange


class EditStep(OnTicket):
    """A change of a comment that an earlier step made."""

    edit: Word
    text: Word | None = None
    public: bool | None = None
    by: ActorName = "agent"


class DeleteStep(OnTicket):
    delete: Word
    by: AgentName = "agent"


class SetStep(OnTicket):
    values: Annotated[dict[Word, ScenarioValue], Field(min_length=1, alias="set")]
    by: ActorName = "agent"


class CloseStep(OnTicket):
    close: Literal[True]
    by: ActorName = "agent"


class ReopenStep(OnTicket):
    reopen: Literal[True]
    by: ActorName = "agent"


class AssignStep(OnTicket):
    assign: AgentName | None
    by: ActorName = "agent"


class MoveStep(OnTicket):
    move: Literal["Partner Support", "Partner Operations"]
    by: ActorName = "agent"


class TrashStep(OnTicket):
    trash: Literal[True]


class RestoreStep(OnTicket):
    restore: Literal[True]


class SpamStep(OnTicket):
    spam: Literal[True]


class MergeStep(OnTicket):
    """The ticket `merge` is merged into the step's ticket, and is gone."""

    merge: Word


class DeactivateStep(ScenarioStep):
    """An agent is disabled."""

    deactivate: Literal["agent", "colleague"]


class AccountsStep(ScenarioStep):
    accounts: Word


class MappingStep(ScenarioStep):
    """The product is started again with another mapping."""

    mapping: Word


class FaultsOfDesk(MappingSection):
    """Faults of the simulated Desk; see `desk_sync.simulated_desk.faults`. Tickets by key, fields by our words."""

    seed: int = 0
    drop: Share = 0.0
    duplicate: Share = 0.0
    reorder: bool = False
    status: Status | None = None
    code: ErrorCode | None = None
    html: bool = False
    unreadable: bool = False
    padding: Annotated[int, Field(ge=0)] = 0
    reset: bool = False
    hang: bool = False
    after: bool = False
    share: Share = 1.0
    calls: list[Word] = Field(default_factory=list)
    tickets: list[Word] = Field(default_factory=list)
    partners_of: list[Word] = Field(default_factory=list)
    refusals: dict[Word, FieldFault] = Field(default={}, alias="fields")


class FaultsStep(ScenarioStep):
    faults: FaultsOfDesk
    lasts: Span = Field(alias="for")


class DatabaseStep(ScenarioStep):
    """The product's database is again as it was at an instant, or empty: the product is started on it."""

    database: Literal["restored", "lost"]
    as_of: When | None = None

    @model_validator(mode="after")
    def _as_of_is_known(self) -> DatabaseStep:
        if (self.database == "restored") is (self.as_of is None):
            raise mistake("a restored database needs `as_of`, a lost one has none")
        return self


class RedisStep(ScenarioStep):
    """Redis is empty: its rings are lost."""

    redis: Literal["lost"]


class SourceStep(ScenarioStep):
    """The source is down, or has a quirk; a quirk needs a simulated source."""

    source: SourceTrouble
    lasts: Span = Field(alias="for")


_ACTIONS = {
    "agent_reply",
    "customer_reply",
    "note",
    "public_comment",
    "comment",
    "thread",
    "edit",
    "delete",
    "set",
    "close",
    "reopen",
    "assign",
    "move",
    "trash",
    "restore",
    "spam",
    "merge",
    "deactivate",
    "accounts",
    "mapping",
    "faults",
    "source",
    "database",
    "redis",
}


def _action(step: object) -> str | None:
    """Return the action of a step in brackets, so that it is left out of the path of a mistake."""
    actions = sorted(_ACTIONS & step.keys()) if isinstance(step, dict) else []
    return f"[{actions[0]}]" if actions else None


AnyStep = Annotated[
    Annotated[AgentReply, Tag("[agent_reply]")]
    | Annotated[CustomerReply, Tag("[customer_reply]")]
    | Annotated[NoteStep, Tag("[note]")]
    | Annotated[PublicComment, Tag("[public_comment]")]
    | Annotated[CommentStep, Tag("[comment]")]
    | Annotated[ThreadStep, Tag("[thread]")]
    | Annotated[EditStep, Tag("[edit]")]
    | Annotated[DeleteStep, Tag("[delete]")]
    | Annotated[SetStep, Tag("[set]")]
    | Annotated[CloseStep, Tag("[close]")]
    | Annotated[ReopenStep, Tag("[reopen]")]
    | Annotated[AssignStep, Tag("[assign]")]
    | Annotated[MoveStep, Tag("[move]")]
    | Annotated[TrashStep, Tag("[trash]")]
    | Annotated[RestoreStep, Tag("[restore]")]
    | Annotated[SpamStep, Tag("[spam]")]
    | Annotated[MergeStep, Tag("[merge]")]
    | Annotated[DeactivateStep, Tag("[deactivate]")]
    | Annotated[AccountsStep, Tag("[accounts]")]
    | Annotated[MappingStep, Tag("[mapping]")]
    | Annotated[FaultsStep, Tag("[faults]")]
    | Annotated[SourceStep, Tag("[source]")]
    | Annotated[DatabaseStep, Tag("[database]")]
    | Annotated[RedisStep, Tag("[redis]")],
    Discriminator(
        _action,
        custom_error_type="mistake",
        custom_error_message=f"a step does one of these: {', '.join(sorted(_ACTIONS))}",
        custom_error_context={"meant": None},
    ),
]


class ScenarioShape(MappingSection):
    """The content of a scenario file. `until` is its last instant; `host_clock` is ahead of Desk's clock, or behind."""

    start: Instant
    until: When
    mapping: Word = "partner_support"
    accounts: Word | None = None
    sources: SourcesShape | None = None
    host_clock: Shift = timedelta(0)
    portal: PortalShape = PortalShape()
    tickets: list[OpenedTicket] = Field(default_factory=list)
    steps: list[AnyStep] = Field(default_factory=list)

    def instant(self, at: datetime | timedelta) -> datetime:
        return self.start + at if isinstance(at, timedelta) else at

    @property
    def opened(self) -> list[datetime]:
        """The instants at which tickets are opened, and the start."""
        return [self.start, *(self.instant(ticket.at) for ticket in self.tickets)]

    @property
    def statuses(self) -> list[str]:
        """The names of the statuses that tickets get, as they are written here."""
        set_to = [step.values.get("status") for step in self.steps if isinstance(step, SetStep)]
        return [name for name in (*(each.status for each in self.tickets), *set_to) if isinstance(name, str)]

    @property
    def files(self) -> Mapping[tuple[object, ...], str]:
        """The names of the account files, by their paths in the document."""
        files: dict[tuple[object, ...], str] = {("accounts",): self.accounts} if self.accounts else {}
        for place, step in enumerate(self.steps):
            if isinstance(step, AccountsStep):
                files["steps", place, "accounts"] = step.accounts
        return files

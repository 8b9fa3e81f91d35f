"""The open questions about a ticket, in words, each with the act that settles it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Protocol

from desk_sync.domain.commitment.regions import RegionBasis
from desk_sync.domain.plan.decision import PARTNER_UNKNOWN, REGION_UNKNOWN, SuggestedAccount
from desk_sync.domain.reason import Reason


class UndecidedTicket(Protocol):
    """A decision, or an entry of the review list, as far as its questions follow from it."""

    @property
    def verdict(self) -> str: ...
    @property
    def account_id(self) -> str | None: ...
    @property
    def reasons(self) -> Sequence[Reason]: ...
    @property
    def questions(self) -> Sequence[str]: ...
    @property
    def suggestions(self) -> Sequence[SuggestedAccount]: ...


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question, and what settles it: TICKET stands for the ticket's id, PARTNER for its partner."""

    text: str
    settle: str

    def settle_for(self, ticket_id: str, partner: str | None = None) -> str:
        """Return what settles it for this ticket, quoted for a shell; PARTNER stays where the partner is not known."""
        return self.settle.replace("TICKET", ticket_id).replace("PARTNER", quote(partner) if partner else "PARTNER")


_EXPLAIN = "`desk-sync explain TICKET` has the reasons"
_DISMISS = "`desk-sync review dismiss TICKET` takes the ticket off the list"

WHICH_ACCOUNT = OpenQuestion(
    "which account the ticket is about",
    "enter the super admin's address in Customer Primary Email Address, or `desk-sync review bind ticket:TICKET "
    "ACCOUNT_ID`; an address or an id is bound for all tickets by `desk-sync review bind IDENTIFIER ACCOUNT_ID`",
)
NO_DATA = OpenQuestion(
    "what the account has bought, as there are no current subscription data",
    "import or pull new data: `desk-sync subscriptions status` shows each source",
)
WHOSE_CUSTOMER = OpenQuestion(
    "which partner the customer belongs to",
    f"correct the partner in the subscription data, or set box and severity by hand; {_DISMISS}",
)
HOW_MANY = OpenQuestion(
    "whether the account's licences reach the threshold",
    f"correct the subscription data, or set box and severity by hand; {_DISMISS}",
)
_PLACE = "`desk-sync review place PARTNER COUNTRY` settles it for all tickets of the partner"
_SETTLED_BY: Mapping[str, str] = {
    PARTNER_UNKNOWN: f"{_PLACE}, or give the ticket's contact an account in Desk",
    REGION_UNKNOWN[RegionBasis.PARTNER_COUNTRY]: _PLACE,
    REGION_UNKNOWN[RegionBasis.CUSTOMER_COUNTRY]: "enter the country in the subscription data, or the country's "
    "escalation region in the mapping",
    REGION_UNKNOWN[RegionBasis.DATA_CENTER]: "enter the data centre's escalation region in the mapping",
}


def open_questions(asked: UndecidedTicket) -> Iterator[OpenQuestion]:
    """Yield the questions, the one about the verdict first; none for a ticket about which everything is decided."""
    if asked.verdict in ("REVIEW", "UNKNOWN"):
        yield _about_the_verdict(asked)
    for text in asked.questions:
        yield OpenQuestion(text, _SETTLED_BY.get(text, f"{_EXPLAIN}; {_DISMISS}"))


def _about_the_verdict(asked: UndecidedTicket) -> OpenQuestion:
    if asked.account_id is None:
        return NO_DATA if any(map(_is_about_data, asked.reasons)) else WHICH_ACCOUNT
    tagged_elsewhere = any(each.rule == "R8" and "must decide" in each.text for each in asked.reasons)
    return WHOSE_CUSTOMER if tagged_elsewhere else HOW_MANY


def _is_about_data(reason: Reason) -> bool:
    """Return True for the reason that subscription data are missing or out of date."""
    return reason.text.startswith(("unknown since ", "no subscription data "))

"""The actors of a scenario in the simulated Desk: partners, who open tickets, agents, and another program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from desk_sync.errors import PermanentError
from desk_sync.simulated_desk.portal.portal import SimulatedPortal
from desk_sync.simulated_desk.portal.seed import CREATED_AT, Record
from desk_sync.simulated_desk.portal.ticket import DeskTicket
from desk_sync.simulation.scenario_shape import OpenedTicket, PartnerShape
from desk_sync.simulation.scenario_types import ActorName, ScenarioValue
from desk_sync.simulation.vocabulary import ScenarioVocabulary


@dataclass(frozen=True, slots=True)
class MadeRecord:
    """A reply or a comment that a step with an `id` made."""

    record_id: str
    is_comment: bool


@dataclass(frozen=True, slots=True)
class ScenarioActors:
    """The actors of one portal. `agents` has ids by the scenario's names, `tickets` has tickets by its keys."""

    portal: SimulatedPortal
    vocabulary: ScenarioVocabulary
    agents: Mapping[str, str]
    tickets: dict[str, DeskTicket] = field(default_factory=dict)
    _made: dict[str, MadeRecord] = field(default_factory=dict)
    _contacts: dict[str, Record] = field(default_factory=dict)
    _accounts: dict[str, Record] = field(default_factory=dict)

    def open(self, opened: OpenedTicket) -> None:
        """Open a ticket as its partner."""
        contact = self._contact(opened.partner)
        values: dict[str, ScenarioValue] = {
            "subject": opened.subject,
            "description": opened.body,
            "language": opened.partner.language,
            "request_type": opened.request_type,
            "issue_type": opened.issue_type,
            "product": opened.product,
            "severity": opened.severity,
            "status": opened.status,
        }
        given = {word: value for word, value in values.items() if value is not None}
        body = self.vocabulary.request_body(given | opened.desk_fields)
        body |= {"departmentId": self.portal.department_id, "contactId": contact["id"], "channel": opened.channel}
        ticket = self.tickets[opened.key] = self.portal.open_ticket(body, by=contact["id"])
        self.portal.attach(ticket.ticket_id, opened.attachments)

    def change(self, key: str, values: dict[str, ScenarioValue], by: ActorName) -> None:
        """Set fields of a ticket as an actor."""
        self.portal.change_ticket(self.ticket_id(key), self.vocabulary.request_body(values), by=self.author_id(by, key))

    def ticket_id(self, key: str) -> str:
        """Return the id of a ticket. Raises PermanentError for a key whose ticket is not open yet."""
        if key not in self.tickets:
            raise PermanentError(f"there is no ticket {key} yet", hint=f"open are: {', '.join(self.tickets) or 'none'}")
        return self.tickets[key].ticket_id

    def partner_ids(self, key: str) -> Iterable[str]:
        """Return the ids of a ticket's contact and account."""
        record = self.portal.ticket(self.ticket_id(key)).record
        return filter(None, (record["contactId"], record["accountId"]))

    def remember(self, made_id: str | None, record: Record, *, comment: bool) -> None:
        """Record the reply or comment that a step made, if the step has an id."""
        if made_id:
            self._made[made_id] = MadeRecord(record["id"], comment)

    def made(self, made_id: str) -> MadeRecord:
        """Return a reply or comment by its id. Raises PermanentError for an unknown one."""
        try:
            return self._made[made_id]
        except KeyError:
            known = ", ".join(self._made) or "none"
            raise PermanentError(f"no step before has made {made_id}", hint=f"made with an id: {known}") from None

    def delete(self, made_id: str, ticket_id: str, *, by: str) -> None:
        """Delete a reply or a comment as an agent."""
        made = self.made(made_id)
        remove = self.portal.remove_comment if made.is_comment else self.portal.remove_thread
        remove(ticket_id, made.record_id, by=by)

    def author_id(self, by: ActorName, key: str) -> str:
        """Return the id of an agent; for `partner`, of the ticket's contact."""
        if by == "partner":
            contact: str = self.tickets[key].record["contactId"]
            return contact
        return self.agents[by]

    def _contact(self, partner: PartnerShape) -> Record:
        if partner.email not in self._contacts:
            account = self._account(partner)
            name = partner.name or "Help desk"
            contact = self.portal.add_contact(name, partner.email, account_id=account["id"], country=partner.country)
            self._contacts[partner.email] = contact
        return self._contacts[partner.email]

    def _account(self, partner: PartnerShape) -> Record:
        """Return the account of the partner's e-mail domain, with the fields that the mapping names."""
        domain = partner.email.rpartition("@")[2]
        if domain not in self._accounts:
            name, fields = partner.name or domain, self._account_fields(partner)
            account = self.portal.add_account(name, website=f"https://{domain}", **fields)
            self._accounts[domain] = account
            if partner.contract_until:
                self.portal.add_contract(account["id"], start=CREATED_AT[:10], end=partner.contract_until.isoformat())
        return self._accounts[domain]

    def _account_fields(self, partner: PartnerShape) -> Record:
        names = self.vocabulary.mapping.vocabulary.account_fields
        fields = {
            names.country or "country": partner.country,
            names.state or "state": partner.state,
            names.tier or "cf_partner_tier": partner.tier,
        }
        custom = {name: value for name, value in fields.items() if name.startswith("cf_")}
        return {name: value for name, value in fields.items() if name not in custom} | {"cf": custom}

"""Who acts in the simulated Desk besides us: partners and their customers' tickets, agents, another program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from desk_sync.simulated_desk.portal import SimulatedPortal
from desk_sync.simulated_desk.seed import BORN, Record
from desk_sync.simulated_desk.ticket import DeskTicket
from desk_sync.simulation.scenario_shape import Anybody, OpenedTicket, PartnerShape, Said
from desk_sync.simulation.vocabulary import ScenarioWords


@dataclass(frozen=True, slots=True)
class ScenarioActors:
    """The people of one portal. `agents` are ids by the scenario's words, `tickets` are by its keys."""

    portal: SimulatedPortal
    words: ScenarioWords
    agents: Mapping[str, str]
    tickets: dict[str, DeskTicket] = field(default_factory=dict)
    _contacts: dict[str, Record] = field(default_factory=dict)
    _accounts: dict[str, Record] = field(default_factory=dict)

    def open(self, wanted: OpenedTicket) -> None:
        """A partner opens a ticket."""
        contact = self._contact(wanted.partner)
        said: dict[str, Said] = {
            "subject": wanted.subject,
            "description": wanted.body,
            "language": wanted.partner.language,
            "request_type": wanted.request_type,
            "issue_type": wanted.issue_type,
            "product": wanted.product,
            "severity": wanted.severity,
        }
        body = self.words.sent({word: value for word, value in said.items() if value is not None} | wanted.desk_fields)
        body |= {"departmentId": self.portal.department_id, "contactId": contact["id"], "channel": "Email"}
        self.tickets[wanted.key] = self.portal.open_ticket(body, by=contact["id"])

    def change(self, key: str, said: dict[str, Said], by: Anybody) -> None:
        """Somebody sets fields."""
        self.portal.change_ticket(self.id_of(key), self.words.sent(said), by=self.who(by, key))

    def id_of(self, key: str) -> str:
        return self.tickets[key].ticket_id

    def who(self, by: Anybody, key: str) -> str:
        """The id of an agent, or of the ticket's contact."""
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
        """One for each domain that partners write from, with the fields that the mapping names."""
        domain = partner.email.rpartition("@")[2]
        if domain not in self._accounts:
            name, said = partner.name or domain, self._said_of(partner)
            account = self.portal.add_account(name, website=f"https://{domain}", **said)
            self._accounts[domain] = account
            if partner.contract_until:
                self.portal.add_contract(account["id"], start=BORN[:10], end=partner.contract_until.isoformat())
        return self._accounts[domain]

    def _said_of(self, partner: PartnerShape) -> Record:
        names = self.words.mapping.vocabulary.account_fields
        said = {
            names.country or "country": partner.country,
            names.state or "state": partner.state,
            names.tier or "cf_partner_tier": partner.tier,
        }
        custom = {name: value for name, value in said.items() if name.startswith("cf_")}
        return {name: value for name, value in said.items() if name not in custom} | {"cf": custom}

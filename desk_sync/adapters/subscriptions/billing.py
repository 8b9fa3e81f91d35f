"""Zoho Billing: customers, their subscriptions, and the licence items of each subscription.

The filters `email=` and `customer_id=` are undocumented, so every returned row is compared with the query: a row of
another customer is dropped, or the look-up is refused. A pull uses neither (`billing_run`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from desk_sync.adapters.subscriptions.billing_reader import PAGE, BillingReader
from desk_sync.adapters.subscriptions.billing_run import BillingRun, address_of, customer_id_of, whole_account
from desk_sync.adapters.subscriptions.lenient import Raw
from desk_sync.adapters.subscriptions.zoho_api import LOOKUP_TIMEOUT, ZohoApi
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.domain.account.subscription import Account
from desk_sync.errors import PermanentError
from desk_sync.ports.subscriptions import CheckpointStore, PulledAccounts, UnitStore

ORGANISATION_HEADER = "X-com-zoho-subscriptions-organizationid"
MOST_LOOKED_AT = 3 * PAGE
"""A look-up whose answer has more customers than this was not filtered by the address."""


class BillingSource:
    """A Billing organisation as a source. Each customer is one account."""

    kinds = frozenset({IdentifierKind.EMAIL})

    def __init__(self, api: ZohoApi, *, units: UnitStore, data_center: str = "") -> None:
        self._api = api
        self._units = units
        self._data_centers = (data_center.upper(),) if data_center else ()

    def pull(self, checkpoints: CheckpointStore) -> PulledAccounts:
        run = BillingRun(BillingReader(self._api.working(checkpoints.work), self._units), checkpoints)
        accounts = (replace(each, data_centers=self._data_centers) for each in run.accounts())
        return PulledAccounts(accounts=accounts, problems=run.problems)

    def ask(self, identifier: Identifier) -> Sequence[Account]:
        reader = BillingReader(self._api.within(LOOKUP_TIMEOUT), self._units)
        return [self._account(reader, row) for row in self._customers_of(reader, identifier.value)]

    def _customers_of(self, reader: BillingReader, address: str) -> Sequence[Raw]:
        """Return the customers with exactly this address; Billing can return others."""
        found: dict[str, Raw] = {}
        for number, row in enumerate(reader.listed("/customers", "customers", "customer_id", email=address)):
            if number >= MOST_LOOKED_AT:
                raise PermanentError(f"Billing does not filter customers by address: more than {MOST_LOOKED_AT} match")
            if address_of(row) == address:
                found[customer_id_of(row)] = row
        return list(found.values())

    def _account(self, reader: BillingReader, customer: Raw) -> Account:
        customer_id = customer_id_of(customer)
        if not customer_id:
            raise PermanentError("Billing returned a customer without an id")
        pieces = [piece.account for piece in reader.subscriptions_of(customer_id)]
        found = whole_account(customer_id, address_of(customer) or "", (), pieces)
        return replace(found, data_centers=self._data_centers)

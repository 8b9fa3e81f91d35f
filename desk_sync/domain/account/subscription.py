"""What a customer has bought: accounts, their licence items, and the snapshot that they were read from.

Quantities are whole numbers of the item's unit. One account stands for one super-admin address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceItem:
    """One line of a subscription: its plan, or one of its add-ons.

    `edition` is the name and code of the subscription's plan, which tell a free edition or a trial.
    `status` is the subscription's word (Zoho Billing); `paid` is false for free, trial and complimentary seats.
    """

    subscription_id: str
    service: str
    name: str
    quantity: int
    unit: str
    status: str
    code: str = ""
    edition: str = ""
    paid: bool = True

    def __post_init__(self) -> None:
        if self.quantity < 0:
            raise ValueError(f"subscription {self.subscription_id}: quantity {self.quantity} is negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One complete import of a source; not `in_full`: only what it said when it was asked for one account.

    Its age counts from `imported_at`, never from `as_of` (what the data say).
    """

    snapshot_id: str
    source: str
    imported_at: datetime
    as_of: date | None = None
    in_full: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The end customer's Zoho account. More than one country or region means that its rows disagree.

    `countries` are ISO 3166-1 alpha-2 codes; `regions` are the names that the data state, if any;
    `domain` is None where it is a public mail provider's; `other_domains` are verified too.
    `origin` is the snapshot that it was read from; the sources in `also_in`, which come later, have it too.
    `bound_at` is when a person bound the identifier by which it was found to it.
    """

    account_id: str
    super_admin_email: str
    items: tuple[LicenceItem, ...]
    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    data_centers: tuple[str, ...] = ()
    domain: str | None = None
    zoids: tuple[str, ...] = ()
    zgids: tuple[str, ...] = ()
    zuids: tuple[str, ...] = ()
    partner_domain: str | None = None
    tagged: bool = True
    other_domains: tuple[str, ...] = ()
    origin: Snapshot | None = field(default=None, compare=False)
    also_in: tuple[str, ...] = field(default=(), compare=False)
    bound_at: datetime | None = field(default=None, compare=False)


def combine(account: Account, others: Sequence[Account]) -> Account:
    """`account` with the items of the other accounts on its domain (setting of C18); as old as the oldest of them."""
    together = (account, *others)
    origins = [each.origin for each in together if each.origin]
    return replace(
        account,
        items=tuple(item for each in together for item in each.items),
        origin=min(origins, key=lambda origin: origin.imported_at, default=None),
    )

"""Subscription data: accounts, their licence items, and the snapshot that they were read from.

Quantities are whole numbers of the item's unit, None if the data do not give the number. An account has one super
admin, with one e-mail address.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceItem:
    """One line of a subscription: its plan, or one of its add-ons.

    `edition` is the name and code of the subscription's plan, by which a free edition or a trial is recognised.
    `status` is the subscription's status in Zoho Billing; `paid` is false for free, trial and complimentary licences.
    """

    subscription_id: str
    service: str
    name: str
    quantity: int | None
    unit: str
    status: str
    code: str = ""
    edition: str = ""
    paid: bool = True

    def __post_init__(self) -> None:
        if self.quantity is not None and self.quantity < 0:
            raise ValueError(f"subscription {self.subscription_id}: quantity {self.quantity} is negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestedSubscription:
    """A subscription about which there is a `doubt`. Each of the `readings` may be the true one."""

    subscription_id: str
    readings: tuple[tuple[LicenceItem, ...], ...]
    doubt: str = "rows of one date differ about"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One complete import of a source. If it is not `in_full`, it is the answer to a lookup of one account.

    `as_of` is the date in the data, None if they state none. How long it is valid: `freshness`.
    """

    snapshot_id: str
    source: str
    imported_at: datetime
    as_of: date | None = None
    in_full: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The end customer's Zoho account. If it has more than one country or region, its rows disagree.

    `super_admin_email` is "" if the source has none; such an account is found by its organisations (`zoids`).
    `countries` are ISO 3166-1 alpha-2 codes; `regions` are the region names in the data, if any.
    `domain` is None if it is a public mail provider's; `other_domains` are verified too.
    `partner_domain` is the domain of the partner that the account is tagged to; `tagged` is false if the data say that
    it has no partner. The items of `contested` subscriptions are not in `items`. `origin` is the snapshot that it was
    read from; the sources in `also_in`, which come later in the order of sources, have the account too. `bound_at` is
    when a person bound the identifier by which it was found.
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
    contested: tuple[ContestedSubscription, ...] = ()
    origin: Snapshot | None = field(default=None, compare=False)
    also_in: tuple[str, ...] = field(default=(), compare=False)
    bound_at: datetime | None = field(default=None, compare=False)


def combine(account: Account, others: Sequence[Account], stale_at: Callable[[Snapshot], datetime]) -> Account:
    """Return `account` with the subscriptions of the others on its domain (C18).

    Its origin is the one of all origins that is out of date first, by `stale_at`.
    """
    together = (account, *others)
    origins = [each.origin for each in together if each.origin]
    return replace(
        account,
        items=tuple(item for each in together for item in each.items),
        contested=tuple(subscription for each in together for subscription in each.contested),
        origin=min(origins, key=stale_at, default=None),
    )

"""A partner as Desk shows it: an account of the portal, and its support contracts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from desk_sync.adapters.desk.raw import Raw, field, object_in, readable, text
from desk_sync.adapters.desk.raw import identifier as id_in
from desk_sync.adapters.desk.vocabulary import AccountFields
from desk_sync.adapters.text import identifiers
from desk_sync.adapters.text.countries import country_code
from desk_sync.domain.account.partner import Partner

_BETWEEN = re.compile(r"[\s,;|]+")
_BETWEEN_ADDRESSES = re.compile(r"[\s<>,;\"]+")
_AROUND_HOST = re.compile(r"^[a-z][a-z0-9+.-]*://(?:www\.)?|^www\.|[/?#:].*$", re.IGNORECASE)


def read_partner(account: Raw, contracts: Raw, names: AccountFields) -> Partner:
    """Return the partner in an account's REST answer. Unknown countries and invalid domains are left out."""
    name = text(account.get("accountName"))
    until = _day(field(account, names.contract_until))
    return Partner(
        name=name or id_in(account, "id") or "",
        country=country_code(field(account, names.country) or ""),
        state=field(account, names.state),
        tier=field(account, names.tier),
        domains=frozenset(_domains(account, names.domains)),
        contract_until=max(filter(None, (until, *_ends(contracts))), default=None),
    )


def account_of(contact: Raw) -> str | None:
    """Return the id of the account that a contact belongs to."""
    return id_in(contact, "accountId") or id_in(object_in(contact, "account"), "id")


def mailboxes(thread: Raw) -> Sequence[str]:
    """Return the addresses that a thread was sent to, in normal form; none if it is not a mail."""
    written = _BETWEEN_ADDRESSES.split(text(thread.get("to")) or "")
    return [address for each in written if (address := identifiers.email(each))]


def _domains(account: Raw, names: Sequence[str]) -> Iterator[str]:
    """Yield the domains in the fields; one may hold several, or a link. Public mail providers are left out."""
    for name in names:
        for written in _BETWEEN.split(field(account, name) or ""):
            domain = identifiers.domain(_AROUND_HOST.sub("", _AROUND_HOST.sub("", written)))
            if domain and not identifiers.is_public_mail(domain):
                yield domain


def _ends(contracts: Raw) -> Iterator[date | None]:
    return iter(readable(contracts, lambda each: _day(text(each.get("endDate"))), "contract"))


def _day(written: str | None) -> date | None:
    """Return the date of a text yyyy-MM-dd, also at the start of an instant; None for anything else."""
    try:
        return date.fromisoformat((written or "")[:10])
    except ValueError:
        return None

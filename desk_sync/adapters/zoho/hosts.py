"""Zoho's hosts, the only ones that its tokens may be sent to (L12).

A portal belongs to one data centre; its Desk and its accounts server use that centre's domain.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from desk_sync.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class DataCenter:
    """The hosts of one data centre; `apis` is empty if it is unknown."""

    desk: str
    accounts: str
    store: str
    mail: str
    apis: str = ""


def _on(domain: str, apis: str = "") -> DataCenter:
    return DataCenter(f"desk.{domain}", f"accounts.{domain}", f"store.{domain}", f"mail.{domain}", apis)


DATA_CENTERS = {
    "us": _on("zoho.com", "www.zohoapis.com"),
    "eu": _on("zoho.eu", "www.zohoapis.eu"),
    "in": _on("zoho.in", "www.zohoapis.in"),
    "au": _on("zoho.com.au", "www.zohoapis.com.au"),
    "jp": _on("zoho.jp", "www.zohoapis.jp"),
    "ca": _on("zohocloud.ca", "www.zohoapis.ca"),
    "sa": _on("zoho.sa", "www.zohoapis.sa"),
    "cn": _on("zoho.com.cn", "www.zohoapis.com.cn"),
    "sg": _on("zoho.sg", "www.zohoapis.sg"),
    "ae": _on("zoho.ae", "www.zohoapis.ae"),
    "uk": _on("zoho.uk", "www.zohoapis.uk"),
}

_HOSTS = frozenset(
    host
    for center in DATA_CENTERS.values()
    for host in (center.desk, center.accounts, center.store, center.mail, center.apis)
    if host
)
# Strict, since two parsers that disagree about "@" or "\" could send a token to a host that only one of them sees.
_ZOHO = re.compile(r"https://(?P<host>[a-z0-9.-]+)(:443)?([/?][!-\[\]-~]*)?", re.IGNORECASE)
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?([/?][!-\[\]-~]*)?", re.IGNORECASE)
_SECRET_PARTS = re.compile(r"(?<=//)[^/]*@|[?#].*", re.DOTALL)


def allowed(url: str) -> str:
    """Return `url` if a token may be sent there: https to a host of the table, or http to this machine.

    Raises ConfigurationError, which names the URL without the parts that may hold a password.
    """
    zoho = _ZOHO.fullmatch(url)
    if (zoho and zoho["host"].lower() in _HOSTS) or _LOOPBACK.fullmatch(url):
        return url
    raise ConfigurationError(
        f"{_SECRET_PARTS.sub('', url)} is not a host of Zoho Desk",
        hint="use https:// and the hosts of your data centre, such as desk.zoho.eu and accounts.zoho.eu",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalHosts:
    """One Desk organisation, its webhook and its hosts.

    `limits` are the portal's own values of settings, by name. Raises ConfigurationError for a host that is not Zoho's.
    """

    org_id: str
    data_center: str
    webhook_id: str
    desk_url: str
    accounts_url: str
    limits: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        allowed(self.desk_url)
        allowed(self.accounts_url)

    @property
    def keys_url(self) -> str:
        """The URL of the keys that sign its deliveries."""
        return f"{self.desk_url}/.well-known/jwks.json"


def portal_in(
    data_center: str,
    *,
    org_id: str,
    webhook_id: str,
    desk_url: str | None = None,
    accounts_url: str | None = None,
    limits: Mapping[str, int] | None = None,
) -> PortalHosts:
    """Return a portal of that data centre; a URL replaces the centre's host (simulated Desk).

    Raises ConfigurationError for an unknown data centre, and for a host that is not Zoho's.
    """
    center = DATA_CENTERS.get(data_center.lower())
    if center is None:
        raise ConfigurationError(f"the data centre {data_center} is not one of {', '.join(DATA_CENTERS)}")
    return PortalHosts(
        org_id=org_id,
        data_center=data_center.lower(),
        webhook_id=webhook_id,
        desk_url=(desk_url or f"https://{center.desk}").rstrip("/"),
        accounts_url=(accounts_url or f"https://{center.accounts}").rstrip("/"),
        limits=limits or {},
    )

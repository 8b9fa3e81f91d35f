"""Where Zoho lives, and where its tokens may go (L12).

A portal belongs to one data centre; its Desk and its accounts server stand on that centre's domain.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from desk_sync.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class DataCenter:
    """The hosts of one data centre; `apis` is empty where we do not know it."""

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
    "sg": _on("zoho.sg"),
    "ae": _on("zoho.ae"),
    "uk": _on("zoho.uk"),
}

_HOSTS = frozenset(
    host
    for center in DATA_CENTERS.values()
    for host in (center.desk, center.accounts, center.store, center.mail, center.apis)
    if host
)
# Spelt out: two parsers that disagree about "@" or "\" would send a token to the host that only one of them saw.
_ZOHO = re.compile(r"https://(?P<host>[a-z0-9.-]+)(:443)?([/?][!-\[\]-~]*)?", re.IGNORECASE)
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?([/?][!-\[\]-~]*)?", re.IGNORECASE)
_SECRET_PARTS = re.compile(r"(?<=//)[^/]*@|[?#].*", re.DOTALL)


def allowed(url: str) -> str:
    """`url`, if a token may be sent there: https to a host of the table, or http to this machine (the simulator).

    Raises ConfigurationError, which names the URL without what may be a password.
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
    """One Desk organisation, the webhook by which it calls us, and where it lives.

    `limits` are those of the settings, by name, that it has of its own. Raises ConfigurationError for a host that is
    not Zoho's.
    """

    org_id: str
    webhook_id: str
    desk_url: str
    accounts_url: str
    limits: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        allowed(self.desk_url)
        allowed(self.accounts_url)

    @property
    def keys_url(self) -> str:
        """Where the keys that sign its deliveries are shown."""
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
    """A portal of that data centre; a URL stands instead of the centre's host (the simulator).

    Raises ConfigurationError for a data centre that Zoho has not, and for a host that is not Zoho's.
    """
    center = DATA_CENTERS.get(data_center.lower())
    if center is None:
        raise ConfigurationError(f"the data centre {data_center} is none of {', '.join(DATA_CENTERS)}")
    return PortalHosts(
        org_id=org_id,
        webhook_id=webhook_id,
        desk_url=(desk_url or f"https://{center.desk}").rstrip("/"),
        accounts_url=(accounts_url or f"https://{center.accounts}").rstrip("/"),
        limits=limits or {},
    )

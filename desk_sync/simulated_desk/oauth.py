"""The simulated accounts server: it issues access tokens and returns the grant of a token.

Every response has status 200, errors too. A token is valid for an hour. A refresh token gives at most 10 access tokens
in 10 minutes.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LIFETIME = timedelta(hours=1)
SCHEMES = ("Zoho-oauthtoken", "Bearer")
REFRESHES = 10
WINDOW = timedelta(minutes=10)
SCOPES = frozenset(
    f"Desk.{each}"
    for each in [
        "tickets.READ",
        "tickets.UPDATE",
        "tickets.CREATE",
        "search.READ",
        "basic.READ",
        "settings.READ",
        "contacts.READ",
        "webhooks.READ",
        "webhooks.CREATE",
        "webhooks.UPDATE",
        "webhooks.DELETE",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthGrant:
    """The scopes of a token, and the end of its validity (excluded)."""

    scopes: frozenset[str]
    until: datetime

    def covers(self, needed: tuple[frozenset[str], ...]) -> bool:
        """Return True if at least one scope of each set is granted; `Desk.x.ALL` includes every `Desk.x.…`."""
        return all(any(self._has(scope) for scope in each) for each in needed)

    def _has(self, scope: str) -> bool:
        return scope in self.scopes or f"{scope.rpartition('.')[0]}.ALL" in self.scopes


class _Denied(Exception):
    """An error of the token endpoint; its text is Zoho's error code."""


@dataclass(slots=True, kw_only=True)
class AccountsServer:
    """One client and one refresh token, for one portal. `scopes` are those of its refresh token."""

    now: Callable[[], datetime]
    org_id: str
    client_id: str = field(default_factory=lambda: f"1000.{secrets.token_hex(16).upper()}")
    client_secret: str = field(default_factory=lambda: secrets.token_hex(21))
    refresh_token: str = field(default_factory=lambda: f"1000.{secrets.token_hex(16)}.{secrets.token_hex(16)}")
    scopes: frozenset[str] = SCOPES
    _grants: dict[str, OAuthGrant] = field(default_factory=dict)
    _refreshes: deque[datetime] = field(default_factory=deque)

    def answer(self, form: Mapping[str, str]) -> dict[str, object]:
        """Return the response of POST /oauth/v2/token to a form."""
        try:
            return self._token(form)
        except _Denied as denied:
            return {"error": str(denied)}

    def grant(self, authorization: str | None) -> OAuthGrant | None:
        """Return the grant of `Zoho-oauthtoken …` or `Bearer …`; None for another header or an expired token."""
        scheme, _, token = (authorization or "").partition(" ")
        grant = self._grants.get(token)
        return grant if scheme in SCHEMES and grant and self.now() < grant.until else None

    def revoke_all(self) -> None:
        """Revoke every access token issued so far; the refresh token stays valid."""
        self._grants.clear()

    def _token(self, form: Mapping[str, str]) -> dict[str, object]:
        grants = {"refresh_token": self._refresh, "client_credentials": self._client_credentials}
        if form.get("grant_type") not in grants:
            raise _Denied("unsupported_grant_type")
        if form.get("client_id") != self.client_id:
            raise _Denied("invalid_client")
        if form.get("client_secret") != self.client_secret:
            raise _Denied("invalid_client_secret")
        return self._issue(grants[form["grant_type"]](form))

    def _refresh(self, form: Mapping[str, str]) -> frozenset[str]:
        if form.get("refresh_token") != self.refresh_token:
            raise _Denied("invalid_code")
        while self._refreshes and self._refreshes[0] <= self.now() - WINDOW:
            self._refreshes.popleft()
        if len(self._refreshes) >= REFRESHES:
            raise _Denied("Access Denied")
        self._refreshes.append(self.now())
        return self.scopes

    def _client_credentials(self, form: Mapping[str, str]) -> frozenset[str]:
        scope = form.get("scope", "")
        scopes = frozenset(scope.split(","))
        if not scope or " " in scope or not all(_is_scope(each) for each in scopes):
            raise _Denied("invalid_scope")
        service, _, org_id = form.get("soid", "").partition(".")
        if not service:
            raise _Denied("missing_org_info")
        if service != "ZohoDesk" or not org_id.isdecimal():
            raise _Denied("invalid_soid")
        if org_id != self.org_id:
            raise _Denied("invalid_org")
        return scopes

    def _issue(self, scopes: frozenset[str]) -> dict[str, object]:
        token = f"1000.{secrets.token_hex(16)}.{secrets.token_hex(16)}"
        self._grants[token] = OAuthGrant(scopes=scopes, until=self.now() + LIFETIME)
        return {
            "access_token": token,
            "scope": " ".join(sorted(scopes)),
            "api_domain": "https://www.zohoapis.example",
            "token_type": "Bearer",
            "expires_in": int(LIFETIME.total_seconds()),
        }


def _is_scope(text: str) -> bool:
    service, _, rest = text.partition(".")
    return service == "Desk" and rest.count(".") == 1 and all(rest.split("."))

"""The OAuth access token: one for all processes, replaced shortly before it expires.

Zoho allows ten refreshes in ten minutes, so `TokenStore.elect` chooses the process that requests the next token; the
others use the old one while it is valid, and wait briefly when it is not. Credentials that Zoho refused are reported as
refused by all of them: the store keeps the refusal's code. Secrets are in no repr, log or error (L12).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import requests
from oauthlib.oauth2 import OAuth2Error, WebApplicationClient
from requests.adapters import BaseAdapter
from requests.auth import AuthBase
from requests_oauthlib import OAuth2, OAuth2Session
from tenacity import nap

from desk_sync.adapters.zoho.hosts import allowed
from desk_sync.adapters.zoho.transport import DeadlineAdapter, harden, read_object
from desk_sync.errors import CredentialsRefused, DeskSyncError, TemporaryError
from desk_sync.ports.now import Now
from desk_sync.ports.portal import AccessToken, TokenStore

EARLY = timedelta(minutes=5)
LIFETIME = timedelta(hours=1)
# One attempt a minute, also while every attempt fails: ten in ten minutes are allowed.
ELECTED_FOR = timedelta(minutes=1)
# Zoho's limit counts the refreshes of ten minutes.
REFUSED_FOR = timedelta(minutes=10)
# At times Zoho refuses a token that is good a moment later.
MOMENT = timedelta(seconds=5)
POLL_SECONDS = 0.1
# A failed refresh is not repeated for a minute: a longer wait for it would hold up the calls behind.
WAIT_SECONDS = 5.0

# The library's debug lines hold the client's secret and every token.
logging.getLogger("requests_oauthlib.oauth2_session").addFilter(lambda record: record.levelno > logging.DEBUG)


class NoToken(TemporaryError):
    """The accounts server gives no usable answer; until it does, no call to the portal is possible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthCredentials:
    """The OAuth client of one portal, and the accounts server that issued it, such as https://accounts.zoho.eu."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    accounts_url: str


class AccessTokens:
    """The current access token of a portal. Safe to share between threads."""

    def __init__(
        self,
        credentials: OAuthCredentials,
        tokens: TokenStore,
        *,
        now: Now,
        sleep: Callable[[float], object] = nap.sleep,
        transport: BaseAdapter | None = None,
    ) -> None:
        """`transport` replaces the socket transport.

        Raises ConfigurationError if the accounts server is not a host of Zoho.
        """
        self._credentials = credentials
        self._url = allowed(credentials.accounts_url.rstrip("/") + "/oauth/v2/token")
        self._tokens = tokens
        self._now = now
        self._sleep = sleep
        self._transport = transport
        self._replacement = ("", now())
        self._kept: AccessToken | None = None
        permit_loopback(self._url)

    def token(self, deadline: DeadlineAdapter, *, refused: AccessToken | None = None) -> AccessToken:
        """Return a token to use now, other than `refused`, which Desk rejected.

        A fresh token is kept: it stays valid when another process fetches the next one. Raises NoToken or another
        TemporaryError if none is available before the deadline, CredentialsRefused if Zoho refuses our credentials.
        """
        kept = self._kept
        if refused or kept is None or not self._is_fresh(kept):
            self._kept = kept = self._find(deadline, refused)
        return kept

    def try_credentials(self, deadline: DeadlineAdapter) -> str:
        """Refresh the token, at most once a minute over all processes, and return what came of it.

        Raises NoToken, another TemporaryError, or CredentialsRefused.
        """
        lately = "Zoho granted an access token within the last minute"
        if self._granted_lately(self._stored(None)):
            return lately
        if self._elected():
            self._kept = self._fetch_and_save(deadline)
            return "Zoho grants access tokens"
        if failure := self._tokens.refusal():
            raise _refusal(failure)
        if self._granted_lately(self._stored(None)):
            return lately
        raise NoToken("another process is still fetching an access token")

    def _granted_lately(self, token: AccessToken | None) -> bool:
        """Return True for a token that is less than a minute old, or may be: its age follows from its end."""
        return token is not None and self._now() < token.expires_at - LIFETIME + ELECTED_FOR

    def _elected(self) -> bool:
        return self._tokens.elect(now=self._now(), until=self._now() + ELECTED_FOR)

    def _refusal(self) -> DeskSyncError | None:
        """Return the refusal that the last refresh met; None if it met none, or only another failure."""
        code = self._tokens.refusal()
        return _refusal(code) if code and code != _NO_ANSWER else None

    def _find(self, deadline: DeadlineAdapter, refused: AccessToken | None) -> AccessToken:
        if refused:
            self._check_replacement(refused)
        waiting = deadline.within(WAIT_SECONDS)
        while True:
            stored = self._stored(refused)
            if stored and self._is_fresh(stored):
                return stored
            usable = stored if stored and self._now() < stored.expires_at else None
            if self._elected():
                return self._replace(usable, refused, deadline)
            if usable:
                return usable
            if refusal := self._refusal():
                raise refusal
            if waiting.left() <= POLL_SECONDS:
                raise NoToken("another process is still fetching an access token")
            self._sleep(POLL_SECONDS)

    def _stored(self, refused: AccessToken | None) -> AccessToken | None:
        stored = self._tokens.read()
        return None if stored and refused and stored.access_token == refused.access_token else stored

    def _is_fresh(self, token: AccessToken) -> bool:
        return self._now() < token.expires_at - EARLY

    def _check_replacement(self, refused: AccessToken) -> None:
        """Raise TemporaryError for a token that recently replaced a refused one: a third would not help."""
        token, since = self._replacement
        if token == refused.access_token and self._now() < since + ELECTED_FOR:
            raise TemporaryError("Desk refuses even a new access token", retry_after=MOMENT)

    def _replace(
        self, usable: AccessToken | None, refused: AccessToken | None, deadline: DeadlineAdapter
    ) -> AccessToken:
        """Return, as the elected process, a token that was saved meanwhile, else a new one, else the old one."""
        stored = self._stored(refused)
        if stored and self._is_fresh(stored):
            self._tokens.save(stored)  # ends the election
            return stored
        try:
            token = self._fetch_and_save(deadline)
        except DeskSyncError:
            if usable:
                return usable
            raise
        if refused:
            self._replacement = (token.access_token, self._now())
        return token

    def _fetch_and_save(self, deadline: DeadlineAdapter) -> AccessToken:
        """Return a new token, saved for all processes. The code of a failure is saved instead."""
        before = self._tokens.refusal()
        try:
            token = self._fetch(deadline)
        except _Refusal as refusal:
            self._tokens.refuse(refusal.code)
            raise _refusal(refusal.code, repeated=refusal.code == before) from None
        except DeskSyncError:
            self._tokens.refuse(_NO_ANSWER)
            raise
        self._tokens.save(token)
        return token

    def _fetch(self, deadline: DeadlineAdapter) -> AccessToken:
        """Return a new token from the accounts server; its lifetime counts from before the request."""
        requested_at = self._now()
        try:
            answer = self._refresh(deadline)
        except requests.RequestException as error:
            raise NoToken(f"cannot reach {self._credentials.accounts_url}: {type(error).__name__}") from None
        except (OAuth2Error, ValueError, TypeError) as error:
            raise NoToken(f"the token server's answer cannot be read: {type(error).__name__}") from None
        except DeskSyncError as error:
            raise error.with_traceback(None) from None  # the frames below hold the secrets
        return AccessToken(access_token=answer["access_token"], expires_at=requested_at + _lifetime(answer))

    def _refresh(self, deadline: DeadlineAdapter) -> dict[str, Any]:
        ours = self._credentials
        with harden(_TokenSession(ours.client_id), transport=self._transport) as session:
            session.register_compliance_hook("refresh_token_response", _with_token)
            return session.refresh_token(
                self._url,
                ours.refresh_token,
                timeout=deadline.timeout(),
                client_id=ours.client_id,
                client_secret=ours.client_secret,
            )


class _TokenSession(OAuth2Session):
    def get_redirect_target(self, _: requests.Response) -> None:
        """Return None, so that no redirect is followed: the request holds the client's secret."""


def _with_token(response: requests.Response) -> requests.Response:
    """Return the answer if it holds a token. Zoho reports errors with status 200, so the body decides."""
    answer = read_object(response)
    if response.status_code >= 500 or answer is None:
        raise NoToken(f"the token server answered {response.status_code} without a token")
    if "error" in answer:
        raise _Refusal(str(answer["error"]))
    if not response.ok or not isinstance(answer.get("access_token"), str):
        raise TemporaryError(f"the token server answered {response.status_code} without a token")
    return response


class _Refusal(DeskSyncError):
    """The accounts server answers with an error. `code` is one of Zoho's, or _UNKNOWN: any other may hold a secret."""

    def __init__(self, code: str) -> None:
        self.code = code if code in _CODES else _UNKNOWN
        super().__init__(self.code)


_NO_ANSWER = "no_answer"
_UNKNOWN = "an unknown error"
_TOO_MANY = "Access Denied"
_PASSING = frozenset({"server_error", "temporarily_unavailable", "general_error"})
_REFUSALS: Mapping[str, str | None] = {
    "invalid_client": "check the client id, and that the accounts server is that of your data centre",
    "invalid_client_secret": "check the client secret",
    "invalid_code": "the refresh token is no longer valid: connect the portal again",
    "invalid_grant": "the refresh token is no longer valid: connect the portal again",
    "access_denied": None,
    "invalid_request": None,
    "invalid_scope": None,
    "unauthorized_client": None,
    "unsupported_grant_type": None,
}
_CODES = frozenset({_TOO_MANY, *_PASSING, *_REFUSALS})


def _refusal(code: str, *, repeated: bool = False) -> DeskSyncError:
    """Return the error for a code of the accounts server; an unknown code is permanent."""
    if code == _NO_ANSWER:
        return NoToken("the accounts server gave no usable answer within the last minute")
    if code == _TOO_MANY:
        wait = REFUSED_FOR if repeated else ELECTED_FOR
        return TemporaryError(f"Zoho grants no more access tokens for now: {code}", retry_after=wait)
    if code in _PASSING:
        return TemporaryError(f"the token server answered {code}")
    return CredentialsRefused(f"Zoho refuses our credentials: {code}", hint=_REFUSALS.get(code))


def _lifetime(answer: Mapping[str, object]) -> timedelta:
    """Return the token's lifetime, at most an hour: some answers have been in milliseconds."""
    seconds = answer.get("expires_in")
    return min(timedelta(seconds=seconds), LIFETIME) if isinstance(seconds, int) and 0 < seconds < 10**9 else LIFETIME


def permit_loopback(url: str) -> None:
    """Let oauthlib use http with the simulated Desk. Its switch is global; `allowed` guards every use of a token."""
    if url.lower().startswith("http://"):
        os.environ.setdefault("OAUTHLIB_INSECURE_TRANSPORT", "1")


def authorization(token: AccessToken) -> AuthBase:
    """Return an auth that adds the token in Zoho's form, and refuses requests to other hosts than Zoho's."""
    return OAuth2(client=_ZohoClient("", token={"access_token": token.access_token, "token_type": "Bearer"}))


class _ZohoClient(WebApplicationClient):
    def _add_bearer_token(
        self,
        uri: str,
        http_method: str = "GET",
        body: str | None = None,
        headers: dict[str, str] | None = None,
        token_placement: str | None = None,
    ) -> tuple[str, dict[str, str], str | None]:
        allowed(uri)
        headers = {} if headers is None else headers
        headers["Authorization"] = f"Zoho-oauthtoken {self.access_token}"
        return uri, headers, body

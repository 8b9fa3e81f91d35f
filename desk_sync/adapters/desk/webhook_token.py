"""The header X-ZDesk-JWT: proof that Desk sent a delivery, for this portal and this webhook.

The token does not sign the body (Desk API, webhooks, authentication): it authenticates the sender, not the content.
Its times are seconds or milliseconds since 1970; both are read. Ages and pauses are measured on a monotonic clock.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock, Thread
from typing import Any

import jwt
import orjson
import requests
import structlog
import urllib3
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm
from requests.adapters import BaseAdapter

from desk_sync.errors import BadToken, DeliveryFault, TemporaryError
from desk_sync.ports.desk_clock import ONE_CLOCK, DeskTime
from desk_sync.ports.now import Now

log = structlog.get_logger()

Keys = Mapping[str, RSAPublicKey]

_ALGORITHM = "RS256"
_LONGEST_TOKEN = 8_192
_LARGEST_KEY_SET = 1_000_000
_KEY_SIZES = range(2_048, 8_193)
_MILLISECONDS_FROM = 1e11
_MOST_KNOWN = 10_000
# PyJWT would read milliseconds as an instant in the far future; the claims are checked by hand.
_SIGNATURE_ONLY: Any = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A verified token: its key, and the end of its validity in the host's time, in seconds since 1970."""

    kid: str
    key: RSAPublicKey
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookToken:
    """Checks the tokens of one webhook of one portal, by Desk's time; `leeway` is how far that may be wrong.

    `clock` leads to it from the host's time; it may read the store, so that it is asked where a token is verified only.

    A token is independent of the body, so it may come with many deliveries: a verified one is remembered by its hash
    for as long as it lasts and its key is in the key set.
    """

    keys: KeySet
    org_id: str
    webhook_id: str
    now: Now
    leeway: timedelta = timedelta(minutes=5)
    clock: DeskTime = ONE_CLOCK
    _known: dict[bytes, _Known] = field(default_factory=dict, init=False, repr=False)

    def is_known(self, token: str | None) -> bool:
        """Return True if the token was verified before and is still valid; `verify` then does not wait."""
        known = self._known.get(_hash(token)) if token else None
        return known is not None and self.keys.known(known.kid) is known.key and self.now().timestamp() < known.until

    def verify(self, token: str | None) -> None:
        """Return if the token is valid. Raises BadToken, or TemporaryError if the key cannot be fetched."""
        if not token:
            raise BadToken("the delivery has no token", fault=DeliveryFault.UNSIGNED)
        if len(token) > _LONGEST_TOKEN:
            raise BadToken(f"a token of {len(token)} characters is too long")
        if not self.is_known(token):
            self._remember(token, self._check(token))

    def _check(self, token: str) -> _Known:
        kid = _kid(token)
        key = self.keys.find(kid)
        claims = _read(lambda: jwt.decode(token, key, algorithms=[_ALGORITHM], options=_SIGNATURE_ONLY))
        _expect(claims, "iss", f"orgId:{self.org_id}", DeliveryFault.WRONG_ORGANISATION)
        _expect(claims, "aud", f"webhookId:{self.webhook_id}", DeliveryFault.WRONG_WEBHOOK)
        behind = self.clock.offset.behind.total_seconds()
        self._check_times(claims, self.now().timestamp() + behind)
        return _Known(kid=kid, key=key, until=_seconds(claims, "exp") + self.leeway.total_seconds() - behind)

    def _remember(self, token: str, known: _Known) -> None:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()  # repeated tokens are verified once more
        self._known[_hash(token)] = known

    def _check_times(self, claims: Mapping[str, object], now: float) -> None:
        leeway = self.leeway.total_seconds()
        issued, expires = _seconds(claims, "iat"), _seconds(claims, "exp")
        if not issued <= now + leeway:
            wait = f"the token will be valid in {issued - now:.0f} s: compare this machine's clock"
            raise BadToken(wait, fault=DeliveryFault.EARLY)
        if not now < expires + leeway:
            age = f"the token expired {now - expires:.0f} s ago: compare this machine's clock"
            raise BadToken(age, fault=DeliveryFault.EXPIRED)


class KeySet:
    """The public keys of one Desk host, fetched when they are needed and kept.

    A known key never waits for a fetch: it is refreshed in the background once it is older than `fresh_for`.
    An unknown one waits at most `deadline`. Fetches begin at least `pause` apart, and `pause` is no shorter than
    `deadline`, so that forged key ids cannot overload the host and only one fetch counts at a time.
    `max_waiting` callers may wait for a fetch while others can be served with known keys.
    `transport` replaces the socket transport.
    """

    def __init__(
        self,
        url: str,
        *,
        deadline: timedelta = timedelta(seconds=1.5),
        fresh_for: timedelta = timedelta(hours=1),
        pause: timedelta = timedelta(seconds=10),
        max_waiting: int = 8,
        clock: Callable[[], float] = time.monotonic,
        transport: BaseAdapter | None = None,
    ) -> None:
        if not deadline <= pause:
            raise ValueError(f"a pause of {pause} is shorter than a fetch may take ({deadline})")
        self._url = url
        self._deadline = deadline.total_seconds()
        self._fresh_for = fresh_for.total_seconds()
        self._pause = pause
        self._max_waiting = max_waiting
        self._clock = clock
        self._transport = transport
        self._lock = Lock()
        self._keys: Keys = {}
        self._keys_of = float("-inf")
        self._fetch: _Fetch | None = None
        self._waiting = 0

    def find(self, kid: str) -> RSAPublicKey:
        """Return the key of that id. Raises BadToken if the host lacks it, TemporaryError if the host is down."""
        if known := self.known(kid):
            return known
        if found := self._wait(self.refresh()).get(kid):
            return found
        raise BadToken(f"{self._url} has no key {kid[:64]!r}", fault=DeliveryFault.UNKNOWN_KEY)

    def count(self) -> int:
        """Return the number of keys of the host. Raises TemporaryError if the host is down."""
        return len(self._wait(self.refresh()))

    def known(self, kid: str) -> RSAPublicKey | None:
        """Return the key of that id if it was fetched; never waits."""
        known = self._keys.get(kid)
        if known and self._clock() - self._keys_of > self._fresh_for:
            self.refresh()
        return known

    def refresh(self) -> _Fetch:
        """Return the last fetch, or start one in the background if the last one began longer than `pause` ago."""
        with self._lock:
            now = self._clock()
            if self._fetch is None or now - self._fetch.began >= self._pause.total_seconds():
                self._fetch = _Fetch(began=now)
                Thread(target=self._run, args=(self._fetch,), name="key set", daemon=True).start()
            return self._fetch

    def _wait(self, fetch: _Fetch) -> Keys:
        self._begin_waiting(fetch)
        try:
            return fetch.keys.result(timeout=max(0.0, fetch.began + self._deadline - self._clock()))
        except TimeoutError:
            raise self._unavailable(f"no answer within {self._deadline} s") from None
        except _NoKeys as error:
            raise self._unavailable(str(error)) from None
        finally:
            self._end_waiting()

    def _begin_waiting(self, fetch: _Fetch) -> None:
        with self._lock:
            if self._keys and not fetch.keys.done() and self._waiting >= self._max_waiting:
                raise self._unavailable(f"{self._waiting} deliveries are waiting for it already")
            self._waiting += 1

    def _end_waiting(self) -> None:
        with self._lock:
            self._waiting -= 1

    def _run(self, fetch: _Fetch) -> None:
        try:
            keys = _keys(_download(self._url, self._deadline, self._transport))
        except (requests.RequestException, urllib3.exceptions.HTTPError, _NoKeys) as error:
            cause = str(error) if isinstance(error, _NoKeys) else type(error).__name__
            log.warning("keys.unavailable", url=self._url, cause=cause)
            fetch.keys.set_exception(_NoKeys(cause))
        else:
            self._keep(fetch, keys)

    def _keep(self, fetch: _Fetch, keys: Keys) -> None:
        """End the fetch. Keep its keys, unless a later fetch overtook it."""
        with self._lock:
            if fetch is self._fetch:
                self._keys, self._keys_of = keys, fetch.began
            fetch.keys.set_result(keys)

    def _unavailable(self, cause: str) -> TemporaryError:
        return TemporaryError(f"{self._url}: {cause}", retry_after=self._pause)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Fetch:
    """One fetch of a key set: its beginning on the monotonic clock, and its result."""

    began: float
    keys: Future[Keys] = field(default_factory=Future)


class _NoKeys(Exception):
    """The host answered without usable keys."""


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


def _kid(token: str) -> str:
    header = _read(lambda: jwt.get_unverified_header(token))
    if header.get("alg") != _ALGORITHM:
        raise BadToken(f"the token is signed with {str(header.get('alg'))[:16]!r}, Desk signs with {_ALGORITHM}")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise BadToken("the token names no key")
    return kid


def _read(part: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return part()
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise BadToken(f"the token cannot be read or its signature is wrong ({type(error).__name__})") from None


def _expect(claims: Mapping[str, object], name: str, expected: str, fault: DeliveryFault) -> None:
    if claims.get(name) != expected:
        raise BadToken(f"the token's {name} is {str(claims.get(name))[:64]!r}, expected {expected!r}", fault=fault)


def _seconds(claims: Mapping[str, object], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadToken(f"the token's {name} is not a number")
    return value // 1000 if value > _MILLISECONDS_FROM else value


def _download(url: str, deadline: float, transport: BaseAdapter | None) -> bytes:
    """Return the host's whole answer. A host that drips is abandoned after `deadline` seconds and one more read."""
    until = time.monotonic() + deadline
    with requests.Session() as session:
        session.trust_env = False
        if transport:
            session.mount(url, transport)
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        with session.get(url, headers=headers, timeout=deadline, allow_redirects=False, stream=True) as response:
            if response.status_code != 200:
                raise _NoKeys(f"it answered {response.status_code}")
            body = b""
            while chunk := response.raw.read1(_LARGEST_KEY_SET):
                body += chunk
                if len(body) > _LARGEST_KEY_SET or time.monotonic() > until:
                    raise _NoKeys("its answer is too long or too slow")
            return body


def _keys(body: bytes) -> Keys:
    """Return the keys that can sign deliveries; other entries are ignored."""
    try:
        entries = orjson.loads(body)["keys"]
        keys = dict(_usable(entries))
    except (ValueError, KeyError, TypeError):
        raise _NoKeys("its answer is not a key set") from None
    if not keys:
        raise _NoKeys("it has no usable key")
    return keys


def _usable(entries: list[Any]) -> Iterator[tuple[str, RSAPublicKey]]:
    for entry in entries:
        match entry:
            case {"kty": "RSA", "kid": str(kid), "n": str(n), "e": str(e)} if _signs(entry):
                key = _public_key(n, e)
                if key is not None and key.key_size in _KEY_SIZES:
                    yield kid, key


def _signs(entry: Mapping[str, object]) -> bool:
    return entry.get("use", "sig") == "sig" and entry.get("alg", _ALGORITHM) == _ALGORITHM


def _public_key(n: str, e: str) -> RSAPublicKey | None:
    try:
        key = RSAAlgorithm.from_jwk({"kty": "RSA", "n": n, "e": e})
    except (jwt.InvalidKeyError, ValueError):
        return None
    return key if isinstance(key, RSAPublicKey) else None

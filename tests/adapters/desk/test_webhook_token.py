"""X-ZDesk-JWT with a key host that rotates its keys, sends junk, hangs, drips and dies."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from desk_sync.adapters.desk import webhook_token
from desk_sync.adapters.desk.webhook_token import KeySet, WebhookToken
from desk_sync.errors import BadToken, TemporaryError
from tests.support.fake_clock import FakeClock
from tests.support.key_host import NOW, SECOND, KeyHost, b64, by_hand, claims, entry, private_key, public_pem, signed


class Clock:
    def __init__(self) -> None:
        self.time = 1_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def host() -> Iterator[KeyHost]:
    host = KeyHost()
    yield host
    host.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(host: KeyHost, clock: Clock) -> KeySet:
    return KeySet(host.url, clock=clock)


@pytest.fixture
def check(keys: KeySet) -> WebhookToken:
    return WebhookToken(keys=keys, org_id="1", webhook_id="7", now=lambda: NOW)


def wait_until(condition: Callable[[], object]) -> None:
    until = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < until, "the condition was not met within 5 s"
        time.sleep(0.01)


GOOD = [
    pytest.param({}, id="seconds"),
    pytest.param({"iat": SECOND * 1000, "exp": (SECOND + 300) * 1000}, id="milliseconds"),
    pytest.param({"iat": SECOND * 1000}, id="one of each"),
    pytest.param({"iat": SECOND + 0.5}, id="a fraction of a second"),
    pytest.param({"exp": SECOND - 299}, id="expired within the leeway"),
    pytest.param({"iat": SECOND + 300}, id="issued within the leeway by a clock ahead of ours"),
    pytest.param({"nbf": SECOND * 1000, "sub": 12, "jti": 3}, id="claims that we do not read"),
]


@pytest.mark.parametrize("changes", GOOD)
def test_a_token_that_desk_signed_for_us_is_good(check, changes):
    check.verify(signed(**changes))


BAD_CLAIMS = [
    pytest.param({"iss": "orgId:2"}, "iss is 'orgId:2'", id="another portal"),
    pytest.param({"iss": "1"}, "iss is '1'", id="issuer without its kind"),
    pytest.param({"iss": None}, "iss is 'None'", id="no issuer"),
    pytest.param({"aud": "webhookId:8"}, "aud is 'webhookId:8'", id="another webhook"),
    pytest.param({"aud": ["webhookId:7", "webhookId:8"]}, "aud is", id="many audiences"),
    pytest.param({"aud": None}, "aud is 'None'", id="no audience"),
    pytest.param({"exp": SECOND - 300}, "expired 300 s ago", id="expired, in seconds"),
    pytest.param({"exp": (SECOND - 300) * 1000}, "expired 300 s ago", id="expired, in milliseconds"),
    pytest.param({"exp": None}, "exp is not a number", id="no end"),
    pytest.param({"exp": True}, "exp is not a number", id="a boolean for an end"),
    pytest.param({"exp": str(SECOND + 300)}, "exp is not a number", id="text for an end"),
    pytest.param({"exp": float("nan")}, "expired", id="not a number for an end"),
    pytest.param({"iat": SECOND + 301}, "valid in 301 s", id="from the future, in seconds"),
    pytest.param({"iat": (SECOND + 301) * 1000}, "valid in 301 s", id="from the future, in milliseconds"),
    pytest.param({"iat": None}, "iat is not a number", id="no beginning"),
]


@pytest.mark.parametrize(("changes", "cause"), BAD_CLAIMS)
def test_a_signed_token_with_wrong_claims_is_bad_and_the_cause_says_which(check, changes, cause):
    with pytest.raises(BadToken, match=cause):
        check.verify(signed(**changes))


def altered() -> str:
    head, _, signature = signed().split(".")
    return ".".join([head, b64(json.dumps(claims(exp=SECOND + 9999)).encode()), signature])


FORGED = [
    pytest.param(lambda: None, id="no header"),
    pytest.param(lambda: "", id="an empty header"),
    pytest.param(lambda: "garbage", id="garbage"),
    pytest.param(lambda: "a.b.c", id="garbage in three parts"),
    pytest.param(lambda: "é.é.é", id="not ASCII"),
    pytest.param(lambda: "x" * 8_193, id="too long"),
    pytest.param(lambda: b64(b'{"a":' * 1_000 + b"1" + b"}" * 1_000) + ".e30.e30", id="nested deeply"),
    pytest.param(lambda: b64(b"[]") + ".e30.e30", id="a header that is a list"),
    pytest.param(lambda: by_hand({"alg": "none", "kid": "k1"}), id="alg none"),
    pytest.param(lambda: by_hand({"kid": "k1"}), id="no alg"),
    pytest.param(lambda: by_hand({"alg": ["RS256"], "kid": "k1"}), id="a list of algs"),
    pytest.param(lambda: by_hand({"alg": "HS256", "kid": "k1"}, public_pem("k1")), id="HS256 with the public key"),
    pytest.param(lambda: by_hand({"alg": "RS256", "kid": "k1"}, public_pem("k1")), id="HS256 that says RS256"),
    pytest.param(lambda: jwt.encode(claims(), private_key("k1"), "RS512", {"kid": "k1"}), id="RS512"),
    pytest.param(lambda: jwt.encode(claims(), private_key("k1"), "PS256", {"kid": "k1"}), id="PS256"),
    pytest.param(lambda: signed("k2", header={"kid": "k1"}), id="signed with another key"),
    pytest.param(lambda: jwt.encode(claims(), private_key("k1"), "RS256"), id="no kid"),
    pytest.param(lambda: by_hand({"alg": "RS256", "kid": 1}), id="a kid that is a number"),
    pytest.param(lambda: by_hand({"alg": "RS256", "kid": ""}), id="an empty kid"),
    pytest.param(lambda: signed("k2"), id="a kid that the host does not know"),
    pytest.param(altered, id="claims exchanged under the signature"),
    pytest.param(lambda: signed().rpartition(".")[0] + ".", id="signature cut off"),
]


@pytest.mark.parametrize("token", FORGED)
def test_a_token_that_desk_did_not_sign_is_bad(check, token):
    with pytest.raises(BadToken):
        check.verify(token())


@pytest.mark.parametrize("token", FORGED[2:])
def test_the_cause_does_not_repeat_the_token(check, token):
    forged = token()

    with pytest.raises(BadToken) as refused:
        check.verify(forged)

    assert forged not in str(refused.value)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS512"])
def test_a_token_with_another_algorithm_costs_no_fetch(check, host, algorithm):
    with pytest.raises(BadToken):
        check.verify(by_hand({"alg": algorithm, "kid": "k1"}))

    assert host.request_count == 0


def test_many_deliveries_cost_one_fetch(check, host):
    for _ in range(20):
        check.verify(signed())

    assert host.request_count == 1


def test_callers_that_come_before_the_first_keys_wait_for_one_fetch(check, host):
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: check.verify(signed()), range(16)))

    assert host.request_count == 1


def test_a_token_that_was_found_good_is_known(check):
    token = signed()
    assert not check.is_known(token)

    check.verify(token)

    assert check.is_known(token)
    assert not check.is_known(signed(exp=SECOND + 301))


@pytest.mark.parametrize(
    ("later", "known"),
    [
        pytest.param(timedelta(seconds=599), True, id="within the leeway"),
        pytest.param(timedelta(seconds=600), False, id="at its end"),
    ],
)
@pytest.mark.parametrize("unit", [1, 1000], ids=["seconds", "milliseconds"])
def test_a_token_is_known_for_as_long_as_it_lasts(keys, later, known, unit):
    times = [NOW]
    check = WebhookToken(keys=keys, org_id="1", webhook_id="7", now=lambda: times[-1])
    token = signed(exp=(SECOND + 300) * unit)
    check.verify(token)
    times.append(NOW + later)

    assert check.is_known(token) is known
    assert accepts(check, token) is known


def test_a_token_of_a_key_that_the_host_took_back_is_not_known(check, host, clock):
    token = signed("k1")
    check.verify(token)
    host.keys = [entry("k2")]
    clock.time += 10
    check.verify(signed("k2"))

    assert not check.is_known(token)


@pytest.mark.parametrize("token", FORGED[:8])
def test_a_bad_token_is_never_known(check, token):
    assert not accepts(check, token())
    assert not check.is_known(token())


def test_only_so_many_tokens_are_known(check, monkeypatch):
    monkeypatch.setattr(webhook_token, "_MOST_KNOWN", 2)
    tokens = [signed(exp=SECOND + n) for n in range(3)]
    for token in tokens:
        check.verify(token)

    assert [check.is_known(token) for token in tokens] == [False, False, True]


def test_a_token_is_not_kept_itself(check):
    token = signed()
    check.verify(token)

    assert token not in repr([check, *check._known.items()])


def test_a_key_set_that_comes_in_chunks_is_read(check, host):
    host.manner = "sends in chunks"

    check.verify(signed())


def test_a_new_key_of_the_host_is_found_when_it_is_first_used(check, host, clock):
    check.verify(signed("k1"))
    host.keys = [entry("k2")]
    clock.time += 10

    check.verify(signed("k2"))

    assert host.request_count == 2


def test_a_key_that_the_host_took_back_is_bad_once_the_set_was_read_again(check, host, clock):
    check.verify(signed("k1"))
    host.keys = [entry("k2")]
    clock.time += 10
    check.verify(signed("k2"))

    with pytest.raises(BadToken):
        check.verify(signed("k1"))


def test_forged_key_ids_cannot_overload_the_host(check, host, clock):
    for second in range(30):
        clock.time = 1_000.0 + second
        with pytest.raises(BadToken):
            check.verify(signed("k1", header={"kid": f"forged {second}"}))

    assert host.request_count == 3


JUNK = [
    pytest.param("junk", id="text"),
    pytest.param(None, id="null"),
    pytest.param({}, id="nothing in it"),
    pytest.param({"kty": "RSA", "kid": "k1", "n": 5, "e": "AQAB"}, id="a number for a modulus"),
    pytest.param({"kty": "RSA", "kid": "k1", "n": "é", "e": "AQAB"}, id="not ASCII"),
    pytest.param({"kty": "RSA", "kid": "k1", "n": "", "e": ""}, id="an empty modulus"),
    pytest.param({"kty": "RSA", "kid": "k1", "n": "_" * 300, "e": "Ag"}, id="an even exponent"),
    pytest.param({"kty": "RSA", "kid": "k1", "n": "_" * 300_000, "e": "AQAB"}, id="an enormous modulus"),
    pytest.param({"kty": "oct", "kid": "k1", "k": "c2VjcmV0"}, id="a shared secret"),
    pytest.param(entry("k1") | {"kid": 5}, id="a kid that is a number"),
    pytest.param(entry("k1", use="enc"), id="a key for encryption"),
    pytest.param(entry("k1", alg="RS512"), id="a key for another algorithm"),
    pytest.param(
        {**ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key(), as_dict=True), "kid": "k1"},
        id="an elliptic curve",
    ),
    pytest.param(
        {**RSAAlgorithm.to_jwk(private_key("weak", 1024).public_key(), as_dict=True), "kid": "k1"}, id="too short a key"
    ),
]


@pytest.mark.parametrize("junk", JUNK)
def test_an_entry_that_is_no_usable_key_is_ignored(check, host, junk):
    host.keys = [junk, entry("k2")]

    check.verify(signed("k2"))

    with pytest.raises(BadToken):
        check.verify(signed("k1"))


@pytest.mark.parametrize("junk", JUNK)
def test_a_set_without_a_usable_key_is_a_temporary_error(check, host, junk):
    host.keys = [junk]

    with pytest.raises(TemporaryError):
        check.verify(signed("k1"))


MANNERS = ["hangs", "drips its body", "drips its head", "sends a page", "fails", "redirects", "sends a list"]


@pytest.mark.parametrize("manner", MANNERS)
def test_while_the_key_host_is_unwell_an_unknown_key_is_a_temporary_error(host, manner):
    check = WebhookToken(keys=KeySet(host.url), org_id="1", webhook_id="7", now=lambda: NOW)
    host.manner = manner
    began = time.monotonic()

    with pytest.raises(TemporaryError) as refused:
        check.verify(signed())

    assert time.monotonic() - began < 1.8
    assert refused.value.retry_after == timedelta(seconds=10)


@pytest.mark.parametrize("manner", MANNERS)
def test_while_the_key_host_is_unwell_a_known_key_is_good_and_held_up_by_nothing(check, host, clock, manner):
    check.verify(signed())
    host.manner = manner
    clock.time += 3_601
    began = time.monotonic()

    check.verify(signed())
    check.verify(signed())

    assert time.monotonic() - began < 0.2
    wait_until(lambda: host.request_count == 2)


def test_while_the_key_host_is_gone_an_unknown_key_is_a_temporary_error(check, host):
    host.close()

    with pytest.raises(TemporaryError):
        check.verify(signed())


def test_a_key_host_that_came_back_is_read_after_the_pause(check, host, clock):
    host.manner = "fails"
    with pytest.raises(TemporaryError):
        check.verify(signed())
    host.manner = "well"

    with pytest.raises(TemporaryError):
        check.verify(signed())
    clock.time += 10
    check.verify(signed())

    assert host.request_count == 2


def test_a_fetch_that_hung_is_not_waited_for_a_second_time(host):
    check = WebhookToken(
        keys=KeySet(host.url, deadline=timedelta(seconds=0.2)), org_id="1", webhook_id="7", now=lambda: NOW
    )
    host.manner = "hangs"
    with pytest.raises(TemporaryError):
        check.verify(signed())
    began = time.monotonic()

    with pytest.raises(TemporaryError):
        check.verify(signed())

    assert time.monotonic() - began < 0.1


def test_old_keys_are_refreshed_in_the_background(check, host, clock):
    check.verify(signed("k1"))
    host.keys = [entry("k2")]
    clock.time += 3_601

    check.verify(signed("k1"))
    wait_until(lambda: host.request_count == 2)
    wait_until(lambda: not accepts(check, signed("k1")))

    check.verify(signed("k2"))
    assert host.request_count == 2


def test_only_a_few_forged_deliveries_can_wait_at_a_time(check, host, clock):
    check.verify(signed())
    host.manner = "hangs"
    clock.time += 10
    began = time.monotonic()

    with ThreadPoolExecutor(20) as pool:
        waits = list(pool.map(lambda _: seconds_until_refused(check, signed("k2"), began), range(20)))

    assert sum(wait > 1 for wait in waits) == 8


def test_a_caller_that_comes_as_a_fetch_ends_is_not_refused_for_those_that_still_wake(host, clock):
    keys = KeySet(host.url, clock=clock, max_waiting=0)
    host.keys = [entry("k1")]

    assert [keys.count() for _ in range(2)] == [1, 1]


def test_a_pause_shorter_than_a_fetch_is_refused(host):
    with pytest.raises(ValueError, match="shorter"):
        KeySet(host.url, pause=timedelta(seconds=1))


def accepts(check: WebhookToken, token: str) -> bool:
    try:
        check.verify(token)
    except BadToken:
        return False
    return True


def seconds_until_refused(check: WebhookToken, token: str, began: float) -> float:
    with pytest.raises(TemporaryError):
        check.verify(token)
    return time.monotonic() - began


def test_the_keys_of_the_host_can_be_counted(host, keys):
    host.keys = [entry("k1"), entry("k2")]

    assert keys.count() == 2


@pytest.mark.parametrize("behind", [timedelta(days=-1), timedelta(0), timedelta(hours=1)], ids=str)
def test_a_token_is_checked_in_desks_time(keys, behind):
    times = [NOW - behind]
    clock = FakeClock(behind)
    check = WebhookToken(keys=keys, org_id="1", webhook_id="7", now=lambda: times[-1], clock=clock)
    token = signed(exp=SECOND + 300)

    assert accepts(check, token)
    times.append(NOW - behind + timedelta(seconds=599))
    assert check.is_known(token)
    times.append(NOW - behind + timedelta(seconds=600))
    assert not check.is_known(token)
    assert not accepts(check, token)

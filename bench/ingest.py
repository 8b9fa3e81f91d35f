"""Durable ingest: signed deliveries over HTTP, each answered after its commit."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import median

from bench import environment, load
from bench.servers import FASTAPI, FLASK, ORG, PRODUCT, WEBHOOK, ServerSetup
from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker
from tests.support.key_host import KeyHost, signed
from tests.support.postgres import run_postgres

PAYLOAD = Path(__file__).parents[1] / "tests" / "cases" / "payloads" / "ticket_update.json"
SERVERS = (PRODUCT, FLASK, FASTAPI)
BACKENDS = ("SQLite", "PostgreSQL")
RATES = (200, 1000)
CONNECTIONS = 100
TOKENS = 100
WARM_UP = 1.0  # seconds


@dataclass(frozen=True)
class IngestRound:
    """The figures of one server in one round."""

    per_second: float
    cpu: float
    """Milliseconds of the server's processes for each delivery."""
    p99: float
    """Milliseconds."""


def run(full: bool) -> None:
    rounds, seconds, offered = (7, 10.0, 20.0) if full else (3, 3.0, 5.0)
    print(f"Peers: {environment.versions()}")
    print(f"{rounds} rounds of {seconds:.0f} s, {CONNECTIONS} connections, {TOKENS} tokens in turn;")
    print(f"then {offered:.0f} s at each rate\n")
    with _server_setup() as setup:
        for backend in BACKENDS:
            found = _alternate(setup, backend, rounds, seconds)
            _print_throughput(backend, found)
        for backend in BACKENDS:
            _print_waits(setup, backend, offered)


@contextmanager
def _server_setup() -> Iterator[ServerSetup]:
    with (
        tempfile.TemporaryDirectory(prefix="ds-bench-") as folder,
        run_postgres(durable=True) as postgres,
        EmbeddedBroker.start() as broker,
        closing(KeyHost()) as keys,
    ):
        yield ServerSetup(Path(folder), postgres, broker.url, keys)


def _alternate(setup: ServerSetup, backend: str, rounds: int, seconds: float) -> Mapping[str, list[IngestRound]]:
    """Measure every server once in each round, in an order that is reversed from round to round."""
    found: dict[str, list[IngestRound]] = {name: [] for name in SERVERS}
    for number in range(rounds):
        for name in SERVERS if number % 2 == 0 else reversed(SERVERS):
            found[name].append(_flood(setup, name, backend, seconds))
    return found


def _flood(setup: ServerSetup, name: str, backend: str, seconds: float) -> IngestRound:
    with setup.serve(name, backend) as server:
        deliveries = make_deliveries()
        warm = load.flood(server.port, deliveries, connections=CONNECTIONS, seconds=WARM_UP)
        before = server.cpu_seconds()
        result = load.flood(server.port, deliveries, connections=CONNECTIONS, seconds=seconds)
        cpu = server.cpu_seconds() - before
    acknowledged = warm.accepted + result.accepted
    if server.stored() < acknowledged:
        raise RuntimeError(f"{name}: {acknowledged} acknowledged, {server.stored()} stored")
    return IngestRound(result.accepted / result.seconds, 1000 * cpu / result.accepted, 1000 * result.wait(0.99))


def _print_throughput(backend: str, found: Mapping[str, list[IngestRound]]) -> None:
    print(f"### {backend}: as many as come through\n")
    print("| server | deliveries/s | product : this | CPU ms each | product : this | p99 ms |")
    print("|---|--:|--:|--:|--:|--:|")
    ours = found[PRODUCT]
    for name, rounds in found.items():
        pairs = list(zip(ours, rounds, strict=True))
        faster = median(product.per_second / peer.per_second for product, peer in pairs)
        cheaper = median(product.cpu / peer.cpu for product, peer in pairs)
        rate, cpu, p99 = (median(getattr(each, name) for each in rounds) for name in ("per_second", "cpu", "p99"))
        print(f"| {name} | {rate:,.0f} | {faster:.2f} | {cpu:.3f} | {cheaper:.2f} | {p99:.0f} |")
    print(flush=True)


def _print_waits(setup: ServerSetup, backend: str, seconds: float) -> None:
    print(f"### {backend}: at a fixed rate\n")
    print("| server | offered/s | p50 ms | p99 ms | refused or lost |")
    print("|---|--:|--:|--:|--:|")
    for rate in RATES:
        for name in SERVERS:
            result = _offer(setup, name, backend, rate, seconds)
            missed = result.statuses.total() - result.accepted
            print(
                f"| {name} | {rate} | {1000 * result.wait(0.5):.1f} | {1000 * result.wait(0.99):.1f} | {missed} |",
                flush=True,
            )
    print()


def _offer(setup: ServerSetup, name: str, backend: str, rate: int, seconds: float) -> load.LoadResult:
    with setup.serve(name, backend) as server:
        deliveries = make_deliveries()
        load.offer(server.port, deliveries, rate=rate, connections=CONNECTIONS, seconds=WARM_UP)
        return load.offer(server.port, deliveries, rate=rate, connections=CONNECTIONS, seconds=seconds)


def ticket_id(number: int) -> str:
    """Return the id of the ticket in the delivery of that number."""
    return str(10**17 + number)


def make_deliveries(tickets: int = 10**9) -> Iterator[bytes]:
    """Yield requests with different events of so many tickets in turn; many share a token, as Desk's deliveries do."""
    (event,) = json.loads(PAYLOAD.read_bytes())
    text = json.dumps([event | {"eventTime": "@TIME"}]).replace(event["payload"]["id"], "@TICKET").encode()
    pieces = re.split(b"(@TICKET|@TIME)", text)
    now = int(time.time())
    tokens = cycle([_token(now, number) for number in range(TOKENS)])
    for number in range(10**9):
        values = {b"@TICKET": ticket_id(number % tickets).encode(), b"@TIME": b"%d" % (now * 1000 + number)}
        body = b"".join([values.get(piece, piece) for piece in pieces])
        yield (
            b"POST /webhooks/desk/default HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"X-ZDesk-JWT: %s\r\nContent-Length: %d\r\n\r\n%s" % (next(tokens), len(body), body)
        )


def _token(now: int, number: int) -> bytes:
    return signed(iss=f"orgId:{ORG}", aud=f"webhookId:{WEBHOOK}", iat=now - number, exp=now + 3600 - number).encode()

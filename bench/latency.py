"""From a delivery to what is written in Desk: real receiver, worker and beat, a Desk that takes its time."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

from bench import load
from bench.ingest import make_deliveries, ticket_id
from bench.stage import Stage, staged

LATENCY = 0.05
RATES = (20, 50, 200)
CONNECTIONS = 50
IN_FLIGHT = 25
WARM_UP = 3.0  # seconds
TIMEOUT = 300.0


def run(full: bool) -> None:
    seconds = 60.0 if full else 10.0
    print(f"{seconds:.0f} s at each rate, every delivery of another ticket; {1000 * LATENCY:.0f} ms a call,")
    print(f"two calls for a ticket, {IN_FLIGHT} in flight\n")
    print("| deliveries/s | p50 ms | p99 ms | looks/s while they came | refused or lost |")
    print("|--:|--:|--:|--:|--:|")
    for rate in RATES:
        with staged(LATENCY, workers=IN_FLIGHT, concurrency=IN_FLIGHT) as stage:
            _tell(rate, stage, seconds)


def _tell(rate: int, stage: Stage, seconds: float) -> None:
    _, port = stage.serve()
    stage.start_ours("worker")
    stage.start_ours("beat")
    sent: dict[str, float] = {}
    deliveries = _noted(make_deliveries(), sent)
    _offer(port, deliveries, rate=20, seconds=WARM_UP)
    stage.wait_until(lambda: not stage.owed, TIMEOUT)
    sent.clear()
    stage.desk("/forget")
    result = _offer(port, deliveries, rate=rate, seconds=seconds)
    in_time = len(stage.desk()["written"]) / seconds
    missed = result.statuses.total() - result.accepted
    stage.wait_until(lambda: not stage.owed, TIMEOUT)
    waits = sorted(1000 * (at - sent[ticket]) for ticket, at in stage.desk()["written"].items() if ticket in sent)
    p50, p99 = (waits[int(share * (len(waits) - 1))] for share in (0.5, 0.99))
    print(f"| {rate} | {p50:,.0f} | {p99:,.0f} | {in_time:.0f} | {missed} |", flush=True)


def _offer(port: int, deliveries: Iterator[bytes], *, rate: int, seconds: float) -> load.Result:
    return load.offer(port, deliveries, rate=rate, connections=CONNECTIONS, seconds=seconds)


def _noted(deliveries: Iterator[bytes], sent: dict[str, float]) -> Iterator[bytes]:
    """The deliveries; when each was asked for is noted by its ticket, on the clock that Desk's are noted on."""
    for number, delivery in enumerate(deliveries):
        sent[ticket_id(number)] = monotonic()
        yield delivery

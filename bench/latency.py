"""From a delivery to the write in Desk: real receiver, worker and beat, and a Desk with a given latency."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

from bench import load
from bench.ingest import make_deliveries, ticket_id
from bench.processes import BenchProcesses, bench_processes

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
        with bench_processes(LATENCY, workers=IN_FLIGHT, concurrency=IN_FLIGHT) as processes:
            _print_row(rate, processes, seconds)


def _print_row(rate: int, processes: BenchProcesses, seconds: float) -> None:
    _, port = processes.serve()
    processes.start_product("worker")
    processes.start_product("beat")
    sent: dict[str, float] = {}
    deliveries = _with_sent_times(make_deliveries(), sent)
    _offer(port, deliveries, rate=20, seconds=WARM_UP)
    processes.wait_until(lambda: not processes.pending, TIMEOUT)
    sent.clear()
    processes.desk("/forget")
    result = _offer(port, deliveries, rate=rate, seconds=seconds)
    in_time = len(processes.desk()["written"]) / seconds
    missed = result.statuses.total() - result.accepted
    processes.wait_until(lambda: not processes.pending, TIMEOUT)
    waits = sorted(1000 * (at - sent[ticket]) for ticket, at in processes.desk()["written"].items() if ticket in sent)
    p50, p99 = (waits[int(share * (len(waits) - 1))] for share in (0.5, 0.99))
    print(f"| {rate} | {p50:,.0f} | {p99:,.0f} | {in_time:.0f} | {missed} |", flush=True)


def _offer(port: int, deliveries: Iterator[bytes], *, rate: int, seconds: float) -> load.LoadResult:
    return load.offer(port, deliveries, rate=rate, connections=CONNECTIONS, seconds=seconds)


def _with_sent_times(deliveries: Iterator[bytes], sent: dict[str, float]) -> Iterator[bytes]:
    """Yield the deliveries; record the instant of each by its ticket, on the clock that Desk uses for its writes."""
    for number, delivery in enumerate(deliveries):
        sent[ticket_id(number)] = monotonic()
        yield delivery

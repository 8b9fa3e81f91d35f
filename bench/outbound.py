"""Calls to Desk: the used share of a portal's limit, by processes that share it in Redis."""

from __future__ import annotations

import sys
from itertools import product
from time import perf_counter, sleep

from bench.processes import BenchProcesses, bench_processes
from desk_sync.adapters.runtime.embedded_broker import stop
from tests.support.processes import START_SECONDS

LATENCIES = (0.05, 0.2)
"""Desk's latency in seconds."""
CASES = ((10, 1), (10, 2), (25, 2))
"""The calls that the portal allows at a time, and the number of processes that make them."""
WARM_UP = 3.0  # seconds, after the first call


def run(full: bool) -> None:
    seconds = 20.0 if full else 5.0
    print(f"{seconds:.0f} s each\n")
    print("| Desk's answer ms | allowed in flight | processes | calls/s | of those that fit | most in flight |")
    print("|--:|--:|--:|--:|--:|--:|")
    for latency, (limit, count) in product(LATENCIES, CASES):
        with bench_processes(latency, concurrency=limit, workers=limit) as processes:
            rate, most = _call(processes, limit, count, seconds)
        share = rate * latency / limit
        print(f"| {1000 * latency:.0f} | {limit} | {count} | {rate:.0f} | {share:.2f} | {most} |", flush=True)


def _call(processes: BenchProcesses, limit: int, count: int, seconds: float) -> tuple[float, int]:
    """Return the calls a second, and the maximum in flight as counted by Desk."""
    command = [sys.executable, "-m", "tests.support.caller", "119514000017429001", str(2 * limit // count)]
    callers = [processes.start(*command) for _ in range(count)]
    processes.wait_until(lambda: _calls(processes) > limit, seconds=START_SECONDS)
    sleep(WARM_UP)
    began, before = perf_counter(), _calls(processes)
    sleep(seconds)
    rate = (_calls(processes) - before) / (perf_counter() - began)
    most: int = processes.desk()["most_in_flight"]
    stop(callers)
    if most > limit:
        raise RuntimeError(f"{most} calls were in flight, {limit} are allowed")
    return rate, most


def _calls(processes: BenchProcesses) -> int:
    return sum(processes.desk()["calls"].values())

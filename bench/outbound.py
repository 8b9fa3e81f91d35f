"""Calls to Desk: how many of those that fit into a portal's limit are made, by processes that share it in Redis."""

from __future__ import annotations

import sys
from itertools import product
from time import perf_counter, sleep

from bench.stage import Stage, staged
from desk_sync.adapters.runtime.embedded_broker import stop
from tests.support.processes import START_SECONDS

LATENCIES = (0.05, 0.2)
"""Seconds that Desk takes for an answer."""
CASES = ((10, 1), (10, 2), (25, 2))
"""How many calls the portal allows at a time, and how many processes make them."""
WARM_UP = 3.0  # seconds, after the first call


def run(full: bool) -> None:
    seconds = 20.0 if full else 5.0
    print(f"{seconds:.0f} s each\n")
    print("| Desk's answer ms | allowed in flight | processes | calls/s | of those that fit | most in flight |")
    print("|--:|--:|--:|--:|--:|--:|")
    for latency, (limit, processes) in product(LATENCIES, CASES):
        with staged(latency, concurrency=limit, workers=limit) as stage:
            rate, most = _call(stage, limit, processes, seconds)
        share = rate * latency / limit
        print(f"| {1000 * latency:.0f} | {limit} | {processes} | {rate:.0f} | {share:.2f} | {most} |", flush=True)


def _call(stage: Stage, limit: int, processes: int, seconds: float) -> tuple[float, int]:
    """Calls a second, and the most that Desk saw at a time."""
    command = [sys.executable, "-m", "tests.support.caller", "119514000017429001", str(2 * limit // processes)]
    callers = [stage.start(*command) for _ in range(processes)]
    stage.wait_until(lambda: _calls(stage) > limit, seconds=START_SECONDS)
    sleep(WARM_UP)
    began, before = perf_counter(), _calls(stage)
    sleep(seconds)
    rate = (_calls(stage) - before) / (perf_counter() - began)
    most: int = stage.desk()["most_in_flight"]
    stop(callers)
    if most > limit:
        raise RuntimeError(f"{most} calls were in flight, {limit} are allowed")
    return rate, most


def _calls(stage: Stage) -> int:
    return sum(stage.desk()["calls"].values())

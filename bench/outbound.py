"""Calls to Desk: how many of those that fit into a portal's limit are made, by processes that share it in Redis."""

from __future__ import annotations

import sys
from time import perf_counter, sleep

from bench.stage import Stage, staged
from desk_sync.adapters.embedded import stop
from tests.support.processes import START_SECONDS

LATENCY = 0.05
CASES = ((10, 1), (10, 2), (25, 2))
"""How many calls the portal allows at a time, and how many processes make them."""
WARM_UP = 3.0  # seconds, after the first call


def run(full: bool) -> None:
    seconds = 20.0 if full else 5.0
    print(f"{seconds:.0f} s each; {1000 * LATENCY:.0f} ms a call\n")
    print("| allowed in flight | processes | calls/s | of those that fit | most in flight |")
    print("|--:|--:|--:|--:|--:|")
    for limit, processes in CASES:
        with staged(LATENCY, concurrency=limit, workers=limit) as stage:
            rate, most = _call(stage, limit, processes, seconds)
        print(f"| {limit} | {processes} | {rate:.0f} | {rate * LATENCY / limit:.2f} | {most} |", flush=True)


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

"""Memory over many events: receiver and worker, from the first deliveries to the last."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from subprocess import Popen

from bench import load
from bench.ingest import make_deliveries
from bench.stage import Stage, staged
from tests.support.processes import children_of

TICKETS = 1_000
RATE = 1_000
CONNECTIONS = 50
STEPS = 10
IN_FLIGHT = 25
PATIENCE = 300.0


def run(full: bool) -> None:
    events = 1_000_000 if full else 20_000
    print(f"{events:,} deliveries at {RATE:,}/s, of {TICKETS:,} tickets in turn; Desk answers at once\n")
    print("| events | receiver MB | worker with its children MB |")
    print("|--:|--:|--:|")
    with staged(0.0, workers=IN_FLIGHT, concurrency=IN_FLIGHT) as stage:
        _watch(stage, events)


def _watch(stage: Stage, events: int) -> None:
    port = stage.serve()
    (*_, receiver), worker = stage.children, stage.start_ours("worker")
    deliveries, stored = make_deliveries(TICKETS), 0
    for _ in range(STEPS):
        share = islice(deliveries, events // STEPS)
        result = load.offer(port, share, rate=RATE, connections=CONNECTIONS, seconds=events / STEPS / RATE)
        stored += result.accepted
        print(f"| {stored:,} | {_megabytes(receiver):.0f} | {_megabytes(worker):.0f} |", flush=True)
    stage.wait_until(lambda: not stage.owed, PATIENCE)


def _megabytes(process: Popen[bytes]) -> float:
    """What a process and its descendants hold for themselves alone, shared pages apart (Linux)."""
    pids = [process.pid, *(child.pid for child in children_of(process.pid))]
    return sum(_private_kb(pid) for pid in pids) / 1024


def _private_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))

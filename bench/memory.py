"""Memory over many events: receiver and worker, from the first deliveries to the last."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

from bench import load
from bench.ingest import make_deliveries
from bench.processes import BenchProcesses, bench_processes
from tests.support.processes import children_of

TICKETS = 1_000
RATE = 1_000
CONNECTIONS = 50
STEPS = 10
WARM_UP = 2_000  # deliveries
IN_FLIGHT = 25
TIMEOUT = 300.0


def run(full: bool) -> None:
    events = 1_000_000 if full else 20_000
    print(f"{events:,} deliveries at {RATE:,}/s, of {TICKETS:,} tickets in turn; Desk answers at once\n")
    print("| events | receiver MB | worker with its children MB |")
    print("|--:|--:|--:|")
    with bench_processes(0.0, workers=IN_FLIGHT, concurrency=IN_FLIGHT) as processes:
        _watch(processes, events)


def _watch(processes: BenchProcesses, events: int) -> None:
    receiver, port = processes.serve()
    worker = processes.start_product("worker")
    deliveries, stored = make_deliveries(TICKETS), 0
    _offer(port, deliveries, WARM_UP)
    processes.wait_until(lambda: not processes.pending, TIMEOUT)
    for _ in range(STEPS):
        stored += _offer(port, deliveries, events // STEPS)
        print(f"| {stored:,} | {_megabytes(receiver):.0f} | {_megabytes(worker):.0f} |", flush=True)
    processes.wait_until(lambda: not processes.pending, TIMEOUT)


def _offer(port: int, deliveries: Iterator[bytes], events: int) -> int:
    """Offer so many deliveries, and return how many were accepted."""
    seconds = events / RATE
    return load.offer(port, deliveries, rate=RATE, connections=CONNECTIONS, seconds=seconds).accepted


def _megabytes(process: Popen[bytes]) -> float:
    """Return the private memory of a process and its descendants in MB, without shared pages (Linux)."""
    pids = [process.pid, *(child.pid for child in children_of(process.pid))]
    return sum(_private_kb(pid) for pid in pids) / 1024


def _private_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))

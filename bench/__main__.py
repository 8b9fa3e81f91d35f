"""`./dev bench [NAME…] [--full]`: run benchmarks, print their figures as Markdown."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

from bench import conversation, drain, due, ingest, latency, machine, memory, months, outbound, subscriptions, wakeups

BENCHMARKS: Mapping[str, Callable[[bool], None]] = {
    "conversation": conversation.run,
    "due": due.run,
    "ingest": ingest.run,
    "drain": drain.run,
    "outbound": outbound.run,
    "latency": latency.run,
    "memory": memory.run,
    "months": months.run,
    "subscriptions": subscriptions.run,
    "wakeups": wakeups.run,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--full", action="store_true", help="longer, more rounds")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - BENCHMARKS.keys():
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    print(machine.describe())
    for name in arguments.names or BENCHMARKS:
        print(f"\n## {name}\n", flush=True)
        BENCHMARKS[name](arguments.full)


if __name__ == "__main__":
    main()

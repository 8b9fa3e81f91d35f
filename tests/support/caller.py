"""A process that reads one ticket of a simulated Desk in a loop, through the product's own wiring and budget.

`python -m tests.support.caller TICKET THREADS`, with the settings in the environment; it runs until a signal ends it.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event

from desk_sync.errors import TemporaryError
from desk_sync.wiring.opening import open_app
from desk_sync.wiring.process import DEFAULT


def main(ticket_id: str, threads: int) -> None:
    with open_app() as app:
        desk, pause = app.portal(DEFAULT).desk, Event()

        def read_in_a_loop() -> None:
            while True:
                with suppress(TemporaryError):
                    desk.read_ticket(ticket_id)
                    continue
                pause.wait(0.1)

        with ThreadPoolExecutor(threads) as pool:
            for call in [pool.submit(read_in_a_loop) for _ in range(threads)]:
                call.result()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

"""A process that reads one ticket of a simulated Desk over and over, through the product's own wiring and budget.

`python -m tests.support.caller TICKET THREADS`, with the settings in the environment; it ends by a signal.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event

from desk_sync import wiring
from desk_sync.errors import TemporaryError


def main(ticket_id: str, threads: int) -> None:
    with wiring.open_app() as app:
        desk, pause = app.desk(wiring.DEFAULT), Event()

        def read_again_and_again() -> None:
            while True:
                with suppress(TemporaryError):
                    desk.read_ticket(ticket_id)
                    continue
                pause.wait(0.1)

        with ThreadPoolExecutor(threads) as pool:
            for call in [pool.submit(read_again_and_again) for _ in range(threads)]:
                call.result()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

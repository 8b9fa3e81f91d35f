"""Other APIs on the port of the simulated Desk, with paths, limits and answers of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol, TypeAlias

from desk_sync.simulated_desk.oauth import AccountsServer
from desk_sync.simulated_desk.rest.api import RestRequest, RestResponse


class ApisBeside(Protocol):
    """The other APIs. Their paths begin with one of `places`, such as /billing-host."""

    @property
    def places(self) -> Sequence[str]: ...

    def facts(self, url: str) -> Mapping[str, str]:
        """Return the settings that a client needs to use them at this URL."""
        ...

    def slot(self, request: RestRequest) -> AbstractContextManager[RestResponse | None]:
        """Hold a place among the calls in process; the context is the refusal if there is none."""
        ...

    def handle(self, request: RestRequest) -> RestResponse: ...


MakeBeside: TypeAlias = Callable[[Callable[[], datetime], AccountsServer], ApisBeside]
"""Returns the other APIs, given the clock and the accounts server whose tokens they take."""


def is_beside(beside: ApisBeside, path: str) -> bool:
    """Return True if a path belongs to one of the other APIs."""
    return any(path.startswith(f"{place}/") for place in beside.places)

"""The simulated sources, with the quirks of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.stand_in import StandIn, stand_in


@pytest.fixture
def start() -> Iterator[Callable[..., StandIn]]:
    """Start the sources with quirks and settings; they stop after the test."""
    with ExitStack() as stack:

        def start(*quirks: str, **settings: Any) -> StandIn:
            return stack.enter_context(stand_in(quirks=quirks, **settings))

        yield start

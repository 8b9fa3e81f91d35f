"""Injected faults of REST calls and of deliveries.

Faults are values, and chance is a generator with a seed, so that a run can be repeated. A fault of a call takes effect
before the call is executed, or after it: then Desk has executed the call, but the client gets no success response.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_args

FieldFault = Literal["invalid", "missing", "mandatory", "dropped", "changed", "forbidden"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultInjector:
    """The faults to inject. Shares are from 0 to 1, times in seconds.

    A `share` of the calls named in `calls` (`PATCH /tickets/{id}`; empty: all calls) that have one of `ids` in their
    path (empty: any) gets every call fault that is set: `status` (with Desk's error `code`, by default the status'
    own), `html` (a page instead of JSON, with status 200 unless `status` is set), `unreadable` (200 with a body that
    is no JSON), `padding` (so many spaces after the body), `latency`, `hang` (no response for so long, then a closed
    connection), `reset` (the connection is closed without a response), `half` (half the body, then closed), `drip`
    (the body byte by byte, with this wait after each).
    `fields` names fields of a ticket that a PATCH of a client cannot write, with the form of the refusal: `invalid` and
    `missing` (422 for that field), `forbidden` (403), `dropped` (silently), `changed` (to another value), `mandatory`
    (422 for every PATCH that leaves the field empty, whatever it writes).
    `drop` and `duplicate` are shares of the deliveries; with `reorder` the next one is any of those that wait.
    """

    seed: int = 0
    share: float = 1.0
    calls: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    after: bool = False
    status: int | None = None
    code: str | None = None
    html: bool = False
    unreadable: bool = False
    padding: int = 0
    latency: float = 0.0
    hang: float = 0.0
    reset: bool = False
    half: bool = False
    drip: float = 0.0
    fields: Mapping[str, FieldFault] = field(default_factory=dict)
    drop: float = 0.0
    duplicate: float = 0.0
    reorder: bool = False

    def __post_init__(self) -> None:
        if not all(0 <= share <= 1 for share in (self.share, self.drop, self.duplicate)):
            raise ValueError("a share is from 0 to 1")
        if min(self.latency, self.drip, self.hang, self.padding) < 0:
            raise ValueError("a time or a length is not negative")
        if unknown := set(self.fields.values()) - set(get_args(FieldFault)):
            raise ValueError(f"no such fault of a field: {', '.join(sorted(unknown))}")

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> FaultInjector:
        """Return the faults of a JSON document. Raises ValueError for an unknown key."""
        unknown = document.keys() - {each.name for each in fields(cls)}
        if unknown:
            raise ValueError(f"no such fault: {', '.join(sorted(unknown))}")
        lists = {name: tuple(document.get(name, ())) for name in ("calls", "ids")}
        return cls(**{**document, **lists})

    @property
    def stands_in(self) -> bool:
        """True if the response is the fault's own, not Desk's."""
        return self.status is not None or self.code is not None or self.html or self.unreadable

    @property
    def disconnects(self) -> bool:
        """True if the client gets no response at all."""
        return self.reset or self.hang > 0

    def names(self, call: str, ids: Sequence[str]) -> bool:
        """Return True for a call that the faults are for."""
        return (not self.calls or call in self.calls) and (not self.ids or not set(self.ids).isdisjoint(ids))


NONE = FaultInjector()


class FaultChance:
    """The faults that are active now, each with the random generator that applies it."""

    def __init__(self, faults: FaultInjector = NONE) -> None:
        self.set(faults)

    def set(self, faults: FaultInjector) -> None:
        """Replace all faults by these, and start their generator from their seed."""
        self._active = [_ActiveFaults(faults)]

    def begin(self, faults: FaultInjector) -> None:
        """Add faults to those that are active."""
        self._active.append(_ActiveFaults(faults))

    def end(self, faults: FaultInjector) -> None:
        """End these faults; others go on."""
        self._active = [each for each in self._active if each.faults is not faults]

    @property
    def faults(self) -> Sequence[FaultInjector]:
        return [each.faults for each in self._active if each.faults is not NONE]

    def draw_faults(self, call: str, ids: Sequence[str] = (), *, only_named: bool = False) -> FaultInjector:
        """Return the faults of a call, all that happen as one. With `only_named` they must name the call."""
        drawn = list(self._drawn(call, ids, only_named=only_named))
        return _merged(drawn) if len(drawn) > 1 else (drawn or [NONE])[0]

    def _drawn(self, call: str, ids: Sequence[str], *, only_named: bool) -> Iterator[FaultInjector]:
        for each in self._active:
            named = call in each.faults.calls if only_named else each.faults.names(call, ids)
            if named and each.faults is not NONE and each.happens(each.faults.share):
                yield each.faults

    def copies(self) -> int:
        """Return how often the next delivery is sent: 0 if it is dropped, 2 if it is duplicated."""
        if any(each.happens(each.faults.drop) for each in self._active):
            return 0
        return 2 if any(each.happens(each.faults.duplicate) for each in self._active) else 1

    def next_of(self, waiting: int) -> int:
        """Return the index of the next delivery among the waiting ones."""
        reordering = next((each for each in self._active if each.faults.reorder), None)
        return reordering.random.randrange(waiting) if reordering else 0


def _merged(drawn: Sequence[FaultInjector]) -> FaultInjector:
    """Return faults that have of each kind the first that is set, and the faults of every field."""
    kinds = {name: kind for faults in reversed(drawn) for name, kind in asdict(faults).items() if kind}
    return FaultInjector(**kinds | {"fields": {name: kind for each in drawn for name, kind in each.fields.items()}})


class _ActiveFaults:
    def __init__(self, faults: FaultInjector) -> None:
        self.faults = faults
        self.random = random.Random(faults.seed)  # noqa: S311 -- chance that can be repeated

    def happens(self, share: float) -> bool:
        return share > 0 and self.random.random() < share

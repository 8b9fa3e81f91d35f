"""Plays a scenario. What wakes the product is what wakes it in production: a delivery, a look that has come due, a
notice whose period is over, a pull, a sweep. A sweep that could find nothing is neither made nor counted: one is made
where a delivery was lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from desk_sync.adapters.store.subscriptions import FILE
from desk_sync.errors import PermanentError, Problem
from desk_sync.ports.sweeps import SweepKind
from desk_sync.services.sweep import SweepPace
from desk_sync.simulated_desk.error import RestRefusal
from desk_sync.simulation.scenario import LoadedScenario
from desk_sync.simulation.setup import SimulationSetup
from desk_sync.simulation.steps import act
from desk_sync.wiring import DEFAULT

RING = timedelta(seconds=5)
"""How often beat rings: how soon a look is tried again that could not be made when it was due."""
SWEEP = timedelta(minutes=3)
PULL = timedelta(minutes=1)
"""How often beat asks whether a pull is due."""


def play(scenario: LoadedScenario, on: SimulationSetup) -> None:
    """Let everything happen, up to the last instant of the story. Raises InputError for what cannot happen."""
    _Play(scenario=scenario, on=on).run()


@dataclass(slots=True, kw_only=True)
class _Play:
    """`sweeping`: a sweep is on the agenda; `telling_at`: when the notices that are gathered are to be sent."""

    scenario: LoadedScenario
    on: SimulationSetup
    sweeping: bool = False
    telling_at: datetime | None = None

    def run(self) -> None:
        story, virtual_time = self.scenario.story, self.on.virtual_time
        self._prepare()
        while (at := min(self._instants())) <= story.instant(story.until):
            virtual_time.move_to(at)
            virtual_time.run_due()
            if (due := self._look_at()) and due <= virtual_time.now():
                self.on.desk_sync.drain(DEFAULT)
                self._tell()
            self._mind_losses()
        virtual_time.move_to(story.instant(story.until))

    def _prepare(self) -> None:
        story, on = self.scenario.story, self.on
        for name in story.files.values():
            on.source.read(self.scenario.path(name))
        on.source.file = self.scenario.path(story.accounts) if story.accounts else None
        on.virtual_time.put(story.start, self._pull)
        for place, ticket in enumerate(story.tickets):
            self._put(ticket.at, ["tickets", place], partial(on.people.open, ticket))
        for place, step in enumerate(story.steps):
            self._put(step.at, ["steps", place], partial(act, step, on, self.scenario))

    def _put(self, at: datetime | timedelta, path: list[object], happen: Callable[[], None]) -> None:
        self.on.virtual_time.put(self.scenario.story.instant(at), partial(self._happen, path, happen))

    def _happen(self, path: list[object], happen: Callable[[], None]) -> None:
        try:
            happen()
        except RestRefusal as refusal:
            raise self.scenario.mistaken(list(self._refused(refusal, path))) from None
        except PermanentError as error:
            raise self.scenario.mistaken([self.scenario.tree.problem(path, str(error), error.hint)]) from None

    def _refused(self, refusal: RestRefusal, path: list[object]) -> Iterator[Problem]:
        for wrong in refusal.wrong:
            yield self.scenario.tree.problem(path, f"the simulated Desk refuses {wrong.field}: {wrong.message}")
        if not refusal.wrong:
            yield self.scenario.tree.problem(path, f"the simulated Desk refuses this: {refusal.message}")

    def _instants(self) -> Iterator[datetime]:
        """When something is to happen next. The pulls never end."""
        now = self.on.virtual_time.now()
        yield from filter(None, [self.on.virtual_time.next_at])
        if due := self._look_at():
            yield due if due > now else now + RING

    def _look_at(self) -> datetime | None:
        return self.on.desk_sync.figures(DEFAULT).next_look_at()

    def _tell(self) -> None:
        """Send the notices whose period is over, and those of the next one when it is."""
        next_at = self.on.desk_sync.send_notices(DEFAULT).run()
        if next_at and next_at != self.telling_at:
            self.on.virtual_time.put(next_at, self._tell)
        self.telling_at = next_at

    def _mind_losses(self) -> None:
        """Have the next sweep made, if it could find something."""
        if self.on.deliveries.lost_at and not self.sweeping:
            rounds = (self.on.virtual_time.now() - self.scenario.story.start) // SWEEP
            self.on.virtual_time.put(self.scenario.story.start + (rounds + 1) * SWEEP, self._sweep)
            self.sweeping = True

    def _sweep(self) -> None:
        self.sweeping = False
        swept = self.on.desk_sync.sweep(DEFAULT).run_if_due(SweepKind.RECENT)
        lost_at = self.on.deliveries.lost_at
        if swept and lost_at and lost_at + SweepPace().grace <= self.on.virtual_time.now():
            self.on.deliveries.lost_at = None

    def _pull(self) -> None:
        pulls = self.on.desk_sync.pulls
        self.on.pull.run_if_due()
        due = pulls.states()[FILE].due_at or self.on.virtual_time.now()
        self.on.virtual_time.put(max(due, self.on.virtual_time.now() + PULL), self._pull)

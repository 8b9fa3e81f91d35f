"""The run of a scenario in virtual time.

The product is woken by the same things as in production: a delivery, a look that is due, a notice whose period has
ended, a pull, a sweep. A sweep runs, and is counted, only after a lost delivery: any other would find nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from desk_sync.errors import PermanentError, Problem
from desk_sync.ports.subscriptions import FILE
from desk_sync.ports.sweeps import SweepKind, SweepRound
from desk_sync.simulated_desk.error import RestError
from desk_sync.simulation.scenario import LoadedScenario
from desk_sync.simulation.scenario_shape import DatabaseStep
from desk_sync.simulation.setup import SimulationSetup
from desk_sync.simulation.steps import run_step
from desk_sync.wiring.process import DEFAULT

BEAT_INTERVAL = timedelta(seconds=5)
"""The interval of beat: the delay after which a due look that could not be made is tried again."""
SWEEP_INTERVAL = timedelta(minutes=3)
"""The interval of the sweeps, which ran before the loss and found nothing."""
SWEEP_RING_INTERVAL = timedelta(minutes=1)
"""The interval at which beat rings for a sweep, which it makes if it is due, or if the one before failed."""
PULL_INTERVAL = timedelta(minutes=1)
"""The interval at which beat checks if a pull is due."""


def run_scenario(
    scenario: LoadedScenario, simulation: SimulationSetup, look_made: Callable[[], None] = lambda: None
) -> None:
    """Run the scenario up to its last instant; `look_made` is called after each look.

    Raises InputError for a step that cannot be executed.
    """
    _ScenarioRun(scenario=scenario, simulation=simulation, look_made=look_made).run()


@dataclass(slots=True, kw_only=True)
class _ScenarioRun:
    """`sweep_scheduled`: a sweep is already scheduled; `notices_at`: the instant at which gathered notices are sent."""

    scenario: LoadedScenario
    simulation: SimulationSetup
    look_made: Callable[[], None]
    sweep_scheduled: bool = False
    notices_at: datetime | None = None

    def run(self) -> None:
        shape, virtual_time = self.scenario.shape, self.simulation.virtual_time
        self._prepare()
        while (at := min(self._instants())) <= shape.instant(shape.until):
            virtual_time.move_to(at)
            virtual_time.run_due()
            if (due := self._look_at()) and due <= virtual_time.now():
                self.simulation.desk_sync.portal(DEFAULT).drain.run()
                self._send_notices()
                self.look_made()
            self._schedule_sweep()
        virtual_time.move_to(shape.instant(shape.until))

    def _prepare(self) -> None:
        shape, simulation = self.scenario.shape, self.simulation
        for name in shape.files.values():
            simulation.source.read(self.scenario.path(name))
        simulation.source.load(self.scenario.path(shape.accounts) if shape.accounts else None)
        simulation.virtual_time.schedule(shape.start, self._pull)
        if min(shape.opened) < shape.start:
            simulation.virtual_time.schedule(shape.start, self._find_older_tickets)
        for place, ticket in enumerate(shape.tickets):
            self._schedule(ticket.at, ["tickets", place], partial(simulation.actors.open, ticket))
        for step in shape.steps:
            if isinstance(step, DatabaseStep) and step.as_of is not None:
                simulation.virtual_time.schedule(shape.instant(step.as_of), simulation.save_database)
        for place, step in enumerate(shape.steps):
            self._schedule(step.at, ["steps", place], partial(run_step, step, simulation, self.scenario))

    def _schedule(self, at: datetime | timedelta, path: list[object], action: Callable[[], None]) -> None:
        self.simulation.virtual_time.schedule(self.scenario.shape.instant(at), partial(self._execute, path, action))

    def _execute(self, path: list[object], action: Callable[[], None]) -> None:
        try:
            action()
        except RestError as error:
            raise self.scenario.input_error(list(self._problems(error, path))) from None
        except PermanentError as error:
            raise self.scenario.input_error([self.scenario.tree.problem(path, str(error), error.hint)]) from None

    def _problems(self, error: RestError, path: list[object]) -> Iterator[Problem]:
        for wrong in error.wrong:
            yield self.scenario.tree.problem(path, f"the simulated Desk refuses {wrong.field}: {wrong.message}")
        if not error.wrong:
            yield self.scenario.tree.problem(path, f"the simulated Desk refuses this: {error.message}")

    def _instants(self) -> Iterator[datetime]:
        """Yield the next instants at which something is due; there is always one, since pulls repeat."""
        now = self.simulation.virtual_time.now()
        yield from filter(None, [self.simulation.virtual_time.next_at])
        if due := self._look_at():
            yield due if due > now else now + BEAT_INTERVAL

    def _look_at(self) -> datetime | None:
        """Return when the first look is due, in virtual time."""
        at = self.simulation.desk_sync.portal(DEFAULT).metrics.next_look_at()
        return self.simulation.host.in_virtual_time(at) if at else None

    def _send_notices(self) -> None:
        """Send the notices whose period has ended, and schedule the next sending."""
        next_at = self.simulation.desk_sync.portal(DEFAULT).send_notices.run()
        if next_at and next_at != self.notices_at:
            self.simulation.virtual_time.schedule(self.simulation.host.in_virtual_time(next_at), self._send_notices)
        self.notices_at = next_at

    def _find_older_tickets(self) -> None:
        """Sweep, as the product does when it starts on a portal that has been in use."""
        self.simulation.desk_sync.portal(DEFAULT).sweep.run(SweepKind.RECENT)

    def _schedule_sweep(self) -> None:
        """Schedule the next sweep if a delivery was lost; the rings after it are scheduled by that sweep."""
        if self.simulation.deliveries.lost_at and not self.sweep_scheduled:
            rounds = (self.simulation.virtual_time.now() - self.scenario.shape.start) // SWEEP_INTERVAL
            self.simulation.virtual_time.schedule(
                self.scenario.shape.start + (rounds + 1) * SWEEP_INTERVAL, self._sweep
            )
            self.sweep_scheduled = True

    def _sweep(self) -> None:
        """Sweep the changes and the replies, each in its turn, until both have reached the last lost delivery."""
        portal, lost_at = self.simulation.desk_sync.portal(DEFAULT), self.simulation.deliveries.lost_at
        for which in (SweepKind.RECENT, SweepKind.REPLIES):
            self._sweep_if_due(which)
        rounds = portal.sweeps.rounds()
        reached = [rounds[which].reached for which in (SweepKind.RECENT, SweepKind.REPLIES)]
        if lost_at and all(each and lost_at <= each for each in reached):
            self.simulation.deliveries.lost_at, self.sweep_scheduled = None, False
        else:
            now = self.simulation.virtual_time.now()
            self.simulation.virtual_time.schedule(now + SWEEP_RING_INTERVAL, self._sweep)

    def _sweep_if_due(self, which: SweepKind) -> None:
        portal, counts = self.simulation.desk_sync.portal(DEFAULT), self.simulation.sweeps
        failures = portal.sweeps.rounds().get(which, SweepRound()).failures
        if swept := portal.sweep.run_if_due(which):
            counts.update(ok=1, missed=swept.missed)
        elif portal.sweeps.rounds()[which].failures > failures:
            counts.update(failed=1)

    def _pull(self) -> None:
        pulls = self.simulation.desk_sync.sources.pulls
        self.simulation.pull.run_if_due()
        now, due = self.simulation.virtual_time.now(), pulls.states()[FILE].due_at
        again = self.simulation.host.in_virtual_time(due) if due else now
        self.simulation.virtual_time.schedule(max(again, now + PULL_INTERVAL), self._pull)

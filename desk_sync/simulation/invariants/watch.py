"""The watch over a scenario: the invariants are looked at after each look of the product, and at the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.history import WorkState
from desk_sync.domain.escalation.ladder import RaisedLevel
from desk_sync.domain.plan.note.note import NOTE
from desk_sync.domain.plan.policy import Mode, Policy
from desk_sync.domain.ticket.effect import reference_of
from desk_sync.ports.tickets import TicketHistory
from desk_sync.simulated_desk.portal.ticket import DeskTicket, plain
from desk_sync.simulation.invariants import clocks as of_clocks
from desk_sync.simulation.invariants import texts as of_texts
from desk_sync.simulation.invariants.broken import BrokenInvariant, ScenarioInvariant
from desk_sync.simulation.scenario_shape import DatabaseStep, FaultsStep
from desk_sync.simulation.setup import SimulationSetup
from desk_sync.wiring.process import DEFAULT

PROMPT = timedelta(minutes=15)
"""How long after its due instant a breach may have no level yet: Desk may not have answered."""
_REFERENCE = " [ds-"


@dataclass(slots=True)
class ScenarioWatch:
    """What was seen of each ticket so far, by its key, and the invariants that were broken, the first one first."""

    simulation: SimulationSetup
    broken: list[BrokenInvariant] = field(default_factory=list)
    _raised: dict[str, tuple[RaisedLevel, ...]] = field(default_factory=dict)
    _met: dict[str, list[Clock]] = field(default_factory=dict)

    def look_made(self) -> None:
        """Check what must hold after each look."""
        for key, ticket in self.simulation.actors.tickets.items():
            history = self._history(ticket)
            if history:
                self._check_clocks(key, history)
                self._check_levels(key, ticket, history)

    def end(self) -> None:
        """Check what must hold in the end, then look at each ticket once more."""
        self.look_made()
        settled = self._is_settled
        for key, ticket in self.simulation.actors.tickets.items():
            self._check_texts(key, ticket)
            history = self._history(ticket)
            if history and settled:
                self._check_breaches(key, ticket, history)
                self._check_state(key, ticket, history)
        if settled:
            self._check_further_looks()

    def _check_clocks(self, key: str, history: TicketHistory) -> None:
        read = history.clocks(self._now)
        self._note(key, ScenarioInvariant.TIME_ADDS_UP, of_clocks.wrong_sums(read))
        if not self._is_disturbed:  # what is learnt late corrects what was judged without it
            late = of_clocks.became_late(self._met.get(key, ()), read)
            self._note(key, ScenarioInvariant.MET_STAYS_MET, late)
        self._met[key] = [each for each in read if each.state is ClockState.MET and each.met_at]

    def _check_levels(self, key: str, ticket: DeskTicket, history: TicketHistory) -> None:
        raised = history.memory.escalation.state.raised
        known = self._raised.get(key, ())
        news = [level for level in raised if level not in known]
        read = history.clocks(self._now)
        groundless = (of_clocks.groundless(level, read) for level in news)
        self._note(key, ScenarioInvariant.LEVEL_OF_A_BREACH, filter(None, groundless))
        state = self._state(ticket)
        if state in (WorkState.SOLVED, WorkState.ENDED):
            seen = (f"level {level.level}, and the ticket is {state}" for level in news)
            self._note(key, ScenarioInvariant.NO_LEVEL_AFTER_CLOSING, seen)
        self._raised[key] = raised

    def _check_texts(self, key: str, ticket: DeskTicket) -> None:
        own = self.simulation.site.portal.own_agent["id"]
        ours = [each for each in ticket.comments if of_texts.is_by(each, own)]
        public = [plain(each["content"]).strip() for each in ours if each["isPublic"]]
        history = self._history(ticket)
        figures = {past.decision.licences for past in history.decisions} if history else set()
        private = [_words(each["content"]) for each in ours if not each["isPublic"]]
        twice = (*of_texts.repeated(private), *of_texts.repeated(public))
        self._note(key, ScenarioInvariant.NO_TEXT_TWICE, twice)
        notes = of_texts.carrying((each["content"] for each in ours), reference_of(ticket.ticket_id, NOTE))
        self._note(key, ScenarioInvariant.ONE_NOTE, notes[1:])
        self._note(key, ScenarioInvariant.NO_MARK_IN_PUBLIC, of_texts.marked(public))
        self._note(key, ScenarioInvariant.NO_LICENCES_IN_PUBLIC, of_texts.about_licences(public, figures))

    def _check_breaches(self, key: str, ticket: DeskTicket, history: TicketHistory) -> None:
        """Check that each breach was raised, unless something explains why not, as a running ladder does."""
        inputs, state = history.memory.clocks.inputs, history.memory.escalation.state
        if inputs is None or self._mode(ticket) is Mode.SHADOW or history.parked_at or history.ended_at:
            return
        past = inputs.history
        always_open = self._state(ticket) is WorkState.OPEN and not any(
            True for _ in past.spans(frozenset(WorkState) - {WorkState.OPEN})
        )
        if not always_open or history.memory.clocks.suppressed or history.memory.escalation.requests.taken_over:
            return
        if of_clocks.is_climbing(state, past, self._now):
            return
        exhausted = of_clocks.exhausted_clock(state)
        read = [clock for clock in history.clocks(self._now) if clock.name != exhausted]
        ripe = [clock for clock in read if clock.due_at and clock.due_at <= self._now - PROMPT]
        self._note(key, ScenarioInvariant.BREACH_HAS_A_LEVEL, of_clocks.unraised(ripe, past, state.raised, self._now))

    def _check_state(self, key: str, ticket: DeskTicket, history: TicketHistory) -> None:
        inputs, state = history.memory.clocks.inputs, self._state(ticket)
        if state is WorkState.ENDED and self._is_disturbed:
            return  # no list shows a ticket in the bin: after a lost delivery only its next look finds it there
        if inputs and not history.ended_at and inputs.history.stage is not state:
            seen = f"the history ends {inputs.history.stage}, the ticket is {state}"
            self._note(key, ScenarioInvariant.LAST_STATE, [seen])

    def _check_further_looks(self) -> None:
        """Look at each ticket again. A closed one is left out: no export wakes it before it is reopened."""
        portal, tickets = self.simulation.desk_sync.portal(DEFAULT), self.simulation.actors.tickets
        for key, ticket in tickets.items():
            if self._state(ticket) is WorkState.SOLVED:
                continue
            before = self.simulation.site.desk.calls.copy()
            portal.tickets.look_now([ticket.ticket_id], now=self.simulation.host.now())
            portal.drain.run()
            made = self.simulation.site.desk.calls - before
            writes = (call for call in sorted(made) if not call.startswith("GET "))
            self._note(key, ScenarioInvariant.NOTHING_TO_WRITE, writes)

    @property
    def _is_disturbed(self) -> bool:
        """True for a scenario in which deliveries, calls or the product's memory fail at some time."""
        return any(isinstance(step, FaultsStep | DatabaseStep) for step in self.simulation.scenario.shape.steps)

    @property
    def _is_settled(self) -> bool:
        """True if the product has seen all that happened, and Desk answers."""
        simulation, shape = self.simulation, self.simulation.scenario.shape
        next_at = simulation.desk_sync.portal(DEFAULT).metrics.next_look_at()
        due = next_at is not None and simulation.host.in_virtual_time(next_at) <= self._now
        ends = (shape.instant(step.at) + step.lasts for step in shape.steps if isinstance(step, FaultsStep))
        return not due and simulation.deliveries.lost_at is None and all(end <= self._now for end in ends)

    @property
    def _now(self) -> datetime:
        return self.simulation.virtual_time.now()

    def _history(self, ticket: DeskTicket) -> TicketHistory | None:
        return self.simulation.desk_sync.portal(DEFAULT).tickets.history(ticket.ticket_id)

    @property
    def _policy(self) -> Policy:
        return self.simulation.desk_sync.mapping.policy

    def _mode(self, ticket: DeskTicket) -> Mode:
        return self._policy.tickets.mode_of(ticket.record["departmentId"])

    def _state(self, ticket: DeskTicket) -> WorkState:
        """Return the state of the work on the ticket as Desk has it now."""
        whole = self.simulation.site.portal.whole(ticket)
        in_bin = any(whole[flag] for flag in ("isSpam", "isTrashed", "isDeleted"))
        rules = self._policy.commitment.statuses
        return rules.stage(whole["status"], whole["statusType"], in_bin=in_bin)

    def _note(self, key: str, invariant: ScenarioInvariant, seen: Iterable[str]) -> None:
        self.broken += [BrokenInvariant(at=self._now, ticket=key, invariant=invariant, seen=each) for each in seen]


def _words(content: str) -> str:
    """Return the text of a private comment without the reference at its end."""
    return plain(content).partition(_REFERENCE)[0].strip()

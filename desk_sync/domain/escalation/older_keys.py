"""The state of an escalation as older versions stored it: triggers and ladders were named by the clock alone.

Such a key names the breach that held at that time, and no later one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from desk_sync.domain.commitment.promise import Milestone
from desk_sync.domain.escalation.escalate import WITH_REASON, EscalationState
from desk_sync.domain.escalation.triggers import OVERRUN, EscalationTrigger


def with_present_keys(
    state: EscalationState, happened: Iterable[EscalationTrigger], names: Mapping[str, str], *, is_open: bool
) -> EscalationState:
    """Return the state with the keys of this version for the triggers that happened. `names` are those of the clocks.

    The old keys are kept while the ticket is closed or in the bin: some breaches do not show then. A ladder and its
    levels keep their key, so that none of its comments is made twice.
    """
    ladder = state.ladder
    if ladder and ladder.because in WITH_REASON and not ladder.about:
        ladder = replace(ladder, about=names.get(ladder.key, ladder.key))
    old = {key for key in state.known if _is_old(key)} if is_open else set()
    now_known = {each.key for each in happened if each.former in old}
    return replace(state, ladder=ladder, known=(state.known - old) | now_known)


def _is_old(key: str) -> bool:
    milestone, _, number = key.partition(":")
    return key == OVERRUN or (milestone in list(Milestone) and number.isdigit())

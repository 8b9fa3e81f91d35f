"""Our own comments on a ticket: a private one is known by its reference, a public one by its author, an agent of ours.

An agent who copies our words into a comment of their own has written that comment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from desk_sync.domain.commitment.conversation import ConversationItem
from desk_sync.domain.plan.adoption.traces import writers_of
from desk_sync.domain.plan.education import REPLY
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.ticket.effect import reference_of
from desk_sync.domain.ticket.wording import Wording


@dataclass(frozen=True, slots=True)
class PartedComments:
    """The comments on a ticket: `ours`, and those of `others`."""

    ours: Sequence[ConversationItem] = ()
    others: Sequence[ConversationItem] = ()

    @property
    def commenters(self) -> frozenset[str]:
        """The authors of the others' comments."""
        return frozenset(each.author_id for each in self.others if each.author_id)


@dataclass(frozen=True)
class OwnComments:
    """The comments on a ticket that are ours, by the ids of `agents` whose token we use or used before."""

    policy: Policy
    ticket_id: str
    agents: frozenset[str]

    def part(self, items: Iterable[ConversationItem]) -> PartedComments:
        """Return the comments of the ticket in two parts, ours with their references as far as these are known.

        A former agent of ours that is not known yet is found by the references that it wrote. While none is known, the
        words of a public comment have to do.
        """
        listed = list(items)
        maybe = _parted(listed, self._may_be_ours)
        agents = self.agents | writers_of(maybe.ours, maybe.commenters)
        if not agents:
            return maybe
        parted = _parted(listed, lambda item: _is_ours(item, agents))
        return replace(parted, ours=[self._named(each) for each in parted.ours])

    def _may_be_ours(self, item: ConversationItem) -> bool:
        return item.reference is not None or any(each.matches(item.said or "") for each in self._wordings)

    def _named(self, item: ConversationItem) -> ConversationItem:
        """Return the comment with its reference, if it is a reply that educates: a ticket has one."""
        educates = item.reference is None and any(each.matches(item.said or "") for each in self._education)
        return replace(item, reference=reference_of(self.ticket_id, REPLY)) if educates else item

    @cached_property
    def _wordings(self) -> Sequence[Wording]:
        """The wording of every text that the policy has for partners, in all languages."""
        return *self._education, *self.policy.escalation.updates.wordings()

    @cached_property
    def _education(self) -> Sequence[Wording]:
        return list(self.policy.education.wordings())


def _parted(items: Iterable[ConversationItem], is_ours: Callable[[ConversationItem], bool]) -> PartedComments:
    ours, others = list[ConversationItem](), list[ConversationItem]()
    for item in items:
        (ours if is_ours(item) else others).append(item)
    return PartedComments(ours, others)


def _is_ours(item: ConversationItem, agents: frozenset[str]) -> bool:
    if item.public and item.author_id:
        return item.author_id in agents
    return item.reference is not None

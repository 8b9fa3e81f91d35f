"""Our own comments on a ticket, recognised by their reference, or by author, kind and words where they carry none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from desk_sync.domain.commitment.conversation import ConversationItem
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.ticket.wording import Wording


@dataclass(frozen=True)
class OwnComments:
    """The comments on a ticket that are ours, by the ids of `agents` whose token we use or used before."""

    policy: Policy
    agents: frozenset[str]

    def among(self, items: Iterable[ConversationItem]) -> Iterator[ConversationItem]:
        """Yield those that are ours."""
        return (item for item in items if self._is_ours(item))

    def _is_ours(self, item: ConversationItem) -> bool:
        """Return True for a comment with our reference, and for a public one by an agent of ours or with our words."""
        if item.reference:
            return True
        if item.said is None:
            return False
        return item.author_id in self.agents or any(each.matches(item.said) for each in self._wordings)

    @cached_property
    def _wordings(self) -> Sequence[Wording]:
        """The wording of every text that the policy has for partners, in all languages."""
        education = (text for texts in self.policy.education.texts.values() for text in texts.values())
        return *(Wording.of([text]) for text in education), *self.policy.escalation.updates.wordings()

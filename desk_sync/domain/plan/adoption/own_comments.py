"""Our own comments on a ticket, recognised by their reference, or by author, kind and words where they carry none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from desk_sync.domain.commitment.conversation import AuthorKind, ConversationItem
from desk_sync.domain.escalation.matrix import LEVELS
from desk_sync.domain.escalation.public_update import PublicStep
from desk_sync.domain.fingerprint import words_digest
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.ticket.ticket import Ticket


@dataclass(frozen=True)
class OwnComments:
    """The comments on a ticket that are ours, by the ids of `agents` whose token we use or used before."""

    ticket: Ticket
    policy: Policy
    agents: frozenset[str]

    def among(self, items: Iterable[ConversationItem]) -> Iterator[ConversationItem]:
        """Yield those that are ours."""
        return (item for item in items if self._is_ours(item))

    def _is_ours(self, item: ConversationItem) -> bool:
        """Return True for a comment with our reference, and for a public one by an agent of ours or with our words."""
        if item.reference:
            return True
        spoken = item.public and item.author is AuthorKind.AGENT
        return spoken and (item.author_id in self.agents or item.words in self._public_words)

    @cached_property
    def _public_words(self) -> frozenset[str]:
        """The words of every text that the policy has for the partner of this ticket, in all languages."""
        return frozenset(map(words_digest, self._public_texts()))

    def _public_texts(self) -> Iterator[str]:
        for texts in self.policy.education.texts.values():
            yield from texts.values()
        updates, number = self.policy.escalation.updates, self.ticket.number or self.ticket.ticket_id
        steps = [
            PublicStep(ticket=number, level=level, answering=answering) for level in LEVELS for answering in LEVELS
        ]
        for language in updates.texts:
            yield from filter(None, (updates.text(step, language) for step in steps))

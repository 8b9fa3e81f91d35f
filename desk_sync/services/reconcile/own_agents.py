"""The agents whose token we use, or used before: they write our comments, and are no persons."""

from __future__ import annotations

from dataclasses import dataclass

from desk_sync.errors import NotSent, PermanentError
from desk_sync.logs import get_logger
from desk_sync.ports.desk import Desk
from desk_sync.ports.portal import PortalFacts

log = get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAgents:
    """Our agents in one portal. Desk's answers to writes name them; it is asked where that is too late."""

    desk: Desk
    portal: PortalFacts

    def known(self) -> frozenset[str]:
        return self.portal.own_agents()

    def learn(self, agent_id: str | None) -> None:
        """Record the author whom Desk names in its answer to a write of ours."""
        if agent_id and agent_id != self.portal.own_agent():
            self.portal.learn_own_agent(agent_id)

    def ask(self) -> frozenset[str]:
        """Ask Desk whose token we use, for a credit; return all that are known.

        After a loss none is known, and after a change of the token it is another one.
        """
        try:
            self.learn(self.desk.read_own_agent())
        except NotSent:
            raise
        except PermanentError as error:
            log.warning("own_agent.unread", error=str(error))
        return self.known()

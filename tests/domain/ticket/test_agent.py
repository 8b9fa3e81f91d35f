"""The agents to whom a ticket can be given."""

from __future__ import annotations

import pytest

from desk_sync.domain.ticket.agent import DeskAgent


@pytest.mark.parametrize(
    ("active", "departments", "possible"),
    [
        pytest.param(True, {"D1", "D2"}, True, id="an active agent of the department"),
        pytest.param(True, {"D2"}, False, id="an agent of another department"),
        pytest.param(False, {"D1"}, False, id="an agent who left"),
        pytest.param(True, set(), False, id="an agent of no department"),
    ],
)
def test_a_ticket_goes_only_to_an_active_agent_of_its_department(active, departments, possible):
    agent = DeskAgent(agent_id="1", zuid="2", active=active, departments=frozenset(departments))

    assert agent.can_be_given("D1") is possible

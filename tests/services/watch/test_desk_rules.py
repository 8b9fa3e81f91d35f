from dataclasses import replace

import pytest

from desk_sync.domain.escalation.public_update import UpdateTexts
from desk_sync.domain.plan.policy import Mode
from desk_sync.services.watch.desk_rules import CONTACTS, OWNERS, STRICT, describe_desk_rules
from tests.support.makers import POLICY

TEXTS = UpdateTexts(texts={"en": "Ticket {ticket}: {late} {news}"})


def policy(mode, *, departments=None, texts=TEXTS, reply=False):
    return replace(
        POLICY,
        tickets=replace(POLICY.tickets, mode=mode, department_modes=departments or {}),
        escalation=replace(POLICY.escalation, updates=texts),
        education=replace(POLICY.education, reply=reply),
    )


@pytest.mark.parametrize(
    ("policy", "named"),
    [
        pytest.param(policy(Mode.SHADOW), [], id="shadow: nothing is written"),
        pytest.param(policy(Mode.COMMENT), [OWNERS, STRICT], id="comment: nothing is public"),
        pytest.param(policy(Mode.WRITE), [CONTACTS, OWNERS, STRICT], id="write: the partner is told"),
        pytest.param(policy(Mode.WRITE, texts=UpdateTexts()), [OWNERS, STRICT], id="write without public texts"),
        pytest.param(policy(Mode.WRITE, texts=UpdateTexts(), reply=True), [CONTACTS, OWNERS, STRICT], id="a reply"),
        pytest.param(policy(Mode.SHADOW, departments={"7": Mode.WRITE}), [CONTACTS, OWNERS, STRICT], id="a department"),
    ],
)
def test_the_rules_of_desk_are_named_that_matter_for_the_mapping(policy, named):
    described = describe_desk_rules(policy)

    assert [rule for rule in (CONTACTS, OWNERS, STRICT) if rule in described] == named

"""Our traces in Desk are ours: a memory that is behind is brought up to date before anything is done again."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import pytest
from sqlalchemy import Engine

from desk_sync.adapters.store.engine import open_engine
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.ticket.effect import reference_of
from desk_sync.domain.ticket.ticket import Field
from desk_sync.errors import NotSent, PermanentError
from tests.services.conftest import World
from tests.support.makers import PERSON, ROBOT, make_account
from tests.support.one_portal import POLICY, TICKET, MakePortal, OnePortal
from tests.support.plan_scenes import PUBLIC_EDUCATION

NOTE = reference_of(TICKET, "clocks")
OTHER_ROBOT = "300000000000000019"
Forget: TypeAlias = Callable[..., OnePortal]


@pytest.fixture
def forget(tmp_path: Path, sqlite_template: Path) -> Iterator[Forget]:
    """Return the portal on an empty database, its ticket marked for a look; `data`: with the subscription data."""
    engines: list[Engine] = []

    def forget(portal: OnePortal, *, data: bool = True) -> OnePortal:
        path = shutil.copy(sqlite_template, tmp_path / f"forgotten-{len(engines)}.sqlite3")
        engines.append(open_engine(f"sqlite:///{path}"))
        now, policy = portal.world.now(), portal.world.policy
        world = World(engines[-1], portal.desk)
        world.waits(seconds=(now - world.now()).total_seconds())
        world.policy = policy
        if data:
            world.imports(make_account())
        world.tickets.look_now([TICKET], now=now)
        return OnePortal(world=world, desk=portal.desk)

    yield forget
    for engine in engines:
        engine.dispose()


def shown(portal: OnePortal) -> dict[str, object]:
    """Return what people see of the ticket."""
    history = portal.world.tickets.history(TICKET)
    assert history
    return {
        "values": portal.values(),
        "private": Counter(_first_line(each) for each in portal.desk.comments[TICKET]),
        "public": list(portal.desk.public_comments[TICKET]),
        "levels": [(each.ladder, each.level, each.at) for each in history.memory.escalation.state.raised],
        "owners": [each.roles for each in history.memory.escalation.state.raised],
    }


def _first_line(comment: str) -> str:
    text = comment.partition("\n")[0]
    return "the clocks" if "The clocks, as of" in text else text.rpartition(" [")[0] or text


class TestEverythingWasForgotten:
    @pytest.mark.parametrize("hours", [0.01, 2.5, 3.5, 6, 9, 13])
    def test_what_people_see_is_as_if_nothing_had_been_forgotten(self, make_portal: MakePortal, forget: Forget, hours):
        calm, struck = make_portal(), make_portal()
        calm.runs(hours=20)
        struck.runs(hours=hours)

        again = forget(struck)
        again.runs(hours=20 - hours)

        assert shown(again) == shown(calm)

    def test_the_levels_that_were_raised_send_no_message_again(self, make_portal: MakePortal, forget: Forget):
        portal = make_portal()
        portal.runs(hours=9)

        again = forget(portal)
        again.runs(hours=0.1)

        assert again.everything_else(Field.SEVERITY)["messages"] == []

    def test_a_persons_untick_after_ours_stays(self, make_portal: MakePortal, forget: Forget):
        portal = make_portal()
        portal.runs(hours=1)
        portal.desk.person_sets(TICKET, large_user=False, severity="S3-Minimal")

        again = forget(portal)
        again.runs(hours=4)

        ticket = portal.desk.tickets[TICKET]
        assert (ticket.large_user, ticket.severity) == (False, "S3-Minimal")

    def test_a_persons_untick_stays_also_if_the_account_is_known_only_later(
        self, make_portal: MakePortal, forget: Forget
    ):
        portal = make_portal()
        portal.runs(hours=1)
        portal.desk.person_sets(TICKET, large_user=False, severity="S3-Minimal")
        again = forget(portal, data=False)
        again.world.look()
        again.runs(hours=1)

        again.world.imports(make_account())
        again.world.tickets.look_now([TICKET], now=again.world.now())
        again.runs(hours=1)

        ticket = portal.desk.tickets[TICKET]
        assert (ticket.large_user, ticket.severity) == (False, "S3-Minimal")

    def test_our_own_values_are_taken_back_to_what_was_there_before(self, make_portal: MakePortal, forget: Forget):
        portal = make_portal()
        portal.runs(hours=1)

        again = forget(portal)
        again.world.look()
        again.world.imports(make_account(1))
        again.runs(hours=1)

        ticket = portal.desk.tickets[TICKET]
        assert (ticket.large_user, ticket.severity) == (False, "S2-Moderate")

    def test_what_another_token_of_ours_did_is_ours(self, make_portal: MakePortal, forget: Forget):
        portal = make_portal()
        portal.runs(hours=6)
        before = shown(portal)
        portal.desk.writer = OTHER_ROBOT

        again = forget(portal)
        again.world.look()

        assert shown(again) == before
        assert again.world.portal.own_agents() == {ROBOT, OTHER_ROBOT}

    def test_a_person_who_copied_our_comment_is_a_person(self, make_portal: MakePortal, forget: Forget):
        portal = make_portal()
        portal.runs(hours=6)
        ours = portal.desk.our_items[TICKET]
        ours.append(replace(ours[0], ref="copy", at=portal.world.now(), author_id=PERSON))

        again = forget(portal)
        again.world.look()

        assert again.world.portal.own_agents() == {ROBOT}

    def test_a_ticket_that_was_closed_meanwhile_keeps_its_clocks(self, make_portal: MakePortal, forget: Forget):
        portal = make_portal()
        portal.runs(hours=6)
        portal.desk.changes_status(TICKET, "Closed", "Closed")

        again = forget(portal)
        again.world.look()

        history = again.world.tickets.history(TICKET)
        assert [each.level for each in history.memory.escalation.state.raised] == [1, 2]
        assert history.clocks(again.world.now())


class TestTheNote:
    def test_what_a_person_made_of_it_stays_until_the_clocks_change(self, make_portal: MakePortal, forget: Forget):
        portal = make_portal()
        portal.runs(hours=4)
        portal.world.waits(minutes=1)
        portal.desk.person_edits(TICKET, "I have it.", NOTE)

        again = forget(portal)
        again.world.look()

        assert portal.desk.read_comment(TICKET, NOTE) == "I have it. "

    def test_ours_is_kept_up_to_date(self, make_portal: MakePortal, forget: Forget):
        portal = make_portal()
        portal.runs(hours=4)

        forget(portal).runs(hours=6)

        [kept] = [each for each in portal.desk.comments[TICKET] if NOTE in each]
        assert "The first reply is late" in kept


class TestPublicTexts:
    def test_ours_are_no_reply_of_a_person_under_another_token_either(self, make_portal: MakePortal, forget: Forget):
        calm, struck = make_portal(), make_portal()
        calm.runs(hours=20)
        struck.runs(hours=6)
        struck.desk.writer = OTHER_ROBOT

        again = forget(struck)
        again.runs(hours=14)

        assert shown(again) == shown(calm)

    def test_one_whose_private_companion_was_deleted_is_not_made_again(self, make_portal: MakePortal, forget: Forget):
        policy: Policy = replace(POLICY, education=PUBLIC_EDUCATION)
        portal = self.nameless(make_portal(), policy)
        portal.world.look()
        made = list(portal.desk.public_comments[TICKET])
        portal.desk.our_items[TICKET] = [each for each in portal.desk.our_items[TICKET] if each.public]

        forget(portal, data=False).world.look()

        assert portal.desk.public_comments[TICKET] == made

    def test_a_partner_that_was_educated_is_not_soon_educated_again(self, make_portal: MakePortal, forget: Forget):
        policy: Policy = replace(POLICY, education=PUBLIC_EDUCATION)
        portal = self.nameless(make_portal(), policy)
        portal.world.look()
        assert portal.desk.public_comments[TICKET]
        again = forget(portal)
        again.world.look()
        other = replace(portal.desk.tickets[TICKET], ticket_id="2", comments=0, created_at=again.world.now())
        portal.desk.tickets["2"] = replace(other, modified_at=again.world.now())

        again.world.tickets.look_now(["2"], now=again.world.now())
        again.world.look()

        assert portal.desk.public_comments["2"] == []

    def nameless(self, portal: OnePortal, policy: Policy) -> OnePortal:
        """Return the portal with a ticket that names no customer."""
        portal.world.policy = policy
        ticket = portal.desk.tickets[TICKET]
        portal.desk.tickets[TICKET] = replace(
            ticket, customer_primary_email=None, evidence=(), sender="help@partner.example"
        )
        return portal


class TestCosts:
    def test_ordinary_looks_cost_no_call_more(self, make_portal: MakePortal):
        portal = make_portal()
        portal.runs(hours=6)
        portal.desk.person_comments(TICKET, public=False)
        portal.person_changes_something_that_is_not_read()
        portal.desk.agent_replies(TICKET)

        portal.runs(hours=6)

        assert portal.desk.count("read_past") == portal.desk.count("read_own_agent") == 0

    def test_comments_that_were_read_are_not_read_again(self, make_portal: MakePortal):
        portal = make_portal()
        portal.runs(hours=6)
        portal.world.portal.want_traces(portal.world.now())
        portal.desk.person_comments(TICKET, public=False)
        portal.world.tickets.look_now([TICKET], now=portal.world.now())
        before = portal.desk.count("read_comments")

        portal.world.look()

        assert portal.desk.count("read_comments") - before == portal.desk.count("read_past") == 1

    def test_the_traces_are_read_once(self, make_portal: MakePortal, forget: Forget):
        portal = make_portal()
        portal.runs(hours=6)

        forget(portal).runs(hours=14)

        assert portal.desk.count("read_past") == 1

    def test_they_are_read_once_more_if_a_person_asks_for_it(self, make_portal: MakePortal):
        portal = make_portal()
        portal.runs(hours=6)
        portal.world.portal.want_traces(portal.world.now())

        portal.runs(hours=14)

        assert portal.desk.count("read_past") == 1

    def test_a_ticket_that_others_worked_on_before_us_is_new(self, make_portal: MakePortal, forget: Forget):
        calm, portal = make_portal(), make_portal()
        for each in (calm, portal):
            each.world.waits(minutes=30)
            each.desk.person_sets(TICKET, severity="S3-Minimal")

        again = forget(portal)
        again.runs(hours=12)
        calm.runs(hours=12)

        assert shown(again) == shown(calm)


class TestWhatDeskDoesNotShow:
    @pytest.mark.parametrize("name", ["read_past", "read_own_agent"])
    def test_the_rest_is_adopted(self, make_portal: MakePortal, forget: Forget, name):
        portal = make_portal()
        portal.runs(hours=6)
        made = len(portal.desk.comments[TICKET]), len(portal.desk.public_comments[TICKET])
        portal.desk.before[name] = _refusing(PermanentError("no"))

        forget(portal).world.look()

        assert (len(portal.desk.comments[TICKET]), len(portal.desk.public_comments[TICKET])) == made

    @pytest.mark.parametrize("name", ["read_past", "read_own_agent"])
    def test_a_call_that_was_not_sent_is_made_later(self, make_portal: MakePortal, forget: Forget, name):
        portal = make_portal()
        portal.runs(hours=6)
        again = forget(portal)
        portal.desk.before[name] = _refusing(NotSent("later", retry_after=timedelta(seconds=1)))
        again.world.look()
        assert again.world.tickets.history(TICKET).looked_at is None

        again.world.waits(seconds=5)
        again.world.look()

        assert [each.level for each in again.world.tickets.history(TICKET).memory.escalation.state.raised] == [1, 2]


def _refusing(error: Exception) -> Callable[[], None]:
    def refuse() -> None:
        raise error

    return refuse


def test_a_delivery_that_was_lost_does_not_cost_a_persons_value(make_portal: MakePortal):
    """Nobody told of the person's change, and the account is found to be large only now."""
    portal = make_portal()
    portal.world.imports(make_account(1))
    portal.runs(hours=0.1)
    portal.desk.person_sets(TICKET, large_user=False, severity="S3-Minimal")
    portal.world.waits(minutes=1)

    portal.world.imports(make_account())
    portal.world.tickets.look_now([TICKET], now=portal.world.now())
    portal.world.look()

    assert portal.desk.count("read_past") == 1
    assert portal.desk.tickets[TICKET].severity == "S3-Minimal"


def test_a_comment_by_a_person_is_none_of_ours(make_portal: MakePortal, forget: Forget):
    calm, struck = make_portal(), make_portal()
    for each in (calm, struck):
        each.runs(hours=6)
        each.desk.person_comments(TICKET, public=True)
        each.world.tickets.look_now([TICKET], now=each.world.now())

    again = forget(struck)
    again.runs(hours=14)
    calm.runs(hours=14)

    assert shown(again) == shown(calm)

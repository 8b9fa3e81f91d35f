"""Quirks, faults and steps of a scenario that show Desk's weather: what the simulated Desk does with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from desk_sync.errors import InputError
from desk_sync.simulated_desk.portal.quirks import QUIRKS
from desk_sync.simulated_desk.portal.ticket import DeskTicket
from desk_sync.simulation import scenario, simulate
from desk_sync.simulation.setup import SimulationSetup, set_up_simulation
from desk_sync.simulation.steps import run_step

HEAD = "start: 2026-11-20T09:00:00Z\nuntil: +2h\n"
TICKET = "tickets: [{key: t1, severity: 2}, {key: t2, at: +1m}]\n"


@pytest.fixture
def after(write):
    """Run the steps of a scenario without the product, and yield the setup with its tickets."""

    @contextmanager
    def after(steps: str, *, head: str = HEAD + TICKET) -> Iterator[SimulationSetup]:
        loaded = scenario.read(write(f"{head}steps:\n" + "".join(f"  - {line}\n" for line in steps.splitlines())))
        with set_up_simulation(loaded) as setup:
            for ticket in loaded.shape.tickets:
                setup.actors.open(ticket)
            for step in loaded.shape.steps:
                setup.virtual_time.move_to(loaded.shape.instant(step.at))
                run_step(step, setup, loaded)
            yield setup

    return after


def ticket(setup: SimulationSetup, key: str = "t1") -> DeskTicket:
    return setup.actors.tickets[key]


def test_a_reply_is_pending_first_and_then_sent(after):
    steps = """\
{at: +10m, ticket: t1, agent_reply: Hello, id: r1, status: PENDING}
{at: +20m, ticket: t1, thread: {id: r1, status: SUCCESS}}"""
    with after(steps) as setup:
        reply = ticket(setup).threads[-1]

    assert (reply["status"], reply["createdTime"]) == ("SUCCESS", "2026-11-20T09:10:00.000Z")


def test_replies_and_comments_are_deleted_by_their_ids(after):
    steps = """\
{at: +10m, ticket: t1, agent_reply: Hello, id: r1}
{at: +11m, ticket: t1, customer_reply: Thanks, id: r2}
{at: +12m, ticket: t1, comment: Seen, id: c1}
{at: +13m, ticket: t1, delete: r1}
{at: +14m, ticket: t1, delete: c1}"""
    with after(steps) as setup:
        assert [each["direction"] for each in ticket(setup).threads] == ["in", "in"]
        assert ticket(setup).comments == []


@pytest.mark.parametrize(("by", "kind"), [("agent", "AGENT"), ("partner", "END_USER")])
def test_a_comment_has_its_author_and_becomes_public_by_an_edit(after, by: str, kind: str):
    steps = f"""\
{{at: +10m, ticket: t1, comment: "It works", public: false, by: {by}, id: c1}}
{{at: +20m, ticket: t1, edit: c1, public: true}}"""
    with after(steps) as setup:
        (comment,) = ticket(setup).comments

    assert (comment["commenter"]["type"], comment["isPublic"]) == (kind, True)
    assert comment["content"] == "<div>It works</div>"


def test_a_ticket_is_merged_into_another(after):
    with after("{at: +10m, ticket: t1, merge: t2}") as setup:
        portal = setup.site.portal

        assert len(ticket(setup).threads) == 2
        assert ticket(setup, "t2").ticket_id not in portal.tickets


@pytest.mark.parametrize(
    ("steps", "flags"),
    [
        pytest.param("{at: +10m, ticket: t1, trash: true}", (True, False), id="in the bin"),
        pytest.param(
            "{at: +10m, ticket: t1, trash: true}\n{at: +11m, ticket: t1, restore: true}", (False, False), id="restored"
        ),
        pytest.param("{at: +10m, ticket: t1, spam: true}", (False, True), id="spam"),
    ],
)
def test_bin_and_spam(after, steps: str, flags: tuple[bool, bool]):
    with after(steps) as setup:
        record = ticket(setup).record
        assert (record["isTrashed"], record["isSpam"]) == flags


def test_a_ticket_has_its_channel_and_its_status(after):
    head = HEAD + "tickets: [{key: t1, channel: Phone, status: On Hold}]\n"
    with after("{at: +10m, ticket: t1, note: Seen}", head=head) as setup:
        assert (ticket(setup).record["channel"], ticket(setup).record["status"]) == ("Phone", "On Hold")


def test_faults_have_desks_ids_and_field_names(after):
    faults = "{tickets: [t1], fields: {severity: invalid, classification: mandatory}, hang: true}"
    with after(f"{{at: +10m, faults: {faults}, for: 1h}}") as setup:
        (injected,) = setup.site.chance.faults
        assert injected.fields == {"cf_severity": "invalid", "classification": "mandatory"}
        assert injected.ids == (ticket(setup).ticket_id,)
        assert injected.hang > 0


def test_the_faults_of_a_partner_have_the_ids_of_contact_and_account(after):
    with after("{at: +10m, faults: {partners_of: [t1], status: 403}, for: 1h}") as setup:
        (injected,) = setup.site.chance.faults
        record = ticket(setup).record
        assert injected.ids == (record["contactId"], record["accountId"])


def test_overlapping_faults_end_each_at_its_own_time(after):
    steps = """\
{at: +10m, faults: {status: 500}, for: 30m}
{at: +20m, faults: {fields: {severity: invalid}}, for: 1h}"""
    with after(steps) as setup:
        assert len(setup.site.chance.faults) == 2
        setup.virtual_time.move_to(setup.virtual_time.now() + timedelta(minutes=25))
        setup.virtual_time.run_due()
        assert [each.status for each in setup.site.chance.faults] == [None]


def test_the_statuses_that_the_mapping_names_are_in_the_portal_as_the_scenario_spells_them(write, tmp_path: Path):
    shipped = (Path(__file__).parents[2] / "mappings" / "partner_support.yaml").read_text()
    head = HEAD + "mapping: ./mine.yaml\ntickets: [{key: t1}]\n"
    path = write(head + "steps: [{at: +1h, ticket: t1, set: {status: Waiting on partner}}]\n")
    (tmp_path / "mine.yaml").write_text(
        shipped.replace("waiting_statuses: []", "waiting_statuses: [waiting ON partner]")
    )
    with set_up_simulation(scenario.read(path)) as setup:
        statuses = setup.site.portal.seed.layouts[0].statuses

    assert statuses["Waiting on partner"] == "Open"
    assert list(statuses)[:5] == ["Open", "Waiting for Partner", "On Hold", "Escalated", "Closed"]


@pytest.mark.parametrize(
    ("written", "message", "hint"),
    [
        pytest.param("portal: {quirks: [counts_lags]}", "there is no quirk", "counts_lag", id="no such quirk"),
        pytest.param(
            "steps: [{at: +1h, ticket: t1, thread: {id: r1, status: SENT}}]", "must be", None, id="no such state"
        ),
        pytest.param(
            "steps: [{at: +1h, ticket: t1, thread: {id: r1, status: DRAFT}}]", "no step before", None, id="no reply"
        ),
        pytest.param("steps: [{at: +1h, ticket: t1, delete: r1}]", "no step before", "none", id="nothing to delete"),
        pytest.param("steps: [{at: +1h, ticket: t1, merge: t9}]", "there is no ticket t9", "t1", id="no such ticket"),
        pytest.param(
            "steps: [{at: +1h, faults: {tickets: [t9]}, for: 1h}]", "there is no ticket t9", "t1", id="faults of none"
        ),
        pytest.param(
            "steps: [{at: +1h, faults: {fields: {severty: invalid}}, for: 1h}]",
            "the mapping has no field severty",
            "severity",
            id="no such field",
        ),
        pytest.param(
            "steps: [{at: +1h, faults: {fields: {severity: broken}}, for: 1h}]", "must be", None, id="no such fault"
        ),
        pytest.param(
            "steps: [{at: +1h, faults: {code: FORBIDEN}, for: 1h}]", "not an error code", "FORBIDDEN", id="no such code"
        ),
    ],
)
def test_a_mistake_is_named(write, written: str, message: str, hint: str | None):
    with pytest.raises(InputError) as error:
        simulate(write(f"{HEAD}tickets: [{{key: t1}}]\n{written}\n"))
    (problem,) = error.value.problems

    assert message in problem.message
    assert hint is None or hint in str(problem.hint)


@pytest.mark.parametrize("quirk", QUIRKS)
def test_a_scenario_runs_to_its_end_with_every_quirk(write, quirk: str):
    report: dict[str, Any] = simulate(
        write(
            f"""\
            start: 2026-11-20T09:00:00Z
            until: +1h
            portal: {{quirks: [{quirk}]}}
            tickets: [{{key: t1, severity: 2}}]
            steps: [{{at: +10m, ticket: t1, agent_reply: "We are looking into it."}}]
            """
        )
    )

    assert report["tickets"]["t1"]["status"] == "Open"

"""Scenarios whose product pulls the accounts from a simulated source, in virtual time."""

from __future__ import annotations

import pytest

from desk_sync.errors import InputError
from tests.support.stand_in import SAMPLE

TICKET = """
tickets:
  - key: t1
    at: {at}
    fields: {{customer_primary_email: {email}}}
    request_type: TECHNICAL_SUPPORT
    issue_type: defect
"""


def ticket(at: str = "+1h", email: str = "admin@example-large.example") -> str:
    return TICKET.format(at=at, email=email)


@pytest.fixture
def accounts(tmp_path):
    """Write account files with the customers of the sample, by their ids."""
    head, *rows = SAMPLE.read_text().splitlines(keepends=True)

    def write(name: str, *ids: str) -> str:
        chosen = [row for row in rows if row.split(",")[1] in ids]
        assert chosen
        (tmp_path / name).write_text(head + "".join(chosen))
        return name

    return write


LARGE, SMALL = "admin@malabar-spices.example", "admin@banksia-legal.example"


def decision(document) -> tuple[str, int]:
    found = document["tickets"]["t1"]["decision"]
    return found["decision"], found["licences_counted"]


def notes(document) -> list[str]:
    return [entry["what"] for entry in document["timeline"] if not entry["who"]]


@pytest.mark.parametrize("kind", ["billing", "store"])
@pytest.mark.parametrize(
    ("email", "decided"),
    [
        pytest.param(LARGE, ("PRIORITY", 100), id="100 licences in India"),
        pytest.param(SMALL, ("NOT_PRIORITY", 49), id="one below the threshold"),
        pytest.param("admin@nobody.example", ("UNKNOWN", 0), id="a stranger"),
    ],
)
def test_a_ticket_is_decided_by_what_the_source_says(run, accounts, kind, email, decided):
    accounts("some.csv", "A01", "A08", "A46")
    document = run(f"until: +2h\naccounts: some.csv\nsources: {{kind: {kind}}}{ticket(email=email)}")

    assert decision(document) == decided
    assert document["source"]["kind"] == kind
    assert document["source"]["calls"] > 0


def test_mail_says_the_licences_but_not_the_country(run, accounts):
    accounts("some.csv", "A46")
    document = run(
        f"until: +2h\naccounts: some.csv\nsources: {{kind: mail}}{ticket(email='admin@kumo-studio.example')}"
    )

    assert decision(document) == ("REVIEW", 55)


def test_without_a_file_the_source_is_empty(run):
    document = run(f"until: +2h\nsources: {{kind: billing}}{ticket(email=LARGE)}")

    assert decision(document)[0] == "UNKNOWN"


def test_a_new_export_is_what_the_source_has_from_then_on(run, accounts):
    accounts("first.csv", "A01")
    accounts("second.csv", "A01", "A08")
    steps = "steps:\n  - {at: +2h, accounts: second.csv}"
    document = run(f"until: +3h\naccounts: first.csv\nsources: {{kind: store}}{ticket(email=LARGE)}{steps}")

    assert decision(document) == ("PRIORITY", 100)


def test_a_pause_that_the_source_asks_for_passes_in_virtual_time(run, accounts):
    """The source takes 20 calls a minute, fewer than the product makes: some are refused, and all is read."""
    accounts("some.csv", *(f"A{number:02}" for number in range(1, 61)))
    document = run(f"until: +2h\naccounts: some.csv\nsources: {{kind: billing, per_minute: 20}}{ticket(email=LARGE)}")

    assert decision(document) == ("PRIORITY", 100)
    assert document["source"]["calls"] > sum(document["source"]["by_day"].values()) > 40


def test_no_more_calls_are_granted_than_the_day_has(run, accounts):
    accounts("some.csv", *(f"A{number:02}" for number in range(1, 61)))
    document = run(f"until: +30h\naccounts: some.csv\nsources: {{kind: billing, per_day: 10}}{ticket(email=LARGE)}")

    assert decision(document)[0] == "UNKNOWN"
    assert set(document["source"]["by_day"].values()) == {10}
    assert len(document["source"]["by_day"]) == 2


@pytest.mark.parametrize("kind", ["billing", "store"])
def test_data_grow_old_while_the_source_is_down(run, accounts, kind):
    accounts("some.csv", "A08")
    steps = "steps:\n  - {at: +1h, source: down, for: 9d}"
    text = f"until: +10d\naccounts: some.csv\nsources: {{kind: {kind}}}"
    during = run(f"{text}{ticket(at='+8d', email=LARGE)}{steps}")

    assert {"the subscription source does not answer any more", "the subscription source answers again"} <= set(
        notes(during)
    )
    looks = [entry["what"] for entry in during["timeline"] if entry["what"].startswith("decides")]
    assert looks[0].startswith("decides UNKNOWN")
    assert decision(during) == ("PRIORITY", 100)


def test_a_quirk_begins_and_ends(run, accounts):
    accounts("some.csv", "A08")
    steps = "steps:\n  - {at: +1h, source: quantities_as_texts, for: 2h}"
    document = run(f"until: +5h\naccounts: some.csv\nsources: {{kind: billing}}{ticket(email=LARGE)}{steps}")

    assert decision(document) == ("PRIORITY", 100)
    assert 'the subscription source: numbers of licences are texts: "60"' in notes(document)
    assert "the subscription source has no quirk quantities_as_texts any more" in notes(document)


def test_quirks_can_last_for_the_whole_scenario(run, accounts):
    accounts("some.csv", "A08")
    document = run(
        f"until: +2h\naccounts: some.csv\nsources: {{kind: store, quirks: [lists_are_empty]}}{ticket(email=LARGE)}"
    )

    assert decision(document)[0] == "UNKNOWN"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps: [{at: +1h, source: more_missing, for: 1h}]", "an account file has no quirks"),
        ("sources: {kind: billing}\nsteps: [{at: +1h, source: more_mising, for: 1h}]", "did you mean more_missing"),
        ("sources: {kind: billing, quirks: [moon_phase]}", "there is no quirk"),
        ("sources: {kind: warehouse}", "sources.kind"),
        ("sources: {kind: billing, per_day: 0}", "sources.per_day"),
    ],
)
def test_a_source_that_cannot_be_simulated_is_refused(run, text, message):
    with pytest.raises(InputError, match=message):
        run(f"until: +2h\n{text}")


def test_the_same_scenario_gives_the_same_result_twice(run, accounts):
    accounts("some.csv", "A01", "A08")
    text = (
        f"until: +30h\naccounts: some.csv\nsources: {{kind: billing, quirks: [refuses_with_44]}}{ticket(email=LARGE)}"
    )

    assert run(text)["timeline"] == run(text)["timeline"]

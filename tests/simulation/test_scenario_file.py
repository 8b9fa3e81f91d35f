"""A scenario file is read strictly: every mistake at once, with its line and column."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from desk_sync.errors import InputError, MappingError
from desk_sync.simulation import scenario, simulate

HEAD = """\
start: 2026-11-20T09:00:00Z
until: +1d
tickets:
  - {key: t1, at: +1h}
steps:
"""


A_DAY = "start: 2026-11-20T09:00Z\nuntil: +1d\n"


def refused(path):
    with pytest.raises(InputError) as error:
        simulate(path)
    return error.value.problems


@pytest.mark.parametrize(
    ("written", "line", "column", "message"),
    [
        pytest.param("until: +1d", 1, 1, "is missing", id="no start"),
        pytest.param(
            "start: 2026-11-20T09:00:00\nuntil: +1d", 1, 1, "neither an instant", id="an instant without a zone"
        ),
        pytest.param("start: +1h\nuntil: +1d", 1, 1, "is not an instant", id="a start that counts from the start"),
        pytest.param(f"{A_DAY}host_clock: 1d", 3, 1, "is not a difference between two clocks", id="without its sign"),
        pytest.param(f"{A_DAY}host_clock: -1w", 3, 1, "is not a length of time", id="weeks behind"),
        pytest.param("start: 2026-11-20T09:00Z\nuntil: +1w", 2, 1, "is not a length of time", id="weeks"),
        pytest.param("start: 2026-11-20T09:00Z\nuntil: 2026-11-20T09:00Z", 2, 1, "after the start", id="no time"),
        pytest.param("", 1, 1, "the file is empty", id="empty"),
        pytest.param("a: [", 1, 5, "not YAML", id="no YAML"),
        pytest.param("start: 2026-11-20T09:00Z\nuntil: +1d\naccounts: x.csv", 3, 1, "there is no file", id="no file"),
    ],
)
def test_a_mistake_in_the_head_has_its_position(write, written, line, column, message):
    (problem,) = refused(write(written))

    assert (problem.line, problem.column) == (line, column)
    assert message in problem.message


@pytest.mark.parametrize(
    ("step", "column", "message", "hint"),
    [
        pytest.param("{at: +2h}", 5, "a step does one of these", None, id="nothing"),
        pytest.param("nonsense", 5, "a step does one of these", None, id="no keys"),
        pytest.param("{at: +2h, ticket: t1, agent_repley: x}", 5, "a step does one of these", None, id="misspelt"),
        pytest.param("{at: +2h, ticket: t1, close: true, bye: me}", 40, "is not a setting", "by", id="a foreign key"),
        pytest.param("{at: +2h, ticket: t1, close: false}", 27, "must be True, not false", None, id="not closing"),
        pytest.param("{at: +2h, ticket: t2, close: true}", 15, "there is no ticket t2", "t1", id="an unknown ticket"),
        pytest.param("{at: +2h, close: true}", 5, "is missing", None, id="no ticket"),
        pytest.param("{at: +30m, ticket: t1, close: true}", 6, "t1 is not open yet", None, id="too early"),
        pytest.param("{at: +25h, ticket: t1, close: true}", 6, "outside of the scenario", None, id="too late"),
        pytest.param("{at: +2h, ticket: t1, set: {status: Shut}}", 5, "not a value of the pick", None, id="status"),
        pytest.param("{at: +2h, ticket: t1, set: {severty: 1}}", 5, "no field severty", "severity", id="no such field"),
        pytest.param(
            "{at: +2h, ticket: t1, close: true, by: boss}", 40, "must be 'agent'", None, id="an unknown actor"
        ),
        pytest.param("{at: +2h, source: up, for: 1h}", 15, "neither down nor a quirk", None, id="a source that is up"),
        pytest.param("{at: +2h, faults: {drop: 1.5}, for: 1h}", 24, "is not a share", None, id="more than all"),
        pytest.param("{at: +2h, faults: {drop: 0.5}}", 5, "is missing", None, id="faults for ever"),
        pytest.param("{at: +2h, accounts: none.csv}", 15, "there is no file", None, id="no such file"),
        pytest.param("{at: +2h, database: restored}", 5, "needs `as_of`", None, id="restored from nothing"),
        pytest.param("{at: +2h, database: lost, as_of: +1h}", 5, "has none", None, id="lost, but from something"),
        pytest.param("{at: +2h, database: restored, as_of: +3h}", 35, "not between", None, id="restored too early"),
    ],
)
def test_a_mistake_in_a_step_has_its_position(write, step, column, message, hint):
    (problem,) = refused(write(f"{HEAD}  - {step}\n"))

    assert (problem.line, problem.column) == (6, column)
    assert message in problem.message
    assert hint is None or hint in (problem.hint or "")


def test_every_mistake_is_named_at_once(write):
    problems = refused(
        write(
            """\
            start: 2026-11-20T09:00:00Z
            until: +1d
            portal: {data_center: mars}
            tickets:
              - {key: t1, severity: 4}
              - {key: t2, partner: {email: nobody, country: Germany, contract_until: soon}}
            """
        )
    )

    assert [problem.where for problem in problems] == [
        "portal.data_center",
        "tickets[0].severity",
        "tickets[1].partner.email",
        "tickets[1].partner.country",
        "tickets[1].partner.contract_until",
    ]


def test_two_tickets_with_one_key_are_refused(write):
    (problem,) = refused(write("start: 2026-11-20T09:00Z\nuntil: +1d\ntickets: [{key: a}, {key: b}, {key: a}]\n"))

    assert (problem.line, problem.where) == (3, "tickets[2].key")


def test_a_mapping_that_is_wrong_is_refused_as_such(write):
    path = write("start: 2026-11-20T09:00Z\nuntil: +1d\nmapping: mine.yaml\n")
    path.with_name("mine.yaml").write_text("version: 1\nfields: {}\n")

    with pytest.raises(MappingError, match=r"mine\.yaml:2"):
        simulate(path)


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        pytest.param("2026-11-20T10:00:00+01:00", datetime(2026, 11, 20, 9, tzinfo=UTC), id="an offset"),
        pytest.param("+1d2h3m4s", datetime(2026, 11, 21, 11, 3, 4, tzinfo=UTC), id="since the start"),
    ],
)
def test_an_instant_is_absolute_or_counts_from_the_start(write, written, instant):
    shape = scenario.read(
        write(f"start: 2026-11-20T09:00:00Z\nuntil: +2d\ntickets: [{{key: t1, at: {written}}}]\n")
    ).shape

    assert shape.instant(shape.tickets[0].at) == instant

"""Files of questions about business time: their form, and the messages for mistakes."""

from __future__ import annotations

import json

import pytest

from desk_sync.adapters.mapping.calendar_questions import CalendarQuestions, answer, read
from desk_sync.errors import InputError

CALENDAR = {"tz": "UTC", "weekly": {"mon": [["09:00", "17:00"]]}}
DUE = {"id": "d", "calendar": CALENDAR, "start": "2025-06-02T10:00:00Z", "duration_s": 60, "pauses": []}
THRESHOLDS = {"id": "t", "calendar": CALENDAR, "start": "2025-06-02T10:00:00Z", "duration_s": 60, "percents": []}
ELAPSED = {"id": "e", "calendar": CALENDAR, "start": "2025-06-02T10:00:00Z", "end": "2025-06-02T10:00:00.500Z"}
CADENCE = {"id": "c", "calendar": CALENDAR, "start": "2025-06-02T10:00:00Z", "every_s": 60, "count": 1}


@pytest.fixture
def written(tmp_path):
    def write(content: object) -> str:
        file = tmp_path / "questions.json"
        file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(file)

    return write


def with_calendar(**changed: object) -> dict:
    return {"cases": [DUE | {"calendar": CALENDAR | changed}]}


def mistakes(file: str) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        read(file)
    return [(problem.where, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("content", "where", "message"),
    [
        pytest.param(with_calendar(tz="Europe/Berln"), "calendar.tz", "not an IANA time zone", id="zone"),
        pytest.param(with_calendar(tz=2), "calendar.tz", "not 2", id="zone that is no text"),
        pytest.param(with_calendar(weekly={"mond": []}), "calendar.weekly.mond", 'not "mond"', id="weekday"),
        pytest.param(with_calendar(weekly={"mon": [["9:00", "10:00"]]}), "calendar.weekly.mon[0]", '"9:00"', id="time"),
        pytest.param(
            with_calendar(weekly={"mon": [["09:00"]]}), "calendar.weekly.mon[0]", "a list", id="half a window"
        ),
        pytest.param(with_calendar(holidays=["2025-02-30"]), "calendar.holidays[0]", "2025-02-30", id="date"),
        pytest.param(with_calendar(holidays=["2025-W01-1"]), "calendar.holidays[0]", "not a date", id="week"),
        pytest.param(with_calendar(holidays=[None]), "calendar.holidays[0]", "nothing", id="no date"),
        pytest.param(with_calendar(holiday_mode="none"), "calendar.holiday_mode", "'shift_start'", id="mode"),
        pytest.param(with_calendar(overrides={"25-1-1": []}), "calendar.overrides.25-1-1", "not a date", id="override"),
        pytest.param({"cases": [DUE | {"start": "2025-06-02T10:00:00"}]}, "start", "not an instant", id="naive"),
        pytest.param({"cases": [DUE | {"start": 1748858400}]}, "start", "not an instant", id="seconds since 1970"),
        pytest.param(
            {"cases": [DUE | {"start": "9999-12-31T23:00:00-02:00"}]}, "start", "not an instant", id="too far"
        ),
        pytest.param({"cases": [DUE | {"duration_s": -1}]}, "duration_s", "not -1", id="negative"),
        pytest.param({"cases": [DUE | {"duration_s": 1e300}]}, "duration_s", "less than", id="too long"),
        pytest.param(
            {"cases": [{"id": "x"} | {k: DUE[k] for k in DUE if k != "start"}]}, "start", "missing", id="none"
        ),
        pytest.param(
            {"cases": [DUE | {"pauses": [["2025-06-02T10:00:00Z", "2025-06-01T10:00:00Z"]]}]},
            "pauses[0]",
            "ends before it begins",
            id="pause",
        ),
    ],
)
def test_a_mistake_is_reported_with_its_place(written, content, where, message):
    [(found, text)] = mistakes(written(content))

    assert found == f"cases[0].{where}"
    assert message in text


def test_every_mistake_is_reported_at_once(written):
    content = {
        "cases": [DUE | {"start": "?"}, DUE | {"calendar": {"tz": "Nowhere", "weekly": {"someday": []}}}],
        "elapsed": [ELAPSED | {"end": None}],
        "cadence": [CADENCE | {"count": -1}],
        "thresholds": [THRESHOLDS | {"percents": ["half"]}],
    }

    assert [where for where, _ in mistakes(written(content))] == [
        "cases[0].start",
        "cases[1].calendar.tz",
        "cases[1].calendar.weekly.someday",
        "elapsed[0].end",
        "cadence[0].count",
        "thresholds[0].percents[0]",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b'{"cases": [\n  {,}]}', "2:4: not JSON: ", id="not JSON"),
        pytest.param(b"\xff", "is not UTF-8", id="not text"),
        pytest.param(b"[]", "a list", id="not an object"),
    ],
)
def test_a_file_that_is_no_document_is_refused(written, content, message):
    with pytest.raises(InputError) as caught:
        read(written(content))

    assert message in str(caught.value)


def test_a_file_that_is_absent_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read(tmp_path / "absent.json")


def test_every_part_may_be_absent(written):
    assert answer(read(written({"about": "nothing"}))) == {"cases": [], "elapsed": [], "cadence": [], "thresholds": []}


def test_figures_need_not_be_whole():
    questions = CalendarQuestions.model_validate(
        {"elapsed": [ELAPSED], "thresholds": [THRESHOLDS | {"percents": ["50", 33.25, 100]}]}
    )

    answers = answer(questions)

    assert answers["elapsed"] == [{"id": "e", "elapsed_s": 0.5}]
    assert answers["thresholds"][0]["at_percent"] == {
        "50": "2025-06-02T10:00:30Z",
        "33.25": "2025-06-02T10:00:19.950000Z",
        "100": "2025-06-02T10:01:00Z",
    }


@pytest.mark.parametrize("tz", ["UTC", "Asia/Kolkata"])
def test_an_instant_that_never_comes_is_null(tz):
    never = {"tz": tz, "weekly": {}}
    questions = {part: [each | {"calendar": never}] for part, each in [("cases", DUE), ("cadence", CADENCE)]}

    answers = answer(CalendarQuestions.model_validate(questions))

    assert (answers["cases"], answers["cadence"]) == ([{"id": "d", "due": None}], [{"id": "c", "due": [None]}])

"""Every file from outside has a bound: a hostile one is refused with its place, within a second and 200 MB."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from tests.adapters.subscriptions.test_account_file import ROW, table

MAPPING = (Path(__file__).parents[2] / "mappings" / "partner_support.yaml").read_text(encoding="utf-8")
START = "start: 2026-11-23T08:00:00Z\nuntil: +4h\n"
CALENDAR = {"tz": "Europe/Berlin", "weekly": {"mon": [["09:00", "17:00"]]}}
LONG_AGO, FAR_AHEAD = "1900-01-01T00:00:00Z", "2199-12-31T00:00:00Z"
DIGITS = "9" * 5_000
SECONDS, MEGABYTES = 1.0, 200
# The peak of a process counts from its start here; that in `getrusage` includes the memory of its parent.
COMMAND = """
import atexit, re, sys, time
from pathlib import Path
from desk_sync.cli import main
def measured():
    peak = re.search(r"VmHWM:\\s+([0-9]+) kB", Path("/proc/self/status").read_text())[1]
    print("measured", time.process_time(), peak, file=sys.stderr)
atexit.register(measured)
main()
"""


def questions(**changed: object) -> str:
    asked = {"id": "e", "calendar": CALENDAR, "start": LONG_AGO, "end": FAR_AHEAD}
    return json.dumps({"elapsed": [asked | changed]})


def minutes(count: int) -> list[list[str]]:
    return [[f"{at // 60:02}:{at % 60:02}", f"{at // 60:02}:{at % 60 + 1:02}"] for at in range(0, 2 * count, 2)]


def deep(opening: str, closing: str, depth: int = 3_000) -> str:
    return opening * depth + closing * depth


STRINGS_TYPE = (
    '<Override PartName="/xl/s.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)


def inline(text: str) -> str:
    return f'<c t="inlineStr"><is><t>{text}</t></is></c>'


def book(sheet: str, *, fonts: str = "", strings: str = "") -> bytes:
    """Return a workbook whose only sheet has this XML inside `sheetData`."""
    plain, packed = BytesIO(), BytesIO()
    workbook = Workbook()
    workbook.active.append(list(ROW))
    workbook.active.append(list(ROW.values()))
    workbook.save(plain)
    with ZipFile(plain) as old, ZipFile(packed, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name).decode()
            if name.endswith("sheet1.xml"):
                text = text.replace("</sheetData>", sheet + "</sheetData>")
            text = text.replace("</Types>", f"{STRINGS_TYPE if strings else ''}</Types>")
            new.writestr(name, text.replace("</fonts>", fonts + "</fonts>"))
        if strings:
            new.writestr(
                "xl/s.xml", f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{strings}</sst>'
            )
    return packed.getvalue()


def rows(**cells: str) -> str:
    return table(cells)


FILES = [
    pytest.param(
        "decide", "a.xlsx", lambda: book('<row r="1048577"><c><v>1</v></c></row>'), ":3:1: ", id="a row after the last"
    ),
    pytest.param(
        "decide", "a.xlsx", lambda: book('<row r="2000000000"><c><v>1</v></c></row>'), ":3:1: ", id="row 2,000,000,000"
    ),
    pytest.param(
        "decide", "a.xlsx", lambda: book(f'<row r="{DIGITS}"><c><v>1</v></c></row>'), ":3:1: ", id="row 10**5000"
    ),
    pytest.param(
        "decide", "a.xlsx", lambda: book(f"<row><c><v>{DIGITS}</v></c></row>"), ":3:1: ", id="a number of 5,000 digits"
    ),
    pytest.param(
        "decide", "a.xlsx", lambda: book("<row><c><v>1e999999</v></c></row>"), ":3:1: ", id="a number of 999,999 digits"
    ),
    pytest.param(
        "decide", "a.xlsx", lambda: book("<row><c><v>nan</v></c></row>"), ":3:1: ", id="a number that is none"
    ),
    pytest.param(
        "decide", "a.xlsx", lambda: book(" " * 300_000_000), "unpacks from", id="300 MB in one file of 300 kB"
    ),
    pytest.param(
        "decide",
        "a.xlsx",
        lambda: book("", fonts="<font/>" * 4_000_000),
        "unpacks from",
        id="4,000,000 fonts",
    ),
    pytest.param(
        "decide",
        "a.xlsx",
        lambda: book(
            "".join(f'<row r="{n}" ht="{n % 97}"><c r="A{n}" s="{n % 7}"/></row>' for n in range(3, 1_000_000))
        ),
        ":3:1: more than 20,000 blank rows follow",
        id="a million formatted rows",
    ),
    pytest.param(
        "decide",
        "a.xlsx",
        lambda: book('<row><c t="inlineStr"><is><t> </t></is></c></row>' * 1_000_000),
        "delete its empty rows",
        id="a million equal rows",
    ),
    pytest.param(
        "decide",
        "a.xlsx",
        lambda: book("".join(f'<row r="{n}"><c r="XFD{n}" s="1"/></row>' for n in range(3, 9_000))),
        "has more than 10,000,000 cells",
        id="rows of the full width",
    ),
    pytest.param(
        "decide",
        "a.xlsx",
        lambda: book('<row r="3"><c r="XFD3"><v>1</v></c></row>'),
        "16,384 cells in a row",
        id="a cell in the last column",
    ),
    pytest.param(
        "decide",
        "a.xlsx",
        lambda: book(f"<row>{inline('9' * 200_000)}</row>"),
        ":3:1: a cell has 200,000 characters",
        id="a cell of 200,000 characters",
    ),
    pytest.param(
        "decide",
        "a.xlsx",
        lambda: book(f"<row>{inline('9' * 30_000_000)}</row>"),
        "unpacks from",
        id="a cell of 30 MB",
    ),
    pytest.param(
        "decide",
        "a.xlsx",
        lambda: book("", strings="".join(f"<si><t>{n * 7919 % 10**7}</t></si>" for n in range(2_500_000))),
        "bytes of texts",
        id="2,500,000 texts",
    ),
    pytest.param("decide", "a.csv", lambda: "x" * 50_000_000, ":1:1: ", id="a line of 50 MB"),
    pytest.param(
        "decide", "a.csv", lambda: rows() + '"' + "x\n" * 5_000_000, ":3:1: ", id="a quotation mark without end"
    ),
    pytest.param("decide", "a.csv", lambda: rows() + '"x\n",' * 500_000, ":3:1: ", id="a record of 500,000 lines"),
    pytest.param("decide", "a.csv", lambda: "a," * 200_000, ":1:1: ", id="200,000 columns"),
    pytest.param("decide", "a.csv", lambda: rows(plan_name="x" * 100_000), ":2:", id="a name of 100,000 characters"),
    pytest.param("decide", "a.csv", lambda: rows(plan_quantity=DIGITS), ":2:", id="a quantity of 5,000 digits"),
    pytest.param(
        "decide", "a.csv", lambda: rows(plan_quantity="1" + ",000" * 30), ":2:", id="a quantity of 91 digits in groups"
    ),
    pytest.param("decide", "a.csv", lambda: rows(plan_quantity="1E+1000000"), ":2:", id="a quantity with an exponent"),
    pytest.param("decide", "a.csv", lambda: rows(addons=deep("[", "]")), ":2:", id="add-ons 3,000 deep"),
    pytest.param("decide", "a.csv", lambda: rows(addons=deep('[{"a":', "}]")), ":2:", id="add-ons 6,000 deep"),
    pytest.param(
        "decide",
        "a.csv",
        lambda: rows(addons=f'[{{"name":"x","quantity":{DIGITS}}}]'),
        ":2:",
        id="5,000 digits in add-ons",
    ),
    pytest.param(
        "decide", "a.csv", lambda: rows(addons='[{"name":"x","quantity":1e999999}]'), ":2:", id="an exponent in add-ons"
    ),
    pytest.param("decide", "a.csv", lambda: rows(as_of_date="99999-01-01"), ":2:", id="a date after the last one"),
    pytest.param(
        "mappings", "a.yaml", lambda: MAPPING + "x: " + deep("[", "]"), "are more than 20 deep", id="lists 3,000 deep"
    ),
    pytest.param("mappings", "a.yaml", lambda: deep("{a: ", "}"), ":1:81: ", id="keys 3,000 deep"),
    pytest.param("mappings", "a.yaml", lambda: "- " * 20_000, ":1:41: ", id="lists on one line, 20,000 deep"),
    pytest.param("mappings", "a.yaml", lambda: f"version: {DIGITS}", ":1:1: ", id="a version of 5,000 digits"),
    pytest.param("mappings", "a.yaml", lambda: "a: &a [*a, *a]\n", ":1:", id="aliases of themselves"),
    pytest.param(
        "mappings",
        "a.yaml",
        lambda: "a0: &a0 [x]\n" + "".join(f"a{n + 1}: &a{n + 1} [{f'*a{n},' * 9}]\n" for n in range(50)),
        ":2:",
        id="9**50 items through aliases",
    ),
    pytest.param("mappings", "a.yaml", lambda: "a: b\n" * 10_000_000, ":1:1: ", id="50 MB"),
    pytest.param(
        "mappings",
        "a.yaml",
        lambda: f'calendars:\n  hours:\n    mon: "{", ".join("-".join(each) for each in minutes(719))}"\n',
        ":3:5: ",
        id="719 windows on Mondays",
    ),
    pytest.param("simulate", "a.yaml", lambda: START + "x: " + deep("[", "]"), ":3:24: ", id="a scenario 3,000 deep"),
    pytest.param(
        "simulate",
        "a.yaml",
        lambda: f"start: 2026-11-23T08:00:00Z\nuntil: +{DIGITS}h\n",
        ":2:1: ",
        id="+10**5000 hours",
    ),
    pytest.param(
        "simulate", "a.yaml", lambda: "start: 9999-11-23T08:00:00Z\nuntil: +9999d\n", ":1:1: ", id="the year 9999"
    ),
    pytest.param(
        "calendar",
        "a.json",
        lambda: questions(id=deep("[", "]")).replace('"[', "[").replace(']"', "]"),
        ":1:",
        id="an id 3,000 deep",
    ),
    pytest.param(
        "calendar", "a.json", lambda: questions(id=0).replace("0", DIGITS, 1), ":1:", id="an id of 5,000 digits"
    ),
    pytest.param("calendar", "a.json", lambda: '{"elapsed": [' * 5_000, ":1:", id="objects 5,000 deep"),
    pytest.param("calendar", "a.json", lambda: " " * 50_000_000, ":1:1: ", id="50 MB of blanks"),
    pytest.param(
        "calendar",
        "a.json",
        lambda: questions(calendar=CALENDAR | {"weekly": dict.fromkeys(("mon", "tue", "sun"), minutes(719))}),
        "elapsed[0].calendar: ",
        id="719 windows a day over 300 years",
    ),
    pytest.param(
        "calendar",
        "a.json",
        lambda: json.dumps(
            {"cadence": [{"id": "c", "calendar": CALENDAR, "start": LONG_AGO, "every_s": 1e300, "count": 1}]}
        ),
        "cadence[0].every_s: ",
        id="every 10**300 seconds",
    ),
]


@pytest.mark.parametrize(("command", "name", "content", "place"), FILES)
def test_a_hostile_file_is_refused_with_its_place(command, name, content, place, tmp_path):
    file = tmp_path / name
    written = content()
    file.write_bytes(written if isinstance(written, bytes) else written.encode())
    words = {"decide": ("decide", "--accounts"), "mappings": ("mappings", "check")}.get(command, (command,))

    status, output, seconds, megabytes = run(*words, str(file))

    assert status in (1, 3), output[-500:]
    assert place in output
    assert "Traceback" not in output
    assert seconds < starting(words, file.suffix) + SECONDS
    assert megabytes < MEGABYTES


@cache
def starting(words: tuple[str, ...], suffix: str) -> float:
    """Return the processor time that the command needs by itself, in seconds: with an empty file."""
    with NamedTemporaryFile(suffix=suffix) as empty:
        return run(*words, empty.name)[2]


def run(*words: str) -> tuple[int, str, float, int]:
    """Return exit code, output, processor time, and memory at most, of one command in a process of its own."""
    done = subprocess.run([sys.executable, "-c", COMMAND, *words], capture_output=True, text=True, check=False)
    output, _, figures = (done.stdout + done.stderr).rpartition("measured ")
    seconds, kilobytes = figures.split()
    return done.returncode, output, float(seconds), int(kilobytes) // 1024


@pytest.mark.parametrize("windows", [pytest.param(3, id="3 windows"), pytest.param(24, id="24, the most")])
def test_three_centuries_of_a_usable_calendar_need_no_more_memory(windows, tmp_path):
    hours = [[f"{hour:02}:00", f"{hour:02}:30"] for hour in range(windows)]
    file = tmp_path / "questions.json"
    file.write_text(questions(calendar={"tz": "UTC", "weekly": dict.fromkeys(("mon", "wed", "fri"), hours)}))

    status, output, _, megabytes = run("calendar", str(file))

    assert (status, megabytes < MEGABYTES) == (0, True)
    assert json.loads(output)["elapsed"][0]["elapsed_s"] > windows * 40_000 * 1_000

"""`desk-sync texts preview`: every text that partners and agents get, under a heading."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from desk_sync.cli.commands import app

SHIPPED = Path(__file__).parents[2] / "mappings" / "partner_support.yaml"
LANGUAGES = ["de", "en", "es", "fr", "ja", "pt"]
HEADING = re.compile(r"== (?P<occasion>.+) \| read by (?P<reader>.+) \| (?P<language>\w\w)(?: \(not sent: .+\))?")


@pytest.fixture
def run():
    return lambda *arguments: CliRunner().invoke(app, ["texts", "preview", *arguments])


def headings(output: str) -> list[re.Match[str]]:
    lines = [line for line in output.splitlines() if line.startswith("== ")]
    return [found for line in lines if (found := HEADING.fullmatch(line))]


def test_each_text_has_a_heading_and_each_language_of_the_mapping_occurs(run):
    result = run()

    found = headings(result.stdout)
    assert result.exit_code == 0
    assert len(found) == result.stdout.count("\n\n== ") + 1
    assert sorted({each["language"] for each in found}) == LANGUAGES
    assert {each["reader"] for each in found} == {"the partner", "agents", "the people on duty"}


def test_no_text_of_the_shipped_mapping_has_a_placeholder_left(run):
    texts = json.loads(run("--json").stdout)["texts"]

    assert [each["occasion"] for each in texts if re.search(r"\{\w*\}", each["text"])] == []
    assert all(each["text"].strip() for each in texts)


def test_every_name_and_address_is_invented(run):
    shown = run().stdout

    hosts = set(re.findall(r"(?:@|https://)([\w.-]+)", shown))
    assert hosts
    assert all(host.endswith(".example.com") for host in hosts)


def test_the_texts_of_one_language_can_be_shown_alone(run):
    document = json.loads(run("--language", "de", "--json").stdout)

    assert document["languages"] == LANGUAGES
    assert {each["language"] for each in document["texts"]} == {"de"}
    assert {each["reader"] for each in document["texts"]} == {"the partner", "agents"}


def test_an_unknown_language_is_a_usage_error_that_names_those_of_the_mapping(run):
    result = run("--language", "xx")

    assert result.exit_code == 2
    words = " ".join(result.stderr.replace("│", " ").split())
    assert "xx: not one of the mapping's languages (de, en, es, fr, ja, pt)" in words


def test_the_mapping_in_use_is_shown_and_another_can_be_named(run, tmp_path, monkeypatch):
    own = tmp_path / "mapping.yaml"
    text = SHIPPED.read_text(encoding="utf-8")
    own.write_text(text.replace("Your request {ticket}", "About your ticket {ticket}"), encoding="utf-8")

    assert "About your ticket 1042" in run("--mapping", str(own)).stdout
    assert "About your ticket" not in run().stdout
    monkeypatch.setenv("DESK_SYNC_MAPPING", str(own))
    assert "About your ticket 1042" in run().stdout


def test_a_person_of_the_mapping_is_named_in_charge(run, tmp_path):
    own = tmp_path / "mapping.yaml"
    text = SHIPPED.read_text(encoding="utf-8").replace("escalation_desk: []", "escalation_desk: [Ann Lee]")
    own.write_text(
        text.replace("  people: {}", "  people: {Ann Lee: {mail: [ann@support.example.com]}}"), encoding="utf-8"
    )

    shown = run("--mapping", str(own)).stdout

    assert "In charge: Ann Lee (escalation desk of Partner Support).\nA notice goes to Ann Lee by mail." in shown

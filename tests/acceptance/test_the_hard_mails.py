"""Mails as they really come: read through the public command as by hand, and never with a wrong address."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from desk_sync.cli.commands import app

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases" / "mails"
MAILS = sorted(CASES.glob("*.eml"))
IDENTIFIERS = ("customer_email", "zuid", "zoid", "zgid")
KEYS = (*IDENTIFIERS, "act", "request_type", "reproducible", "product", "has_description", "steps")


@cache
def read() -> dict[str, dict[str, Any]]:
    """The answers of the command to all mails."""
    printed = CliRunner().invoke(app, ["intake", *map(str, MAILS), "--json"])
    return {Path(each["file"]).stem: each for each in json.loads(printed.stdout)["files"]}


def by_hand(name: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    return answer


def right_answers(name: str) -> list[dict[str, Any]]:
    """Every answer that is right, as the keys that are compared: the kind of evidence only if it acts."""
    expected = by_hand(name)
    answers = [expected | other for other in ({}, *expected.get("or", ()))]
    return [
        {key: each[key] for key in (*KEYS, *(("evidence",) if each["act"] else ())) if key in each} for each in answers
    ]


def verdict(name: str) -> str:
    """Return "right", "wrong" if the answer acts on other identifiers than by hand, or "missed"."""
    found = read()[name]
    if any(answer == {key: found[key] for key in answer} for answer in right_answers(name)):
        return "right"
    acting = [each for each in right_answers(name) if each["act"]]
    agrees = any(all(found[key] == each[key] for key in IDENTIFIERS) for each in acting)
    return "wrong" if found["act"] and not agrees else "missed"


@pytest.mark.parametrize("name", [mail.stem for mail in MAILS])
def test_a_hard_mail_is_read_as_by_hand(name):
    found = read()[name]

    assert {key: found[key] for key in right_answers(name)[0]} in [
        {key: answer.get(key, found[key]) for key in right_answers(name)[0]} for answer in right_answers(name)
    ]
    assert verdict(name) == "right"
    assert set(by_hand(name).get("missing_includes", ())) <= set(found["missing"])


def test_the_table_of_kinds_in_the_documents_is_what_is_measured():
    table = (ROOT / "docs" / "mails.md").read_text(encoding="utf-8")
    written = {
        kind: (int(right), int(missed), int(wrong))
        for kind, right, missed, wrong in re.findall(
            r"^\| ([^|]+) \| \d+ / \d+ / \d+ \| (\d+) / (\d+) / (\d+) \|$", table, re.M
        )
    }
    counted = Counter((by_hand(mail.stem)["kind"], verdict(mail.stem)) for mail in MAILS)
    kinds = {kind for kind, _ in counted}

    assert written == {
        kind: (counted[kind, "right"], counted[kind, "missed"], counted[kind, "wrong"]) for kind in kinds
    }


def test_each_address_is_explained():
    mail = str(CASES / "28-de-customer-adviser.eml")
    printed = CliRunner().invoke(app, ["intake", mail, "--explain", "--json"])

    assert json.loads(printed.stdout)["files"][0]["explanation"] == [
        {
            "address": "peter@alpenblick-holding.example",
            "place": "new text",
            "weight": "weak",
            "reason": "behind another label",
        }
    ]


def test_a_further_domain_of_the_partner_is_known_before_candidates_are_counted():
    mail = str(CASES / "50-en-user-in-prose.eml")
    printed = CliRunner().invoke(app, ["intake", mail, "--own-domain", "lakeview-freight.example", "--json"])
    found = json.loads(printed.stdout)["files"][0]

    assert (found["customer_email"], found["act"]) == (None, False)

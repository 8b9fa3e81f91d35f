"""Further hard mails of all kinds, in the forms of many programs and languages: none acts for a wrong customer."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from desk_sync.adapters.mail.read import read_mail

CASES = Path(__file__).parents[2] / "cases" / "further_mails"
EXPECTED = YAML(typ="safe").load((CASES / "expected.yaml").read_text(encoding="utf-8"))
IDENTIFIERS = ("customer_email", "zoid", "zgid", "zuid")


def read(name):
    return read_mail((CASES / f"{name}.eml").read_bytes())


def test_every_mail_has_its_answer():
    assert {path.stem for path in CASES.glob("*.eml")} == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_mail_acts_for_the_right_customer_or_for_none(name):
    facts, expected = read(name), EXPECTED[name]

    assert facts.acts is expected["act"]
    if facts.acts:
        assert {kind: getattr(facts, kind) for kind in IDENTIFIERS} == {
            kind: expected.get(kind) for kind in IDENTIFIERS
        }
    assert not {*expected.get("never", ())} & {*facts.candidates}


@pytest.mark.parametrize("name", [name for name, expected in EXPECTED.items() if "product" in expected])
def test_the_template_around_the_customer_is_read(name):
    assert read(name).template.product == EXPECTED[name]["product"]


@pytest.mark.parametrize("name", [name for name, expected in EXPECTED.items() if "unread" in expected])
def test_a_part_that_cannot_be_read_is_named(name):
    assert read(name).unread

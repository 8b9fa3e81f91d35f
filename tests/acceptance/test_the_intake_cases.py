"""The sample mails: `desk-sync intake` reads each as it was read by hand, field by field."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from desk_sync.adapters.mail.facts import document
from desk_sync.adapters.mail.read import read_mail
from desk_sync.cli.commands import app

CASES = Path(__file__).parents[1] / "cases" / "intake"
MAILS = sorted(each for each in CASES.iterdir() if each.suffix in (".txt", ".eml"))
KEYS = ("customer_email", "zuid", "zoid", "zgid", "request_type", "reproducible", "product", "has_description", "steps")
FURTHER_KEYS = (
    "format",
    "sender_email",
    "sender_is_free_mail",
    "customer_email_source",
    "customer_email_candidates",
    "customer_domain",
    "request_type_raw",
    "description_words",
    "needs_manual",
)


def by_hand(mail: Path) -> dict[str, object]:
    answers: dict[str, object] = json.loads(mail.with_suffix(".json").read_text(encoding="utf-8"))
    return answers


@pytest.mark.parametrize("mail", MAILS, ids=lambda mail: mail.stem)
def test_a_sample_is_read_as_by_hand(mail):
    facts, expected = document(read_mail(mail.read_bytes())), by_hand(mail)

    assert {key: facts[key] for key in KEYS + FURTHER_KEYS} == {key: expected[key] for key in KEYS + FURTHER_KEYS}


@pytest.mark.parametrize("mail", MAILS, ids=lambda mail: mail.stem)
def test_line_ends_and_a_byte_order_mark_change_nothing(mail):
    content = mail.read_bytes()

    assert read_mail(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n")) == read_mail(content)


def test_the_command_answers_in_the_order_of_its_arguments():
    names = [str(mail) for mail in reversed(MAILS)]

    answer = CliRunner().invoke(app, ["intake", *names, "--json"])

    assert answer.exit_code == 0
    printed = json.loads(answer.stdout)
    assert printed["schema_version"] == 1
    assert [file["file"] for file in printed["files"]] == names
    assert all(file["product"] == by_hand(Path(file["file"]))["product"] for file in printed["files"])


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_read(tmp_path):
    answer = CliRunner().invoke(app, ["intake", str(tmp_path / "absent.txt"), str(MAILS[0]), "--json"])

    assert answer.exit_code == 1
    assert "absent.txt: No such file" in answer.stderr
    absent, sample = json.loads(answer.stdout)["files"]
    assert absent == {"file": str(tmp_path / "absent.txt"), "error": "No such file or directory"}
    assert sample["customer_email"] == by_hand(MAILS[0])["customer_email"]


def test_without_json_a_person_can_read_it():
    answer = CliRunner().invoke(app, ["intake", str(MAILS[0])])

    assert "customer_email: admin@lakeview-freight.example\n" in answer.stdout

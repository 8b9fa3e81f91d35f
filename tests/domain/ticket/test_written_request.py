"""A request in words names the mail and its instant, and holds none of the words (L11)."""

from __future__ import annotations

from dataclasses import fields

from desk_sync.domain.ticket.written_request import RequestKind, WrittenRequest


def test_a_request_holds_no_text():
    assert [each.name for each in fields(WrittenRequest)] == ["kind", "mail", "at"]


def test_an_escalation_comes_before_dissatisfaction():
    assert next(iter(RequestKind)) is RequestKind.ESCALATION

"""Every text under a mapping, for an admin who reads them before going live."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from desk_sync.domain.escalation.public_update import UpdateTexts
from desk_sync.domain.escalation.triggers import WordsEffect
from desk_sync.domain.plan.education import EducationOccasion
from desk_sync.domain.plan.preview.preview import AGENTS, ON_DUTY, PARTNER, languages, preview
from tests.support.makers import NOW, make_updates
from tests.support.plan_scenes import EVERYTHING, PUBLIC_EDUCATION

UPDATES = make_updates(
    {"en": {1: "escalation desk", 2: "regional lead"}},
    en="Your request {ticket}: level {level}, {title}. {late} {news}",
    fr="Votre demande {ticket} : niveau {level}. {late} {news}",
)
POLICY = replace(EVERYTHING, escalation=replace(EVERYTHING.escalation, updates=UPDATES, at_risk=frozenset({1, 2})))


def texts(policy=POLICY):
    return list(preview(policy, NOW))


def occasions(policy=POLICY, reader=AGENTS) -> set[str]:
    return {each.occasion for each in texts(policy) if each.reader == reader}


def test_the_languages_are_those_of_the_texts():
    assert languages(POLICY) == ("de", "en", "es", "fr", "ja", "pt")
    assert {each.language for each in texts() if each.reader == PARTNER} == {"de", "en", "fr"}


def test_a_partner_can_read_every_level_every_cause_and_each_occasion_of_education():
    public = [(each.language, each.occasion) for each in texts() if each.reader == PARTNER]

    levels = {f"public update, level {level}, because of acknowledgement" for level in (1, 2, 3)}
    causes = {
        f"public update, level 1, because of {cause}" for cause in ("determination", "resolution", "request", "cluster")
    }
    assert levels | causes <= {occasion for language, occasion in public if language == "fr"}
    assert [occasion for language, occasion in public if language == "de"] == [
        "education, the ticket names no customer",
        "education, the partner writes from a public mail provider's address",
    ]
    assert len(public) == len(set(public))


def test_agents_can_read_each_level_and_each_note():
    assert occasions() >= {
        *(f"escalation level {level}, because of acknowledgement" for level in (1, 2, 3)),
        "escalation level 1, because of security",
        "the escalation stops: its reason has gone",
        "a request for an escalation that a person must decide",
        "too many basic questions of one partner",
        "a clock may be late",
        "what a ticket lacks",
        "note: the account is large",
        "note: no account is found for the customer",
        "the partner asks for an escalation in words",
        "the partner says that they are dissatisfied",
    }


def test_people_on_duty_can_read_a_notice_by_mail_and_by_chat():
    found = {each.occasion: each.text for each in texts() if each.reader == ON_DUTY}

    mail = found["notice by mail: escalation level 1, because of acknowledgement"]
    chat = found["notice by chat: escalation level 1, because of acknowledgement"]
    assert mail.startswith("Ticket 1042, escalation level 1: first reply late\n\n")
    assert "In charge: ada (escalation desk)." in mail
    assert len(chat.splitlines()) < len(mail.splitlines())
    assert "notice by mail: the acknowledgement is at risk" in found


def test_what_the_mapping_switches_off_is_left_out():
    requests = replace(POLICY.escalation.requests, words=WordsEffect.OFF)
    rules = {"requests": requests, "questions": None, "at_risk": frozenset({2}), "updates": UpdateTexts()}
    off = replace(POLICY, escalation=replace(POLICY.escalation, **rules))

    assert "too many basic questions of one partner" not in occasions(off)
    assert not [each for each in occasions(off) if each.startswith("the partner")]
    assert not [each for each in occasions(off, ON_DUTY) if "at risk" in each]
    assert not [each for each in occasions(off, PARTNER) if each.startswith("public update")]


@pytest.mark.parametrize(("reply", "off"), [(True, ""), (False, "education.reply is false")])
def test_a_reply_that_is_not_sent_names_the_setting(reply, off):
    education = replace(PUBLIC_EDUCATION, reply=reply)

    found = [each for each in texts(replace(POLICY, education=education)) if each.occasion.startswith("education,")]

    assert {each.off for each in found} == {off}
    assert len(found) == 2 * len(EducationOccasion)


def test_no_text_has_a_placeholder_left():
    assert [each.occasion for each in texts() if re.search(r"\{\w*\}|\bNone\b", each.text)] == []

"""The note on a ticket: which tickets get it, when it is edited, and what it asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.domain.account.identity import AccountCandidate, EvidencePlace, IdentifierKind
from desk_sync.domain.commitment.clock import ClockState
from desk_sync.domain.commitment.clock_reading import take_reading
from desk_sync.domain.commitment.history import History
from desk_sync.domain.commitment.read_clocks import ClockBasis
from desk_sync.domain.plan.memory import Memory, NoteMemory, Override
from desk_sync.domain.plan.note.clock_lines import alarms, clock_lines, doubt
from desk_sync.domain.plan.note.explanation import SHOWN
from desk_sync.domain.plan.note.note import LONGEST_NOTE, NOTE
from desk_sync.domain.plan.note.note_plan import LONGEST_EXPLANATION
from desk_sync.domain.plan.note_policy import Explain, NoteWords
from desk_sync.domain.plan.policy import Mode
from desk_sync.domain.reason import Reason
from desk_sync.domain.ticket.effect import EffectKind
from desk_sync.domain.ticket.inference import Inference
from desk_sync.domain.ticket.ticket import Field
from tests.support.clock_scenes import HOUR, MONDAY, PROMISE, after, events
from tests.support.makers import (
    ADMIN,
    NOW,
    POLICY,
    TICKETS,
    make_account,
    make_evidence,
    make_lookup,
    make_ticket,
)
from tests.support.plan_scenes import (
    EMAIL,
    LARGE,
    LARGE_BASIS,
    LATE,
    LATE_TICKET,
    NO_DATA,
    SEVERITY,
    SMALL,
    STALE,
    TREATED,
    UNDECIDED,
    UNKNOWN,
    UNPROVEN,
    after_ours,
    carry_out,
    draft,
    known_clocks,
    look,
    past,
)

TYPO = make_lookup(named=(make_evidence("admim@large.example", place=EvidencePlace.TEMPLATE),))
ENGLISH = NoteWords(POLICY.notes.texts["en"])
HANDED_OVER = after_ours(overrides={SEVERITY: Override(value="S3-Minimal", basis=LARGE_BASIS)})


def explaining(explain: Explain, policy=POLICY, **notes):
    return replace(policy, notes=replace(policy.notes, explain=explain, **notes))


def text(*args, **facts) -> str:
    return look(*args, **facts).note.comment.text


def first_line(*args, **facts) -> str:
    return text(*args, **facts).splitlines()[0]


CHANGED, ASKED, ALL, NEVER = Explain


class TestTheTicketsWithANote:
    @pytest.mark.parametrize(
        ("ticket", "lookup", "by"),
        [
            pytest.param(make_ticket(), LARGE, {CHANGED, ALL}, id="box and severity are written"),
            pytest.param(make_ticket(**TREATED), LARGE, {CHANGED, ALL}, id="a large account that needs nothing"),
            pytest.param(make_ticket(), SMALL, {ALL}, id="a small account, and nothing to write"),
            pytest.param(make_ticket(customer_primary_email=None), SMALL, {CHANGED, ALL}, id="the address is written"),
            pytest.param(make_ticket(), UNDECIDED, {CHANGED, ASKED, ALL}, id="a person must decide"),
            pytest.param(make_ticket(), UNPROVEN, {CHANGED, ASKED, ALL}, id="a suggestion"),
            pytest.param(make_ticket(), TYPO, {CHANGED, ASKED, ALL}, id="a typo"),
            pytest.param(make_ticket(), STALE, {CHANGED, ASKED, ALL}, id="old data"),
            pytest.param(make_ticket(), UNKNOWN, {ALL}, id="the ticket names no customer"),
            pytest.param(make_ticket(), NO_DATA, {ALL}, id="no data yet"),
            pytest.param(make_ticket(status_type="Closed"), UNPROVEN, {ALL}, id="closed"),
            pytest.param(make_ticket(in_bin=True), UNPROVEN, {ALL}, id="in the bin"),
            pytest.param(make_ticket(), replace(TYPO, whole=False), {ALL}, id="a source did not answer"),
            pytest.param(
                make_ticket(inferred=(Inference("outage", "en"),)), SMALL, {CHANGED, ASKED, ALL}, id="words suggest"
            ),
            pytest.param(
                make_ticket(inferred=(Inference("outage", "en"),), issue_type="howto"), SMALL, {ALL}, id="type stated"
            ),
        ],
    )
    def test_by_the_setting(self, ticket, lookup, by):
        assert {each for each in Explain if look(ticket, lookup, policy=explaining(each)).note} == by

    def test_a_clock_that_is_late_is_a_reason_for_all_but_never(self):
        noted = {each for each in Explain if look(LATE_TICKET, SMALL, policy=explaining(each), **LATE).note}

        assert noted == {CHANGED, ASKED, ALL}

    def test_in_shadow_there_is_none_and_in_comment_mode_only_what_is_written_lacks(self):
        modes = {
            mode: look(ticket, lookup, policy=replace(POLICY, tickets=replace(TICKETS, mode=mode))).note is not None
            for mode in Mode
            for ticket, lookup in [(make_ticket(customer_primary_email=None), SMALL)]
        }

        assert modes == {Mode.SHADOW: False, Mode.COMMENT: False, Mode.WRITE: True}

    def test_one_that_exists_is_kept_though_nothing_of_ours_is_left(self):
        assert text(lookup=SMALL, memory=Memory(note=NoteMemory(digest="before"))).startswith("Not a large account: ")

    def test_a_loop_is_said_and_what_ends_it(self):
        said = text(make_ticket(), LARGE, after_ours(consecutive_writes=TICKETS.write_limit))

        assert "Another program undoes what is written here" in said
        assert "To do: change the ticket, or have an administrator find the program" in said


class TestTheFirstSentence:
    NAMED = "large.example (super admin admin@large.example)"

    @pytest.mark.parametrize(
        ("ticket", "lookup", "said"),
        [
            (make_ticket(), LARGE, f"Severity 1: {NAMED} has 88 user licences; 60 are enough in EUROPE_UK."),
            (make_ticket(customer_primary_email=None), SMALL, f"Not a large account: {NAMED} has 12 user licences"),
            (make_ticket(issue_type="feature_request"), LARGE, f"Large account: {NAMED} has 88 user licences"),
            (make_ticket(product="Zoho Campaigns"), LARGE, "No priority: the ticket is about"),
            (make_ticket(), UNDECIDED, f"Is {NAMED} a large account? It has at least 0 user licences"),
            (make_ticket(), STALE, f"Is {NAMED} a large account? The subscription data are too old"),
            (make_ticket(), UNPROVEN, "Which customer is this about? What the ticket names is not certain"),
            (make_ticket(), TYPO, "Which customer is this about? No account was found"),
            (make_ticket(), UNKNOWN, "The customer is not known: the ticket names none."),
            (make_ticket(), NO_DATA, "The customer is not known: there are no subscription data yet."),
        ],
    )
    def test_it_says_the_verdict_or_asks(self, ticket, lookup, said):
        assert first_line(ticket, lookup, policy=explaining(Explain.ALL)).startswith(said)

    def test_where_a_persons_severity_stands_it_does_not_claim_ours(self):
        said = text(make_ticket(large_user=True, severity="S3-Minimal"), LARGE, HANDED_OVER)

        assert said.startswith("Large account: ")
        assert "Severity stays as a person set it." in said

    def test_in_comment_mode_it_does_not_claim_what_is_not_written(self):
        policy = replace(POLICY, tickets=replace(TICKETS, mode=Mode.COMMENT))

        assert first_line(make_ticket(), LARGE, policy=policy).startswith("Large account: ")

    @pytest.mark.parametrize(
        ("facts", "name"),
        [
            ({"domain": None}, "admin@large.example"),
            ({"super_admin_email": ""}, "the account of large.example"),
            ({"super_admin_email": "", "domain": None}, "an account without a known super admin"),
        ],
    )
    def test_an_account_has_the_name_that_people_know(self, facts, name):
        assert f": {name} has 88 user licences" in first_line(make_ticket(), make_lookup(make_account(88, **facts)))

    def test_several_possible_thresholds_are_all_named(self):
        said = first_line(make_ticket(), make_lookup(make_account(500, countries=("KZ",))))

        assert " / " in said
        assert said.endswith("are enough in its region.")

    def test_it_is_in_the_language_of_the_department(self):
        policy = explaining(Explain.ALL, language="de", languages={make_ticket().department_id: "fr"})

        assert first_line(make_ticket(), SMALL, policy=policy).startswith("Pas un grand compte : ")
        assert first_line(make_ticket(department_id="7"), SMALL, policy=policy).startswith("Kein großes Konto: ")


class TestWhatAPersonMustCompare:
    def test_the_values_that_the_ticket_names_are_shown_with_their_places(self):
        number = make_evidence("700", IdentifierKind.ZOID, place=EvidencePlace.LABEL)
        several = replace(make_evidence("a@b.example", place=EvidencePlace.TEXT), one_of_several=True)

        said = text(lookup=replace(TYPO, named=(*TYPO.named, number, several)))

        assert "- email admim@large.example (template)" in said
        assert "- zoid 700 (behind a label)" in said
        assert "- email a@b.example (in the text, one of several)" in said

    def test_where_there_is_a_domain_alone_it_is_shown(self):
        domain = make_evidence("large.example", IdentifierKind.DOMAIN, place=EvidencePlace.TEMPLATE)

        assert "- domain large.example (template)" in text(lookup=replace(TYPO, named=(domain,)))

    def test_of_many_candidates_the_rest_is_counted(self):
        candidates = tuple(
            AccountCandidate(
                account=make_account(account_id=f"A{number}", super_admin_email=f"a{number}@large.example"),
                evidence=make_evidence(f"a{number}@large.example", place=EvidencePlace.QUOTED),
            )
            for number in range(SHOWN + 2)
        )

        said = text(lookup=replace(UNPROVEN, candidates=candidates))

        assert "- and 2 more" in said
        assert said.count("(in quoted text)") == SHOWN

    def test_a_reason_names_accounts_as_people_do(self):
        named = replace(UNPROVEN, reasons=(Reason("R45", "email (quoted text) leads to account A1"),))

        assert "leads to large.example (super admin admin@large.example) [R45]" in text(lookup=named)

    def test_the_address_that_is_replaced_is_kept(self):
        ticket = make_ticket(
            customer_primary_email="user@large.example",
            evidence=(make_evidence("user@large.example"), make_evidence("large.example", IdentifierKind.DOMAIN)),
        )
        first = draft(ticket, replace(LARGE, led_by=frozenset({EvidencePlace.FIELD})))
        plan = first.finish(agents={}, last_education=None)
        observed, memory = carry_out(plan, first.observed, first.memory)

        assert "Customer Primary Email Address was user@large.example before" in plan.note.comment.text
        assert plan.fields.writes[EMAIL] == ADMIN
        assert observed.ticket.customer_primary_email == ADMIN
        again = draft(observed.ticket, first.observed.lookup, memory)
        assert again.fields.replaced_address == "user@large.example"


class TestWhenItIsEdited:
    def test_a_second_look_at_the_same_facts_leaves_it_alone(self):
        first = draft(LATE_TICKET, **LATE)
        plan = first.finish(agents={}, last_education=None)
        observed, memory = carry_out(plan, first.observed, first.memory)

        assert plan.note.comment.key == NOTE
        assert draft(observed.ticket, memory=memory, **LATE).finish(agents={}, last_education=None).note is None

    def test_neither_time_nor_the_age_of_the_data_is_news(self):
        digests = {
            look(
                make_ticket(), make_lookup(make_account(88), age=age), now=NOW + later, history=past(hours=0)
            ).note.digest
            for age in (timedelta(hours=1), timedelta(hours=2))
            for later in (timedelta(0), timedelta(minutes=5))
        }

        assert len(digests) == 1

    def test_another_verdict_is_news(self):
        assert look(lookup=LARGE).note.digest != look(lookup=UNDECIDED).note.digest

    def test_one_that_was_about_to_be_written_is_remembered_with_its_words(self):
        note = look().note

        memory = NoteMemory(digest="before", words="old")
        assert replace(look(), note=None).note_about_to_be_written(memory) == memory
        intended = look().note_about_to_be_written(memory).intended
        assert (intended.digest, intended.was_replaced(note.comment.text, before="old")) == (note.digest, False)
        assert intended.was_replaced("theirs", before="old")
        assert intended.was_replaced(None, before="old")


class TestItsKind:
    @pytest.mark.parametrize(
        ("ticket", "lookup", "kind"),
        [
            (make_ticket(), UNDECIDED, EffectKind.REVIEW),
            (make_ticket(), LARGE, EffectKind.DECISION),
            (LATE_TICKET, SMALL, EffectKind.UPDATE),
        ],
    )
    def test_follows_from_what_it_is_for(self, ticket, lookup, kind):
        facts = LATE if ticket is LATE_TICKET else {}

        note = look(ticket, lookup, **facts).note

        assert (note.comment.kind, note.comment.public) == (kind, False)


class TestAQuestionThatComesUpLater:
    def questions(self, lookup, **note):
        plan = look(lookup=lookup, memory=Memory(note=NoteMemory(**note)))
        return [each.key for each in plan.effects]

    def test_it_is_a_comment_of_its_own_as_an_edit_asks_no_person(self):
        assert self.questions(UNPROVEN, digest="before") == ["customer"]
        assert self.questions(UNDECIDED, digest="before") == ["review:A1:REVIEW"]

    def test_the_note_that_was_made_with_it_has_asked_it(self):
        assert self.questions(UNPROVEN) == []
        assert self.questions(UNPROVEN, digest="before", asked=frozenset({"customer"})) == []
        first = draft(lookup=UNPROVEN)
        _, memory = carry_out(first.finish(agents={}, last_education=None), first.observed, first.memory)
        assert memory.note.asked == frozenset({"customer"})

    def test_where_nothing_is_asked_there_is_none(self):
        assert self.questions(LARGE, digest="before") == []


class TestTheFieldThatExplains:
    POLICY = replace(POLICY, shown=frozenset({Field.EXPLANATION}))

    def test_the_sentence_is_written_in_the_same_call_and_no_note_is_made(self):
        plan = look(make_ticket(), LARGE, policy=self.POLICY)

        assert plan.fields.writes[Field.EXPLANATION].startswith("Severity 1: large.example")
        assert plan.fields.writes[SEVERITY] == "S1-Critical"
        assert plan.note is None

    @pytest.mark.parametrize(
        ("ticket", "lookup"),
        [
            (make_ticket(), UNDECIDED),
            (make_ticket(not_on_layout=frozenset({Field.EXPLANATION})), LARGE),
        ],
        ids=["a person is asked", "the layout lacks the field"],
    )
    def test_the_note_is_made_where_it_is_needed(self, ticket, lookup):
        assert look(ticket, lookup, policy=self.POLICY).note is not None

    def test_it_fits_into_a_line_of_text(self):
        long = make_lookup(make_account(88, super_admin_email=f"{'a' * 300}@large.example"))

        plan = look(make_ticket(), long, policy=self.POLICY)

        assert len(plan.fields.writes[Field.EXPLANATION]) == LONGEST_EXPLANATION

    def test_nothing_is_written_where_nothing_is_to_be_explained(self):
        assert Field.EXPLANATION not in look(make_ticket(), SMALL, policy=self.POLICY).fields.writes


BERLIN = "(Europe/Berlin)"
REPLY = "To do: reply to the partner in public."
TELL = "To do: tell the partner in public what you found, in a reply after the first."


def reading(happened: str, now: str, basis: ClockBasis | None = None, **facts):
    history = History(created_at=MONDAY, events=events(happened), **facts)
    return take_reading(history, PROMISE, basis or ClockBasis(), MONDAY + after(now))


class TestItsClocks:
    @pytest.mark.parametrize(
        ("happened", "now", "said"),
        [
            pytest.param(
                "0h s1",
                "3h",
                [
                    f"The first reply is late: it was due at 2026-11-16 03:00 {BERLIN}. {REPLY}",
                    (
                        f"The next reply is at risk: its target passed at 2026-11-16 02:00 {BERLIN}, it is due at "
                        f"2026-11-16 08:00 {BERLIN}. {TELL}"
                    ),
                ],
                id="what is late comes first",
            ),
            pytest.param(
                "0h s1, 30m reply, 1h reply, 5h message",
                "7h",
                [
                    (
                        f"The next reply (round 2) is at risk: its target passed at 2026-11-16 07:00 {BERLIN}, it is "
                        f"due at 2026-11-16 13:00 {BERLIN}. {TELL}"
                    ),
                ],
                id="a later round is named by its number",
            ),
            pytest.param("0h s1, 30m reply, 40m reply", "1h", ["No clock is late or at risk."], id="all is well"),
            pytest.param("0h s1, 4h reply, 5h reply", "6h", ["No clock is late or at risk."], id="met late"),
        ],
    )
    def test_what_is_late_is_said_with_what_to_do(self, happened, now, said):
        assert list(alarms(reading(happened, now), ENGLISH)) == said

    def test_a_breach_that_rests_on_unknown_time_is_said_with_its_doubt(self):
        unsure = reading("0h s1", "3h", unknown=((MONDAY + after("1h"), MONDAY + after("2h")),))

        assert next(alarms(unsure, ENGLISH)).startswith(
            "The first reply may be late: it was due at 2026-11-16 03:00 (Europe/Berlin), unless it was paused"
        )
        assert "- first reply: perhaps late" in "\n".join(self.lines(unsure))

    def test_it_is_a_question_of_its_own_with_what_is_not_known_in_local_time(self):
        unsure = reading("0h s1", "3h", unknown=((MONDAY + after("1h"), MONDAY + after("2h")),))
        later = reading("0h s1", "4h", unknown=((MONDAY + after("1h"), MONDAY + after("2h")),))

        said = doubt(unsure.clocks[0], unsure.zone, ENGLISH)

        assert said.splitlines()[1] == "To do: check the ticket's history. Nothing is escalated before it is known."
        assert f"from 2026-11-16 01:00 {BERLIN} to 2026-11-16 02:00 {BERLIN} [L8]" in said
        assert said == doubt(later.clocks[0], later.zone, ENGLISH), "it is asked once"

    def test_its_key_is_that_of_the_alarm_at_each_look(self):
        history = replace(past("0h s1"), unknown=((NOW - 3 * HOUR, NOW - 1.5 * HOUR),))
        memory = known_clocks("0h s1")
        looks = [
            draft(LATE_TICKET, memory=memory, history=history, now=NOW + minutes * HOUR / 60).note for minutes in (0, 5)
        ]

        keys = [[each.key for each in note.doubts()] for note in looks]
        assert keys[0] == keys[1] == [f"clock:{looks[0].clocks.reading.clocks[0].breach_key}:doubtful"]

    @staticmethod
    def lines(found, room: int = LONGEST_NOTE) -> list[str]:
        return list(clock_lines(found, MONDAY, ENGLISH, room))

    @pytest.mark.parametrize(
        ("happened", "now", "basis", "line"),
        [
            ("0h s1, 30m reply", "2h", None, f"- first reply: met at 2026-11-16 00:30 {BERLIN}; 30 min used"),
            ("0h s1", "2h", None, f"- first reply: at risk, due at 2026-11-16 03:00 {BERLIN}; 2 h used, 1 h left"),
            ("0h s1, 30m paused", "2h", None, "- first reply: paused; 30 min used, 2 h 30 min left"),
            ("0h s1", "2h", ClockBasis(issue_type="limitation"), "- first reply: does not apply"),
            ("0h s1", "30m", None, f"- next reply: on track, due at 2026-11-16 08:00 {BERLIN}; 30 min used"),
            ("0h s1, 1h paused", "30h", None, "- first reply: paused; 1 h used, 2 h left"),
        ],
    )
    def test_each_clock_has_its_state_and_its_time(self, happened, now, basis, line):
        assert [each for each in self.lines(reading(happened, now, basis)) if each.startswith(line)] != []

    def test_of_a_long_conversation_the_newest_cycles_are_shown(self):
        rounds = ", ".join(f"{10 * number}h message, {10 * number + 8}h reply" for number in range(1, 500))
        read = reading(f"0h s1, 30m reply, 1h reply, {rounds}, 5000h message", "5003h")

        _, *shown, last = self.lines(read)

        late = sum(clock.state is ClockState.BREACHED for clock in read.clocks[: len(read.clocks) - len(shown)])
        assert sum(len(line) + 1 for line in shown) <= LONGEST_NOTE
        assert [line.partition(":")[0] for line in shown[:2]] == [
            "- next reply (round 501)",
            "- next reply (round 500)",
        ]
        assert last == f"- and {len(read.clocks) - len(shown)} earlier ones, {late} of them late"

    def test_they_are_in_the_note_where_they_matter(self):
        at_rest = {"ticket": replace(LATE_TICKET, customer_primary_email=None), "history": past("30m reply, 40m reply")}

        large, small, late = look(**at_rest), look(lookup=SMALL, **at_rest), look(LATE_TICKET, SMALL, **LATE)

        shown = ["The clocks, as of" in each.note.comment.text for each in (large, small, late)]
        assert shown == [True, False, True]

    def test_a_ladder_that_runs_is_named_with_its_level(self):
        said = text(LATE_TICKET, memory=known_clocks("0h s1"), **LATE)

        assert "Escalated to level 1 at 2026-11-23 10:00 (Europe/Berlin): see the comment of that time." in said

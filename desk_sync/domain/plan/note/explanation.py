"""The first part of the note: the sentence with the verdict, what a person should do, and the reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from desk_sync.domain.account.identity import AccountCandidate, Evidence
from desk_sync.domain.account.licence_policy import Threshold
from desk_sync.domain.account.subscription import Account
from desk_sync.domain.format import format_local, with_local_times
from desk_sync.domain.plan.decision import PARTNER_PLACE_UNKNOWN, PARTNER_UNKNOWN, data_reason
from desk_sync.domain.plan.note.facts import NoteFacts, NoteSubject
from desk_sync.domain.plan.note_policy import NoteWords
from desk_sync.domain.ticket.ticket import Field, Value

SHOWN = 10
"""So many candidates, or values that the ticket names, are in the note."""
REASONS = 5
"""So many reasons are in the note; `desk-sync explain` has all of them."""
LABELS: Mapping[Field, str] = {
    Field.CUSTOMER_PRIMARY_EMAIL: "Customer Primary Email Address",
    Field.LARGE_USER: "Priority Customer - Large User Account",
    Field.SEVERITY: "Severity",
}
"""The names of fields in Desk."""


def sentence(facts: NoteFacts, words: NoteWords) -> str:
    """Return the verdict in a sentence, or the open question."""
    account = facts.lookup.account
    return words.say(
        facts.subject,
        account=_name(account, words) if account else "",
        licences=facts.decision.licences,
        figure=_figures(facts.thresholds),
        region=next(iter(facts.thresholds)) if len(facts.thresholds) == 1 else words.say("any_region"),
        service=facts.service,
    )


def explanation(facts: NoteFacts, words: NoteWords) -> Iterator[str]:
    """Yield the lines: the sentence, what the ticket names, what stands otherwise, and what a person should do."""
    yield sentence(facts, words)
    yield from _choices(facts, words)
    yield from _exceptions(facts, words)
    yield from (words.say("todo", text=text) for text in _to_do(facts, words))


def question(facts: NoteFacts, words: NoteWords) -> str:
    """Return the question alone, with what settles it."""
    settles = words.say("todo", text=_settle(facts, words))
    return "\n".join((sentence(facts, words), *_choices(facts, words), settles))


def reasons(facts: NoteFacts, words: NoteWords) -> Iterator[str]:
    """Yield the last reasons, which decided, each with its rule; then where the data come from."""
    snapshot, account = facts.snapshot, facts.lookup.account
    said_below = data_reason(account, snapshot) if snapshot else None
    shown = [each for each in facts.decision.reasons if each != said_below][-REASONS:]
    if shown:
        yield words.say("why")
        yield from (f"- {_in_words(each.text, facts, words)} [{each.rule}]" for each in shown)
    if snapshot:
        read_at = format_local(snapshot.imported_at, facts.zone)
        text = "data_of" if snapshot.as_of else "data"
        yield words.say(text, source=snapshot.source, date=snapshot.as_of, at=read_at)


def _name(account: Account, words: NoteWords) -> str:
    """Return what people know the account by: its domain, its super admin, or both."""
    admin = account.super_admin_email
    if account.domain and admin:
        return f"{account.domain} (super admin {admin})"
    if account.domain:
        return words.say("of_domain", domain=account.domain)
    return admin or words.say("nameless")


def _figures(thresholds: Mapping[str, Threshold]) -> str:
    """Return the least number of licences of a large account, by each possible threshold."""
    least = sorted({each.figure if each.inclusive else each.figure + 1 for each in thresholds.values()})
    return " / ".join(map(str, least))


def _choices(facts: NoteFacts, words: NoteWords) -> Iterator[str]:
    """Yield what a person may choose from: a person has to compare the values themselves."""
    if facts.subject is NoteSubject.SUGGESTION:
        yield words.say("candidates")
        yield from (_candidate(each, words) for each in facts.lookup.candidates[:SHOWN])
        yield from _more(len(facts.lookup.candidates), words)
    if facts.subject is NoteSubject.NOT_FOUND:
        named = [each for each in facts.lookup.named if each.exact] or facts.lookup.named
        yield words.say("names")
        yield from (words.say("named", value=_value(each), place=_place(each, words)) for each in named[:SHOWN])
        yield from _more(len(named), words)


def _candidate(each: AccountCandidate, words: NoteWords) -> str:
    evidence = each.evidence
    return words.say("found", account=_name(each.account, words), value=_value(evidence), place=_place(evidence, words))


def _more(number: int, words: NoteWords) -> Iterator[str]:
    if number > SHOWN:
        yield words.say("more", number=number - SHOWN)


def _value(evidence: Evidence) -> str:
    return f"{' / '.join(each.kind for each in evidence.readings)} {evidence.readings[0].value}"


def _place(evidence: Evidence, words: NoteWords) -> str:
    place = words.say(f"place_{evidence.place.name.lower()}")
    return words.say("place_several", place=place) if evidence.one_of_several else place


def _exceptions(facts: NoteFacts, words: NoteWords) -> Iterator[str]:
    """Yield what differs from the verdict, or was changed for it."""
    for name in sorted(facts.by_people):
        yield words.say("person", field=_label(name))
    for name, held in sorted(facts.held_back.items()):
        yield words.say("held", field=_label(name), reason=held.reason)
    for name in sorted(facts.unplaceable):
        yield words.say("unplaceable", field=_label(name))
    if facts.looping:
        yield words.say("loop")
    if facts.replaced is not None:
        yield words.say("before", field=_label(Field.CUSTOMER_PRIMARY_EMAIL), value=facts.replaced)
    for issue_type in facts.suspected:
        yield words.say("suspected", kind=words.say(f"kind_{issue_type}"))


def _to_do(facts: NoteFacts, words: NoteWords) -> Iterator[str]:
    if facts.asks:
        yield _settle(facts, words)
    yield from (words.say(_SETTLES[each]) for each in facts.decision.questions if each in _SETTLES)
    for name, held in sorted(facts.held_back.items()):
        yield words.say("settle_held", field=_label(name), value=_shown(held.value))
    yield from (words.say("settle_layout", field=_label(name)) for name in sorted(facts.unplaceable))
    if facts.looping:
        yield words.say("settle_loop")
    if facts.suspected:
        yield words.say("settle_type")


_SETTLES: Mapping[str, str] = {PARTNER_UNKNOWN: "settle_partner", PARTNER_PLACE_UNKNOWN: "settle_region"}
"""What settles a question that is open beside the one about the account."""


def _settle(facts: NoteFacts, words: NoteWords) -> str:
    by_account = {
        NoteSubject.REVIEW: "settle_review",
        NoteSubject.TAGGED: "settle_tagged",
        NoteSubject.STALE: "settle_stale",
    }
    return words.say(by_account.get(facts.subject, "settle_customer"), ticket=facts.ticket.ticket_id)


def _label(name: Field) -> str:
    return LABELS.get(name, name.replace("_", " "))


def _shown(value: Value) -> str:
    return {True: "✓", False: "☐", None: "–"}.get(value, str(value)) if not isinstance(value, str) else value


def _in_words(text: str, facts: NoteFacts, words: NoteWords) -> str:
    """Return a reason with local times, and with accounts by the names that people know."""
    lookup = facts.lookup
    accounts = [each.account for each in lookup.candidates] + ([lookup.account] if lookup.account else [])
    for account in accounts:
        text = text.replace(f"account {account.account_id}", _name(account, words))
    return with_local_times(text, facts.zone)

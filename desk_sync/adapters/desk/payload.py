"""Desk's JSON and our values: tickets and lists are read, and the bodies of writes are made, only here.

REST answers and deliveries have the same form. Desk's ids are strings of digits, its times are UTC, an empty field is
null or "", and a checkbox among the custom fields (`cf`) is the text "true" or "false". Unknown keys are ignored.
Of a description only its identifiers are taken; subjects, bodies and names are never read (L11).
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from desk_sync.adapters.desk.evidence import facts_in, of_facts, of_fields, read
from desk_sync.adapters.desk.raw import Raw, in_full, needed, our_installation, readable
from desk_sync.adapters.desk.raw import count_in as _count
from desk_sync.adapters.desk.raw import field as _field
from desk_sync.adapters.desk.raw import identifier as _id
from desk_sync.adapters.desk.raw import instant as _instant
from desk_sync.adapters.desk.raw import is_custom as _is_custom
from desk_sync.adapters.desk.raw import items as _items
from desk_sync.adapters.desk.raw import object_in as _object
from desk_sync.adapters.desk.raw import text as _text
from desk_sync.adapters.desk.raw import to_the_minute as _to_the_minute
from desk_sync.adapters.desk.template import NO_GAPS, gaps, language
from desk_sync.adapters.desk.vocabulary import DeskVocabulary
from desk_sync.adapters.mail.body import BodyText
from desk_sync.adapters.mail.issue_words import infer
from desk_sync.adapters.mail.message import holds_mail
from desk_sync.adapters.mail.requests.request_words import written_request
from desk_sync.adapters.text import identifiers
from desk_sync.domain.ticket.agent import DeskAgent
from desk_sync.domain.ticket.ticket import Field, Ticket, Value
from desk_sync.domain.ticket.written_request import DESCRIPTION, WrittenRequest
from desk_sync.errors import FieldsRefused
from desk_sync.ports.desk import CommentReceipt, ModifiedTickets
from desk_sync.ports.portal import InstallationMark

_SHOWN = frozenset({"id", "departmentId", "contactId", "accountId", "email", "status", "statusType", "description"})
_BINS = ("isTrashed", "isSpam", "isDeleted", "isArchived")
_MARKUP = re.compile(r"<[^<>]*>|&nbsp;")
LONGEST_COMMENT = 32_000


def read_ticket(
    raw: Raw,
    vocabulary: DeskVocabulary,
    is_over: Callable[[], bool] = lambda: False,
    own_domains: frozenset[str] = frozenset(),
) -> Ticket:
    """Return the ticket in a REST answer, with its evidence. Missing values, and values of a wrong type, are empty.

    The description is left out if it cannot be read before `is_over` returns True. `own_domains` are the writer's.
    """
    ticket = read_state(raw, vocabulary)
    address, organisation = ticket.customer_primary_email, _field(raw, vocabulary.fields.get("service_org_id"))
    in_fields = of_fields(identifiers.email(address or ""), organisation, sender=ticket.sender)
    text = read(_text(raw.get("description")) or "", is_over)
    text = replace(text, unread=(*text.unread, *_in_attachments(raw, text)))
    facts = facts_in(text, sender=ticket.sender, own_domains=own_domains)
    # A text that was not read lacks nothing.
    lacks = gaps(facts) if _has_words(text) or not facts.unread else NO_GAPS
    shown = _object(raw, "cf")
    return replace(
        ticket,
        number=_text(raw.get("ticketNumber")),
        url=_text(raw.get("webUrl")),
        threads=_count(raw.get("threadCount")),
        comments=_count(raw.get("commentCount")),
        created_at=_instant(raw.get("createdTime")),
        modified_by=_text(raw.get("modifiedBy")),
        modified_at=_instant(raw.get("modifiedTime")),
        replied_at=_instant(raw.get("customerResponseTime")),
        evidence=(*in_fields, *of_facts(facts)),
        own_domains=own_domains,
        missing=lacks.missing,
        inferred=infer("\n".join(text.fresh)),
        written_request=_written_request(raw, text),
        unread=facts.unread,
        description_words=lacks.words,
        language=language(_text(raw.get("language"))),
        not_on_layout=frozenset(field for name, field in vocabulary.custom.items() if name not in shown),
    )


def _written_request(raw: Raw, text: BodyText) -> WrittenRequest | None:
    """Return the request in a description; None if it is an agent's, who wrote down what was said on the telephone."""
    by_agent = (_text(raw.get("channel")) or "").lower() == "phone"
    return None if by_agent else written_request(text.fresh, DESCRIPTION, _instant(raw.get("createdTime")))


def read_after_write(raw: Raw, vocabulary: DeskVocabulary) -> Ticket:
    """Return the ticket in Desk's answer to a write, without its evidence, which a write does not change."""
    return replace(
        read_state(raw, vocabulary),
        threads=_count(raw.get("threadCount")),
        modified_by=_text(raw.get("modifiedBy")),
        modified_at=_instant(raw.get("modifiedTime")),
        replied_at=_instant(raw.get("customerResponseTime")),
    )


def read_state(raw: Raw, vocabulary: DeskVocabulary) -> Ticket:
    """Return the ticket's state only: finding its evidence takes ten times as long."""
    cf = _object(raw, "cf")
    field = {word: _text((cf if custom else raw).get(name)) for word, name, custom in vocabulary.places}.get

    def due(word: str) -> str | None:
        return _to_the_minute(field(word))

    address, sent_by, clock_state = field("customer_primary_email"), _text(raw.get("email")), field("clock_state")
    sender = identifiers.email(sent_by) if sent_by else None
    normal = identifiers.email(address) if address else None
    return Ticket(
        ticket_id=_text(raw.get("id")) or "",
        department_id=_text(raw.get("departmentId")) or "",
        status=_text(raw.get("status")) or "",
        status_type=_text(raw.get("statusType")) or "Open",
        customer_primary_email=normal or address,
        large_user=field("large_user") == "true",
        severity=field("severity"),
        request_type=vocabulary.request_types.get((field("request_type") or "").lower()),
        issue_type=vocabulary.issue_types.get((field("issue_type") or "").lower()),
        product=field("product"),
        evidence_basis=_evidence_basis(field("service_org_id"), _text(raw.get("description"))),
        contact_id=_text(raw.get("contactId")),
        partner_id=_id(raw, "accountId"),
        sender=sender,
        sender_domain=_own_domain(sender),
        in_bin="true" in [_text(raw.get(name)) for name in _BINS],
        acknowledgement_due=due("acknowledgement_due"),
        determination_due=due("determination_due"),
        resolution_due=due("resolution_due"),
        update_due=due("update_due"),
        clock_state=vocabulary.our_clock_states.get(clock_state or "", clock_state),
        next_milestone=field("next_milestone"),
        escalation_level=field("escalation_level"),
        escalation_owner=field("escalation_owner"),
        explanation=field("explanation"),
        escalation_request=field("escalation_request") == "true",
        taken_over=field("taken_over") == "true",
        tagged=_count(raw.get("tagCount")) > 0,
        priority=field("priority"),
        assignee=field("assignee"),
        team=field("team"),
    )


def value_of(word: str, name: str, written: object, vocabulary: DeskVocabulary) -> Value:
    """Return what a ticket with this value in the field of that name has under our word."""
    value: Value = getattr(
        read_state({"cf": {name: written}} if _is_custom(name) else {name: written}, vocabulary), word
    )
    return value


def _own_domain(sender: str | None) -> str | None:
    """Return the domain of the sender's address; None for a public mail provider (R8)."""
    domain = (sender or "").rpartition("@")[2]
    return None if not domain or identifiers.is_public_mail(domain) else domain


def write_fields(fields: Mapping[Field, Value], vocabulary: DeskVocabulary) -> dict[str, object]:
    """Return the body of a PATCH that sets `fields` and nothing else; null empties a field, times have seconds.

    Raises FieldsRefused for fields without a Desk name in the mapping.
    """
    if unmapped := [word for word in fields if word not in vocabulary.fields]:
        message = f"the mapping has no Desk name for {', '.join(unmapped)}"
        raise FieldsRefused(message, fields=dict.fromkeys(unmapped, "refused"), hint="add it under `fields`")
    body: dict[str, object] = {}
    custom: dict[str, object] = {}
    for word, value in fields.items():
        name = vocabulary.fields[word]
        written = vocabulary.clock_states.get(str(value), value) if word is Field.CLOCK_STATE else value
        (custom if _is_custom(name) else body)[name] = _sent(_text(written))
    return body | ({"cf": custom} if custom else {})


def _sent(value: str | None) -> str | None:
    """Return a value as Desk is sent it. Characters outside its published pattern are left in: it may accept them."""
    return in_full(value) if value else None


def private_comment(text: str, reference: str, installation: str | None = None) -> dict[str, object]:
    """Return the body of a comment for agents, which ends in the reference and the installation, if it is named."""
    mark = reference if installation is None else f"{reference}.{installation}"
    return _comment(text, f"<br>[{mark}]", public=False)


def public_comment(text: str) -> dict[str, object]:
    """Return the body of a comment that the partner reads: the text alone."""
    return _comment(text, "", public=True)


def _comment(text: str, end: str, *, public: bool) -> dict[str, object]:
    """Return the body of a comment; a text too long for Desk is cut before the `end`."""
    content = html.escape(text).replace("\n", "<br>")
    if len(content) + len(end) > LONGEST_COMMENT:
        kept = content[: LONGEST_COMMENT - len(end) - 1]
        content = re.sub(r"(&[^;]*|<[^>]*)\Z", "", kept) + "…"
    return {"content": content + end, "contentType": "html", "isPublic": public}


def find_comment(answer: Raw, reference: str) -> str | None:
    """Return the id of the comment in a list that carries the reference; None if there is none."""
    return _id(_carrying(answer, reference), "id")


def comment_text(answer: Raw, reference: str) -> str | None:
    """Return the text of the comment in a list that carries the reference, without it; None if there is none."""
    found = _text(_carrying(answer, reference).get("content"))
    if found is None:
        return None
    return re.sub(rf"\[{re.escape(reference)}(\.[0-9a-f]{{14}})?\]", "", html.unescape(_MARKUP.sub(" ", found)))


def installation_marks(answer: Raw) -> list[InstallationMark]:
    """Return the marks in the private comments of a list, which only agents can write."""
    return readable(answer, _installation_mark, "comment")


def _installation_mark(raw: Raw) -> InstallationMark | None:
    installation, made_at, edited_at = our_installation(raw), _instant(raw.get("commentedTime")), written_at(raw)
    by_agent = (_text(_object(raw, "commenter").get("type")) or "").lower() == "agent"
    private = by_agent and _text(raw.get("isPublic")) == "false"
    if installation is None or made_at is None or edited_at is None or not private:
        return None
    return InstallationMark(installation=installation, made_at=made_at, edited_at=edited_at)


def author_of(comment: Raw) -> str | None:
    """Return the id of the agent who wrote a comment; None if Desk does not name one."""
    return _id(comment, "commenterId") or _id(_object(comment, "commenter"), "id")


def receipt(comment: Raw) -> CommentReceipt:
    """Return what the answer to a new comment says of it."""
    return CommentReceipt(comment_id=_id(comment, "id"), author_id=author_of(comment))


def written_at(comment: Raw) -> datetime | None:
    """Return the time of a comment's last edit, else that of its making; None if Desk says neither."""
    return _instant(comment.get("modifiedTime")) or _instant(comment.get("commentedTime"))


def _carrying(answer: Raw, reference: str) -> Raw:
    """Return the comment in a list that carries the reference; {} if there is none."""
    return next((each for each in _items(answer) if reference in (_text(each.get("content")) or "")), {})


@dataclass(frozen=True, slots=True)
class ListedThread:
    """An incoming mail in a list: its content if it is listed, and what Desk says of its attachments."""

    thread_id: str
    content: str | None
    raw: Raw

    def read(self, content: str, is_over: Callable[[], bool]) -> BodyText:
        """Return the lines of the mail, with a note if its words are in an attachment."""
        text = read(content, is_over)
        return replace(text, unread=(*text.unread, *_in_attachments(self.raw, text)))

    def written_request(self, text: BodyText) -> WrittenRequest | None:
        """Return the request for an escalation in the mail; None if an agent wrote it."""
        by_agent = (_text(_object(self.raw, "author").get("type")) or "").lower() == "agent"
        return None if by_agent else written_request(text.fresh, self.thread_id, _instant(self.raw.get("createdTime")))


def incoming(answer: Raw, *, known: Collection[str]) -> list[ListedThread]:
    """Return the incoming threads of a list, newest first, without the `known`.

    The description is left out: the thread that Desk marks so, or the oldest.
    """
    threads = _items(answer)
    marked = [each for each in threads if _text(each.get("isDescriptionThread")) == "true"]
    described = marked or threads[-1:]
    new = [each for each in threads if each.get("direction") == "in" and each not in described]
    listed = [(_id(each, "id"), each) for each in new]
    return [
        ListedThread(thread_id, _text(each.get("content")), each)
        for thread_id, each in listed
        if thread_id and thread_id not in known
    ]


def _in_attachments(raw: Raw, text: BodyText) -> Iterator[str]:
    """Yield a note on a mail whose words may be in an attachment: one of Outlook's own or encrypted, or it has no text.

    Of a ticket Desk shows only the number of its attachments.
    """
    names = [_text(each.get("name")) or "" for each in _items({"data": raw.get("attachments")})]
    if any(map(holds_mail, names)):
        yield "a mail in a form that cannot be read (winmail.dat or .p7m)"
    elif (_count(raw.get("attachmentCount")) or names) and not _has_words(text) and not text.unread:
        yield "a mail without text, which has attachments"


def _has_words(text: BodyText) -> bool:
    return any(line.strip() for line in (*text.fresh, *text.earlier))


def content(answer: Raw) -> str:
    """Return the content of one thread; "" if it has none."""
    return _text(answer.get("content")) or ""


def time_range(start: datetime, end: datetime) -> str:
    """Return a span in the search's form: both ends are included, to the millisecond."""
    return ",".join(f"{each.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{each.microsecond // 1000:03}Z" for each in (start, end))


def modifications(answer: Raw, name: str) -> list[ModifiedTickets]:
    """Return the tickets of a list, in its order, each with the instant under `name`; None if Desk gives none."""
    return readable(answer, lambda each: _modification(each, name), "ticket")


def _modification(raw: Raw, name: str) -> ModifiedTickets:
    at, by = _instant(raw.get(name)), _text(raw.get("modifiedBy"))
    return ModifiedTickets(ticket_id=needed(_id(raw, "id"), "id"), at=at, by=by)


def tags(answer: Raw) -> frozenset[str]:
    """Return the names of a ticket's tags."""
    named = answer.get("tags")
    listed = named if isinstance(named, list) else []
    return frozenset(name for each in listed if isinstance(each, dict) and (name := _text(each.get("name"))))


def agent(answer: Raw) -> DeskAgent | None:
    """Return the agent in an answer; None if it holds none."""
    agent_id, zuid = _id(answer, "id"), _id(answer, "zuid")
    if not agent_id or not zuid:
        return None
    departments = answer.get("associatedDepartmentIds")
    return DeskAgent(
        agent_id=agent_id,
        zuid=zuid,
        active=answer.get("status") == "ACTIVE",
        departments=frozenset(map(str, departments if isinstance(departments, list) else ())),
    )


def edition(answer: Raw, org_id: str) -> str | None:
    """Return the edition of our organisation in a list of organisations; None if it is not among them."""
    return next((_text(each.get("edition")) or "?" for each in _items(answer) if _text(each.get("id")) == org_id), None)


def read_shown(raw: Raw, vocabulary: DeskVocabulary) -> Ticket | None:
    """Return the state of the ticket in an event; None unless every key that we read is present.

    Desk leaves out values that our agent may not see.
    """
    shown = raw.keys()
    return read_state(raw, vocabulary) if vocabulary.keys <= shown and shown >= _SHOWN else None


def _evidence_basis(*texts: str | None) -> str | None:
    """Return a digest of the texts without markup and blanks, so that Desk's formatting does not change it (L5)."""
    bare = [_MARKUP.sub("", "".join(text.split())) if text else "" for text in texts]
    return hashlib.sha256(repr(bare).encode()).hexdigest()[:32] if any(bare) else None

"""The conversation of a ticket, and its past: changes of fields and edits of comments; no text is kept (L11).

Desk's history names fields by their labels. Entries about anything but fields and comments are left out.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from desk_sync.adapters.desk.payload import author_of, value_of
from desk_sync.adapters.desk.raw import (
    Raw,
    identifier,
    instant,
    needed,
    object_in,
    our_reference,
    readable,
    text,
    without_reference,
)
from desk_sync.adapters.desk.vocabulary import DeskVocabulary
from desk_sync.domain.commitment.conversation import AuthorKind, ConversationItem, ItemForm, SendingState
from desk_sync.domain.commitment.status_past import StatusChange
from desk_sync.domain.fingerprint import without_blanks, words_digest
from desk_sync.domain.ticket.comment_trace import WrittenComment
from desk_sync.domain.ticket.past import PastChange, PastEdit, TicketPast
from desk_sync.domain.ticket.ticket import Value

_MARKUP = re.compile(r"<[^<>]*>|&nbsp;")
_AUTHORS: Mapping[str, AuthorKind] = {
    "agent": AuthorKind.AGENT,
    "end_user": AuthorKind.PARTNER,
    "contact": AuthorKind.PARTNER,
}
_EDITED = "commentupdated"
_STATUS = "status"
"""The field that is read of every ticket, whatever the mapping names."""
_FORMS: Mapping[str, ItemForm] = {"in": ItemForm.INCOMING, "out": ItemForm.OUTGOING}
_SENDING: Mapping[str, SendingState] = {
    "SUCCESS": SendingState.SENT,
    "PENDING": SendingState.PENDING,
    "FAILED": SendingState.FAILED,
    "DRAFT": SendingState.DRAFT,
}


def threads(answer: Raw) -> list[ConversationItem]:
    """Return the threads of a list, each with the progress of its sending."""
    return readable(answer, _thread, "thread")


def _thread(raw: Raw) -> ConversationItem:
    ref, at = needed(identifier(raw, "id"), "id"), needed(instant(raw.get("createdTime")), "createdTime")
    form = needed(_FORMS.get(text(raw.get("direction")) or ""), "direction")
    author = object_in(raw, "author")
    public = (text(raw.get("visibility")) or "public").lower() == "public"
    return ConversationItem(
        ref=ref,
        at=at,
        form=form,
        author=_author(author),
        author_id=identifier(author, "id"),
        public=public,
        sending=_sending(text(raw.get("status"))),
    )


def _sending(status: str | None) -> SendingState:
    """Return the progress of a thread. One without a status was sent; an unknown status may still become SUCCESS."""
    return _SENDING.get(status.upper(), SendingState.PENDING) if status else SendingState.SENT


def comments(answer: Raw) -> list[ConversationItem]:
    """Return the comments of a list; our private ones have a reference."""
    return readable(answer, _comment, "comment")


def _comment(raw: Raw) -> ConversationItem:
    ref, at = needed(identifier(raw, "id"), "id"), needed(instant(raw.get("commentedTime")), "commentedTime")
    by, public = _author(object_in(raw, "commenter")), _is_public(raw)
    words = _words(without_reference(text(raw.get("content")) or ""))
    return ConversationItem(
        ref=ref,
        at=at,
        form=ItemForm.COMMENT,
        author=by,
        author_id=author_of(raw),
        public=public,
        edited_at=instant(raw.get("modifiedTime")),
        reference=our_reference(raw),
        words=words_digest(words),
        said=without_blanks(words) if public and by is AuthorKind.AGENT else None,
    )


def written(answer: Raw) -> list[WrittenComment]:
    """Return the comments of a list, by which one of ours is known again."""
    return readable(answer, _written, "comment")


def _written(raw: Raw) -> WrittenComment:
    words, public = _words(text(raw.get("content")) or ""), _is_public(raw)
    return WrittenComment(text=words, public=public, author_id=author_of(raw), reference=our_reference(raw))


def _is_public(comment: Raw) -> bool:
    return text(comment.get("isPublic")) == "true"


def _words(content: str) -> str:
    return html.unescape(_MARKUP.sub(" ", content))


def _author(raw: Raw) -> AuthorKind:
    return _AUTHORS.get((text(raw.get("type")) or "").lower(), AuthorKind.OTHER)


def status_changes(answer: Raw) -> list[StatusChange]:
    """Return the changes of status in a ticket's history; Desk gives their times in whole seconds."""
    return [change for changes in readable(answer, lambda event: list(_changes(event)), "event") for change in changes]


def _changes(event: Raw) -> Iterator[StatusChange]:
    at, info = instant(event.get("eventTime")), event.get("eventInfo")
    for each in info if at and isinstance(info, list) else ():
        if isinstance(each, dict) and (text(each.get("propertyName")) or "").lower() == "status":
            change = object_in(each, "propertyValue")
            before, after = (text(change.get(name)) for name in ("previousValue", "updatedValue"))
            if at and before and after:
                yield StatusChange(at=at, before=before, after=after)


def read_past(
    pages: Iterable[Raw], labels: Mapping[str, str], vocabulary: DeskVocabulary, *, whole: bool
) -> TicketPast:
    """Return the past in the pages, which come newest first; `labels` gives the API name of each label."""
    ours = {_STATUS: _STATUS, **vocabulary.our_words}
    words = {label: ours[name] for label, name in labels.items() if name in ours}
    names = {word: name for name, word in ours.items()}

    def value(word: str, written: object) -> Value:
        return value_of(word, names[word], written, vocabulary)

    found = [
        entry for page in pages for entry in readable(page, lambda raw: list(_past_entries(raw, words, value)), "event")
    ]
    entries = [each for entry in reversed(found) for each in entry]
    return TicketPast(
        changes=tuple(each for each in entries if isinstance(each, PastChange)),
        edits=tuple(each for each in entries if isinstance(each, PastEdit)),
        whole=whole,
    )


def _past_entries(
    raw: Raw, words: Mapping[str, str], value: Callable[[str, object], Value]
) -> Iterator[PastChange | PastEdit]:
    at, by = needed(instant(raw.get("eventTime")), "eventTime"), identifier(object_in(raw, "actor"), "id")
    if (text(raw.get("eventName")) or "").lower() == _EDITED:
        yield PastEdit(at=at, by=by)
    info = raw.get("eventInfo")
    for each in info if isinstance(info, list) else ():
        word = words.get((text(each.get("propertyName")) or "").casefold()) if isinstance(each, dict) else None
        change = object_in(each, "propertyValue") if word else {}
        if word and change:
            before, after = (value(word, change.get(name)) for name in ("previousValue", "updatedValue"))
            yield PastChange(name=word, at=at, by=by, before=before, after=after)

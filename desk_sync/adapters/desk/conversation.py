"""The conversation of a ticket and the changes of its status, from Desk's lists; no text is kept (L11)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping

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
from desk_sync.domain.commitment.conversation import AuthorKind, ConversationItem, ItemForm, SendingState
from desk_sync.domain.commitment.learning import StatusChange
from desk_sync.domain.fingerprint import words_digest

_MARKUP = re.compile(r"<[^<>]*>|&nbsp;")
_AUTHORS: Mapping[str, AuthorKind] = {
    "agent": AuthorKind.AGENT,
    "end_user": AuthorKind.PARTNER,
    "contact": AuthorKind.PARTNER,
}
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
    """Return the comments of a list; our own have a reference."""
    return readable(answer, _comment, "comment")


def _comment(raw: Raw) -> ConversationItem:
    ref, at = needed(identifier(raw, "id"), "id"), needed(instant(raw.get("commentedTime")), "commentedTime")
    author = object_in(raw, "commenter")
    return ConversationItem(
        ref=ref,
        at=at,
        form=ItemForm.COMMENT,
        author=_author(author),
        author_id=identifier(raw, "commenterId") or identifier(author, "id"),
        public=text(raw.get("isPublic")) == "true",
        edited_at=instant(raw.get("modifiedTime")),
        reference=our_reference(raw),
        words=_words(text(raw.get("content")) or ""),
    )


def _words(content: str) -> str:
    """Return a digest of the words of a comment, without markup, blanks and our reference."""
    return words_digest(html.unescape(_MARKUP.sub(" ", without_reference(content))))


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

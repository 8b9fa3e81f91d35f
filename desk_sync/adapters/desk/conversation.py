"""The conversation of a ticket and the changes of its status, from Desk's lists; no text is kept (L11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from desk_sync.adapters.desk.raw import Raw, identifier, instant, items, object_in, our_reference, text
from desk_sync.domain.commitment.conversation import AuthorKind, ConversationItem, ItemForm
from desk_sync.domain.commitment.learning import StatusChange

_AUTHORS: Mapping[str, AuthorKind] = {
    "agent": AuthorKind.AGENT,
    "end_user": AuthorKind.PARTNER,
    "contact": AuthorKind.PARTNER,
}
_FORMS: Mapping[str, ItemForm] = {"in": ItemForm.INCOMING, "out": ItemForm.OUTGOING}
_SENT = "SUCCESS"


def threads(answer: Raw) -> list[ConversationItem]:
    """Return the threads of a list that were sent; drafts and failed mails are left out."""
    sent = (each for each in items(answer) if (text(each.get("status")) or _SENT).upper() == _SENT)
    return [item for each in sent if (item := _thread(each))]


def _thread(raw: Raw) -> ConversationItem | None:
    ref, at = identifier(raw, "id"), instant(raw.get("createdTime"))
    form = _FORMS.get(text(raw.get("direction")) or "")
    if ref is None or at is None or form is None:
        return None
    author = object_in(raw, "author")
    public = (text(raw.get("visibility")) or "public").lower() == "public"
    return ConversationItem(
        ref=ref, at=at, form=form, author=_author(author), author_id=identifier(author, "id"), public=public
    )


def comments(answer: Raw) -> list[ConversationItem]:
    """Return the comments of a list, without our own."""
    return [item for each in items(answer) if our_reference(each) is None and (item := _comment(each))]


def _comment(raw: Raw) -> ConversationItem | None:
    ref, at = identifier(raw, "id"), instant(raw.get("commentedTime"))
    if ref is None or at is None:
        return None
    author = object_in(raw, "commenter")
    return ConversationItem(
        ref=ref,
        at=at,
        form=ItemForm.COMMENT,
        author=_author(author),
        author_id=identifier(raw, "commenterId") or identifier(author, "id"),
        public=text(raw.get("isPublic")) == "true",
    )


def _author(raw: Raw) -> AuthorKind:
    return _AUTHORS.get((text(raw.get("type")) or "").lower(), AuthorKind.OTHER)


def status_changes(answer: Raw) -> list[StatusChange]:
    """Return the changes of status in a ticket's history; Desk gives their times in whole seconds."""
    return [change for event in items(answer) for change in _changes(event)]


def _changes(event: Raw) -> Iterator[StatusChange]:
    at, info = instant(event.get("eventTime")), event.get("eventInfo")
    for each in info if at and isinstance(info, list) else ():
        if isinstance(each, dict) and (text(each.get("propertyName")) or "").lower() == "status":
            change = object_in(each, "propertyValue")
            before, after = (text(change.get(name)) for name in ("previousValue", "updatedValue"))
            if at and before and after:
                yield StatusChange(at=at, before=before, after=after)

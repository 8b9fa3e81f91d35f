"""The past of a ticket from pages of its history: fields by our words, values as they are read from a ticket.

An entry names its fields by their labels. Entries about anything but fields and comments are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from desk_sync.adapters.desk.payload import value_of
from desk_sync.adapters.desk.raw import Raw, identifier, instant, needed, object_in, readable, text
from desk_sync.adapters.desk.vocabulary import DeskVocabulary
from desk_sync.domain.ticket.past import PastChange, PastEdit, TicketPast
from desk_sync.domain.ticket.ticket import Value

_EDITED = "commentupdated"
_STATUS = "status"
"""The field that is read of every ticket, whatever the mapping names."""


def read_past(
    pages: Iterable[Raw], labels: Mapping[str, str], vocabulary: DeskVocabulary, *, whole: bool
) -> TicketPast:
    """Return the past in the pages, which come newest first; `labels` gives the API name of each label."""
    ours = {_STATUS: _STATUS, **vocabulary.our_words}
    words = {label: ours[name] for label, name in labels.items() if name in ours}
    names = {word: name for name, word in ours.items()}

    def value(word: str, written: object) -> Value:
        return value_of(word, names[word], written, vocabulary)

    found = [entry for page in pages for entry in readable(page, lambda raw: list(_read(raw, words, value)), "event")]
    entries = [each for entry in reversed(found) for each in entry]
    return TicketPast(
        changes=tuple(each for each in entries if isinstance(each, PastChange)),
        edits=tuple(each for each in entries if isinstance(each, PastEdit)),
        whole=whole,
    )


def _read(raw: Raw, words: Mapping[str, str], value: Callable[[str, object], Value]) -> Iterator[PastChange | PastEdit]:
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

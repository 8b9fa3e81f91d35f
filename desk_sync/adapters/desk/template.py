"""The parts of the mail template that a description lacks, and the language of a ticket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from desk_sync.adapters.mail import words as mail_words
from desk_sync.adapters.mail.facts import MailFacts
from desk_sync.adapters.text.fold import fold
from desk_sync.adapters.text.languages import LANGUAGES_IN_DESK
from desk_sync.domain.ticket.template import TemplatePart

_PARTS: Mapping[mail_words.LabelPart, TemplatePart] = {
    mail_words.LabelPart.CUSTOMER_EMAIL: TemplatePart.SUPER_ADMIN_EMAIL,
    mail_words.LabelPart.REQUEST_TYPE: TemplatePart.REQUEST_TYPE,
    mail_words.LabelPart.REPRODUCIBLE: TemplatePart.REPRODUCIBLE,
    mail_words.LabelPart.PRODUCT: TemplatePart.PRODUCT,
    mail_words.LabelPart.DESCRIPTION: TemplatePart.DESCRIPTION,
    mail_words.LabelPart.STEPS: TemplatePart.STEPS,
}


@dataclass(frozen=True, slots=True)
class TemplateGaps:
    """The parts that a text lacks, and the number of words of its description; None if they cannot be counted."""

    missing: frozenset[TemplatePart]
    words: int | None


NO_GAPS = TemplateGaps(frozenset(), None)


def gaps(facts: MailFacts) -> TemplateGaps:
    """Return the gaps of the text that these facts were found in."""
    missing = {_PARTS[part] for part in facts.missing}
    if facts.template.reproducible and facts.zuid is None:
        missing.add(TemplatePart.USER_ID)
    return TemplateGaps(frozenset(missing), facts.template.description_words or None)


def language(written: str | None) -> str | None:
    """Return the code of a language as Desk names it: "German", "Portuguese (Brazil)", "pt-BR"; None if unknown."""
    words = fold(written or "").replace("-", " ").replace("(", " ").replace("_", " ").split()
    first = words[0] if words else ""
    return first if first in LANGUAGES_IN_DESK.values() else LANGUAGES_IN_DESK.get(first)

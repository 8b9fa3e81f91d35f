"""What works on files alone, without Desk and without a database: mappings, account files, mails, calendars.

The adapters are imported when they are needed, so that a command pays for one of them only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from desk_sync.adapters.mapping.file import PortalMapping
    from desk_sync.domain.account.identity import Identifier
    from desk_sync.domain.plan.preview.preview import PreviewText
    from desk_sync.errors import Problem
    from desk_sync.ports.subscriptions import AccountFile


def load_mapping(path_or_name: str) -> PortalMapping:
    """Return the mapping in the file, or the shipped one of that name. Raises MappingError."""
    from desk_sync.adapters.mapping.file import load

    return load(path_or_name)


def texts_of(path_or_name: str | None) -> tuple[tuple[str, ...], list[PreviewText]]:
    """Return the languages and texts of a mapping, by default the one in use; their ticket is opened now."""
    from desk_sync import settings
    from desk_sync.domain.plan.preview.preview import languages, preview
    from desk_sync.wiring.environment import utc_now

    policy = load_mapping(path_or_name or settings.load().mapping).policy
    return languages(policy), list(preview(policy, utc_now()))


def mapping_text(path_or_name: str) -> str:
    """Return the text of a mapping file, or of the shipped mapping of that name."""
    from desk_sync.adapters.mapping.file import text

    return text(path_or_name)


def check_mapping(path: Path) -> Sequence[Problem]:
    """Return every mistake in the mapping file, in the order of its lines, and in the partner file that it names."""
    from desk_sync.adapters.mapping.file import check, partner_file
    from desk_sync.adapters.subscriptions.partner_file import partner_mistakes

    named = partner_file(path)
    return [*check(path), *(partner_mistakes(named) if named else ())]


def mapping_schema() -> dict[str, Any]:
    """Return the JSON Schema of a mapping file."""
    from desk_sync.adapters.mapping.file import schema

    return schema()


def read_accounts(path: Path, regions: Collection[str] = ()) -> AccountFile:
    """Return the accounts of a file; a region that is none of these is a warning. Raises InputError."""
    from desk_sync.adapters.subscriptions.account_file import read_accounts

    return read_accounts(path, regions=regions)


def read_correct_accounts(
    paths: Sequence[Path], watch: Callable[[Iterable[Any]], Iterable[Any]], regions: Collection[str]
) -> AccountFile:
    """Return the accounts of several files whose rows are in order, with the problems of the other rows."""
    from desk_sync.adapters.subscriptions.account_file import read_correct_accounts

    return read_correct_accounts(paths, watch, regions=regions)


def file_digest(paths: Sequence[Path], regions: Collection[str]) -> str | None:
    """Return the digest of account files: if it is the same, their content is. None if a file cannot be read."""
    from desk_sync.adapters.subscriptions.file_digest import file_digest

    return file_digest(paths, regions)


def read_mail(content: bytes, own_domains: Iterable[str] = ()) -> dict[str, Any]:
    """Return what a mail says about its customer and its request, as a JSON document.

    `own_domains` are further domains of the partner who writes.
    """
    from desk_sync.adapters.mail.facts import document
    from desk_sync.adapters.mail.read import read_mail

    return document(read_mail(content, own_domains=frozenset(own_domains)))


def explain_mail(content: bytes, own_domains: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Return each address of a mail with the reason why it was taken, is weak, or was rejected."""
    from desk_sync.adapters.mail.facts import explanation
    from desk_sync.adapters.mail.read import read_mail

    return explanation(read_mail(content, own_domains=frozenset(own_domains)))


def answer_calendar_questions(path: Path) -> dict[str, Any]:
    """Return the answers to a file of calendar questions, as a JSON document. Raises InputError."""
    from desk_sync.adapters.mapping.calendar_questions import answer, read

    return answer(read(path))


def readings_of(text: str) -> tuple[Identifier, ...]:
    """Return the identifiers that a text without a label may be. Raises InputError."""
    from desk_sync.adapters.text.identifiers import readings

    return readings(text)


def identifier_in(text: str) -> Identifier | None:
    """Return the one identifier that a text with a label names, such as `ZOID 123`."""
    from desk_sync.adapters.mail.labelled_ids import identifier_in

    return identifier_in(text)


def country_in(text: str) -> str | None:
    """Return the code of the country that a text names, by its code or its name; None for none."""
    from desk_sync.adapters.text.countries import country_code

    return country_code(text)


def partner_in(text: str) -> str:
    """Return a partner's domain in normal form, or its name as it is typed. Raises ValueError for a mail provider."""
    from desk_sync.adapters.text import identifiers

    domain = identifiers.domain(text.strip())
    if domain and identifiers.is_public_mail(domain):
        raise ValueError(f"{domain} is a public mail provider's domain, which many partners write from")
    return domain or " ".join(text.split())

"""The partner file: one row for each partner, as CSV or XLSX.

`domains` holds one or more, separated by blanks, `;` or `|`; `country` is an ISO 3166-1 alpha-2 code or a name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from desk_sync.adapters.subscriptions.tables import cells
from desk_sync.adapters.subscriptions.tables.table_file import TableNotes, TableRow, read_rows
from desk_sync.adapters.text import identifiers
from desk_sync.adapters.text.countries import country_code
from desk_sync.domain.account.partner import Partner
from desk_sync.errors import InputError, Problem

REQUIRED = ("partner_name", "domains")

_BETWEEN = re.compile(r"[\s;|,]+")


def read_partners(path: str | Path) -> Sequence[Partner]:
    """Return the partners, in the order of the file. Raises InputError with every mistake."""
    notes = TableNotes()
    rows = list(read_rows(Path(path), REQUIRED, notes))
    partners = [_partner(row) for row in rows]
    _refuse_shared_domains(rows, partners)
    problems = [*notes.problems, *notes.unread, *notes.hidden, *(problem for row in rows for problem in row.problems)]
    if problems:
        raise InputError(str(path), sorted(problems, key=lambda problem: (problem.line, problem.column)))
    return partners


def partner_mistakes(path: str | Path) -> Sequence[Problem]:
    """Return every mistake in the partner file, each with the file; one that cannot be read is a mistake, too."""
    try:
        read_partners(path)
    except InputError as error:
        return [replace(problem, file=problem.file or str(path)) for problem in error.problems]
    return []


def _partner(row: TableRow) -> Partner:
    nothing: frozenset[str] = frozenset()
    return Partner(
        name=row.named("partner_name"),
        country=row.take("country", _country, None),
        state=row.text("state") or None,
        tier=row.text("tier") or None,
        domains=row.identify("domains", _domains, nothing),
        contract_until=row.take("contract_until", cells.day, None),
    )


def _country(text: str) -> str | None:
    code = country_code(text)
    if text and code is None:
        raise ValueError(f"{cells.shown(text)} is not a country")
    return code


def _domains(text: str) -> frozenset[str]:
    domains = frozenset(_domain(each) for each in _BETWEEN.split(text) if each)
    if not domains:
        raise ValueError("must not be empty")
    return domains


def _domain(text: str) -> str:
    normal = cells.domain(text) or ""
    if identifiers.is_public_mail(normal):
        raise ValueError(f"{cells.shown(text)} is a public mail provider's domain")
    return normal


def _refuse_shared_domains(rows: Sequence[TableRow], partners: Sequence[Partner]) -> None:
    """Refuse every row with a domain of an earlier row: a domain belongs to one partner."""
    first: dict[str, int] = {}
    for row, partner in zip(rows, partners, strict=True):
        for domain in sorted(partner.domains):
            if first.setdefault(domain, row.line) != row.line:
                row.take("domains", partial(_taken, domain, first[domain]), None)


def _taken(domain: str, line: int, _: str) -> None:
    raise ValueError(f"{domain} is on line {line} too")

"""The partner: the company that writes to us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """Who writes. None, and no domain, where we do not know.

    `country` is an ISO 3166-1 alpha-2 code, `state` one of its states as Desk has it. `domains` are registered ones, in
    normal form. The support contract holds up to and with `contract_until`.
    """

    name: str
    country: str | None = None
    state: str | None = None
    tier: str | None = None
    domains: frozenset[str] = frozenset()
    contract_until: date | None = None

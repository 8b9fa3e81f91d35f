"""What the admin's portal calls things: our words on the left, Desk's API names and values on the right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFields:
    """The API names of what we read of a Desk account, a partner. None: the portal has no field for it.

    `contracts`: whether the account's support contracts are asked for too, which costs three credits more.
    """

    country: str | None = "country"
    state: str | None = "state"
    tier: str | None = None
    domains: tuple[str, ...] = ("website",)
    contract_until: str | None = None
    contracts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The mapping file's `fields` and `values`.

    `fields` gives the API name (`cf_…`, or the name of a standard field) of each of our words; a word that the portal
    has no field for is absent. `issue_types` and `request_types` give our word for Desk's value, its key in lower case.
    `clock_states` gives Desk's value for our word.
    """

    fields: Mapping[str, str]
    issue_types: Mapping[str, str]
    request_types: Mapping[str, str]
    clock_states: Mapping[str, str] = field(default_factory=dict)
    account_fields: AccountFields = field(default_factory=AccountFields)

    def our_clock_state(self, value: str | None) -> str | None:
        """Our word for Desk's value; a value that is not ours stays as it is."""
        return next((word for word, written in self.clock_states.items() if written == value), value)

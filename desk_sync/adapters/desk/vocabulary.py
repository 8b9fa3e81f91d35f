"""The vocabulary of a portal: Desk's API names and values for our words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from desk_sync.adapters.desk.raw import is_custom
from desk_sync.domain.ticket.ticket import Field

_OURS = frozenset(Field)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFields:
    """The API names of the fields that we read of a Desk account, a partner. None: the portal has no such field.

    With `contracts` the account's support contracts are read too, for three more credits.
    """

    country: str | None
    state: str | None
    tier: str | None
    domains: tuple[str, ...]
    contract_until: str | None
    contracts: bool


@dataclass(frozen=True, kw_only=True)
class DeskVocabulary:
    """The mapping file's `fields` and `values`.

    `fields` gives the API name (`cf_…`, or the name of a standard field) of each of our words; a word that the portal
    has no field for is absent. `issue_types` and `request_types` give our word for Desk's value, its key in lower case.
    `clock_states` gives Desk's value for our word.
    """

    fields: Mapping[str, str]
    issue_types: Mapping[str, str]
    request_types: Mapping[str, str]
    clock_states: Mapping[str, str]
    account_fields: AccountFields

    @cached_property
    def places(self) -> Sequence[tuple[str, str, bool]]:
        """Each of our words, Desk's name for it, and True if that names a custom field."""
        return tuple((word, name, is_custom(name)) for word, name in self.fields.items())

    @cached_property
    def our_words(self) -> Mapping[str, str]:
        """Our words by Desk's names."""
        return {name: word for word, name in self.fields.items()}

    @property
    def custom_names(self) -> frozenset[str]:
        """The API names of all custom fields."""
        return frozenset(name for _, name, custom in self.places if custom)

    @cached_property
    def custom(self) -> Mapping[str, Field]:
        """Our fields that are custom fields in Desk, by their names there."""
        return {name: Field(word) for word, name, custom in self.places if custom and word in _OURS}

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys on the first level of a ticket's JSON that hold the fields."""
        return frozenset("cf" if custom else name for _, name, custom in self.places)

    @cached_property
    def our_clock_states(self) -> Mapping[str, str]:
        """Our words by Desk's values."""
        return {written: word for word, written in self.clock_states.items()}

"""What the admin's portal calls things: our words on the left, Desk's API names and values on the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from desk_sync.adapters.desk.raw import is_custom
from desk_sync.domain.ticket.ticket import Field

_OURS = frozenset(Field)


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
    clock_states: Mapping[str, str] = field(default_factory=dict)
    account_fields: AccountFields = field(default_factory=AccountFields)

    @cached_property
    def places(self) -> Sequence[tuple[str, str, bool]]:
        """Each of our words, Desk's name for it, and whether that is a custom field's."""
        return tuple((word, name, is_custom(name)) for word, name in self.fields.items())

    @property
    def custom_names(self) -> frozenset[str]:
        """The API names of all custom fields."""
        return frozenset(name for _, name, custom in self.places if custom)

    @cached_property
    def custom(self) -> Mapping[str, Field]:
        """Those of our fields that are custom fields in Desk, by their names there."""
        return {name: Field(word) for word, name, custom in self.places if custom and word in _OURS}

    @cached_property
    def keys(self) -> frozenset[str]:
        """Where in a ticket's JSON the fields stand, on its first level."""
        return frozenset("cf" if custom else name for _, name, custom in self.places)

    @cached_property
    def our_clock_states(self) -> Mapping[str, str]:
        """Our word for Desk's value."""
        return {written: word for word, written in self.clock_states.items()}

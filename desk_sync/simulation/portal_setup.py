"""Sets the simulated portal up as the admin's own is: with the fields and values that the mapping names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from desk_sync.adapters.mapping.file import PortalMapping
from desk_sync.simulated_desk.portal import SimulatedPortal


def set_up(portal: SimulatedPortal, mapping: PortalMapping) -> None:
    """Give the portal what it lacks of the mapping's custom fields, and of the values of their pick lists."""
    values = _values(mapping)
    for word, name in mapping.vocabulary.fields.items():
        if name.startswith("cf_"):
            label = word.replace("_", " ").title()
            portal.set_up_field(name, label, _kind(word), _missing(portal, name, values.get(word, {})))


def _kind(word: str) -> str:
    return "DateTime" if word.endswith("_due") else _KINDS.get(word, "Text")


_KINDS: Mapping[str, str] = {
    "customer_primary_email": "Email",
    "large_user": "Boolean",
    "escalation_request": "Boolean",
    "taken_over": "Boolean",
    "severity": "Picklist",
    "request_type": "Picklist",
    "issue_type": "Picklist",
    "clock_state": "Picklist",
}


def _values(mapping: PortalMapping) -> Mapping[str, Mapping[str, object]]:
    """By the words of the pick lists: what each of their values stands for, the values in lower case."""
    vocabulary = mapping.vocabulary
    return {
        "severity": {name: level for level, name in mapping.policy.tickets.severities.items()},
        "request_type": vocabulary.request_types,
        "issue_type": vocabulary.issue_types,
        "clock_state": {value: word for word, value in vocabulary.clock_states.items()},
    }


def _missing(portal: SimulatedPortal, name: str, meanings: Mapping[str, object]) -> Iterator[str]:
    """A value for each meaning that the field has none for."""
    field = next((each for each in portal.seed.fields if each.api_name == name), None)
    shown = {choice.value for choice in field.choices} if field else set()
    said = {meaning for value, meaning in meanings.items() if value in shown or value in map(str.lower, shown)}
    for value, meaning in meanings.items():
        if meaning not in said:
            said.add(meaning)
            yield value

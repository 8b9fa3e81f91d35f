"""Setup of the simulated portal with the custom fields and pick-list values that the mapping names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from desk_sync.adapters.mapping.file import PortalMapping
from desk_sync.simulated_desk.portal.portal import SimulatedPortal


def set_up_portal(portal: SimulatedPortal, mapping: PortalMapping, spelled: Iterable[str] = ()) -> None:
    """Add the custom fields of the mapping that the portal lacks, and the missing values of their pick lists.

    The statuses that the mapping names are added with Desk's type Open, in the form in which they are `spelled`.
    """
    policy, spellings = mapping.policy, {name.casefold(): name for name in spelled}
    for status in sorted({*policy.commitment.statuses.waiting, *policy.escalation.requests.statuses}):
        portal.set_up_status(spellings.get(status.casefold(), status))
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
    """Return for each pick list, by our word, the meaning of its values; the values are in lower case."""
    vocabulary = mapping.vocabulary
    return {
        "severity": {name: level for level, name in mapping.policy.tickets.severities.items()},
        "request_type": vocabulary.request_types,
        "issue_type": vocabulary.issue_types,
        "clock_state": {value: word for word, value in vocabulary.clock_states.items()},
    }


def _missing(portal: SimulatedPortal, name: str, meanings: Mapping[str, object]) -> Iterator[str]:
    """Yield one value for each meaning that the field has no value for."""
    field = next((each for each in portal.seed.fields if each.api_name == name), None)
    choices = {choice.value for choice in field.choices} if field else set()
    present = {meaning for value, meaning in meanings.items() if value in choices or value in map(str.lower, choices)}
    for value, meaning in meanings.items():
        if meaning not in present:
            present.add(meaning)
            yield value

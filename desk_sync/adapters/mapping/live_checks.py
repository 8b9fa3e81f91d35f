"""Mistakes that only the portal shows: names and values of the mapping that Desk does not have.

The checks are pure: the plain values of the file, and the catalogue of the portal. A value that is written must be on
every layout that has its field, as Desk spells it; one that is only compared must be on some layout, in any case. The
departments in shadow mode are left out, because nothing is written there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from desk_sync.adapters.desk.catalogue import CatalogueLayout, PortalCatalogue
from desk_sync.adapters.yaml.problems import Contradiction, Path, closest, did_you_mean, listed, pairs, texts

STATUS, PRIORITY = "status", "priority"


@dataclass(frozen=True, slots=True)
class DeskType:
    """The types of field that suit a word of ours, with the words for people."""

    words: str
    names: frozenset[str]


_CHECK_BOX = DeskType("a check box", frozenset({"boolean", "checkbox"}))
_PICK_LIST = DeskType("a pick list", frozenset({"picklist", "coloredpicklist"}))
_DATE_TIME = DeskType("a DateTime field", frozenset({"datetime"}))
_LINE = DeskType("a text", frozenset({"text", "textarea", "largetext"}))
_ADDRESS = DeskType("an e-mail field or a text", frozenset({"email", *_LINE.names}))
_NUMBER = DeskType("a text or a number", frozenset({"number", *_LINE.names}))
_WORD = DeskType("a pick list or a text", _PICK_LIST.names | _LINE.names)

TYPES: Mapping[str, DeskType] = {
    "customer_primary_email": _ADDRESS,
    "large_user": _CHECK_BOX,
    "severity": _PICK_LIST,
    "request_type": _WORD,
    "issue_type": _WORD,
    "product": _WORD,
    "service_org_id": _NUMBER,
    "acknowledgement_due": _DATE_TIME,
    "determination_due": _DATE_TIME,
    "resolution_due": _DATE_TIME,
    "update_due": _DATE_TIME,
    "clock_state": _WORD,
    "next_milestone": _LINE,
    "escalation_level": _LINE,
    "escalation_owner": _LINE,
    "explanation": _LINE,
    "escalation_request": _CHECK_BOX,
    "taken_over": _CHECK_BOX,
}


@dataclass(frozen=True)
class MappedPortal:
    """A mapping's plain values beside the portal's catalogue."""

    root: object
    portal: PortalCatalogue

    @cached_property
    def layouts(self) -> Sequence[CatalogueLayout]:
        """The layouts of the departments that are not in shadow mode."""
        shadow = {str(each) for each, mode in pairs(self.root, "tickets", "departments") if mode == "shadow"}
        return [each for each in self.portal.layouts if each.department_id not in shadow]

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The API names of the mapped fields that the portal has, by our words."""
        return {str(word): name for word, name in texts(self.root, "fields") if name in self.portal.fields}

    def values(self, field: str) -> Mapping[str, Collection[str]]:
        """Return the values of a pick list on each layout that lists them, by the place of the layout."""
        entries = ((each, each.fields.get(field)) for each in self.layouts)
        return {self.place(each): entry.values for each, entry in entries if entry and entry.values}

    def place(self, layout: CatalogueLayout) -> str:
        """Return a layout as it is named to people."""
        department = self.portal.departments.get(layout.department_id, layout.department_id)
        return f'the layout "{layout.name}" of the department "{department}"'


def contradictions(root: object, portals: Mapping[str, PortalCatalogue]) -> Iterator[Contradiction]:
    """Yield each value of the mapping that some portal refuses or never has, with its path, a message and a hint."""
    yield from _of_each(root, portals, _CHECKS)


def gaps(root: object, portals: Mapping[str, PortalCatalogue]) -> Iterator[Contradiction]:
    """Yield each field that the portal has, but not on every layout: there it is neither read nor written."""
    yield from _of_each(root, portals, (_fields_are_on_every_layout,))


Check = Callable[[MappedPortal], Iterator[Contradiction]]


def _of_each(root: object, portals: Mapping[str, PortalCatalogue], checks: Iterable[Check]) -> Iterator[Contradiction]:
    """Yield the findings of the checks; of several portals, each finding names its portal."""
    for name, portal in portals.items():
        prefix = f"portal {name}: " if len(portals) > 1 else ""
        for check in checks:
            for path, message, hint in check(MappedPortal(root, portal)):
                yield path, f"{prefix}{message}", hint


def _fields_exist(mapped: MappedPortal) -> Iterator[Contradiction]:
    for word, name in texts(mapped.root, "fields"):
        if name not in mapped.portal.fields:
            hint = did_you_mean(closest(name, mapped.portal.fields)) or _CREATE
            yield ("fields", word), f"Desk has no field {name}", hint


_CREATE = "Setup > Layouts and Fields shows the API names: correct this one, or create the field"


def _fields_have_the_right_type(mapped: MappedPortal) -> Iterator[Contradiction]:
    for word, name in mapped.names.items():
        found, wanted = mapped.portal.fields[name], TYPES.get(word)
        if wanted and found and found not in wanted.names:
            yield ("fields", word), f"{name} is of Desk's type {found}, and must be {wanted.words}", None


def _fields_are_on_some_layout(mapped: MappedPortal) -> Iterator[Contradiction]:
    for path, name, missing in _missing(mapped):
        if len(missing) == len(mapped.layouts):
            yield path, f"{name} is on no layout", _ADD


def _fields_are_on_every_layout(mapped: MappedPortal) -> Iterator[Contradiction]:
    for path, name, missing in _missing(mapped):
        if len(missing) < len(mapped.layouts):
            yield path, f"{name} is missing on {_all_of(missing)}", _ADD


_ADD = "add it in Setup > Layouts and Fields, or set the department to shadow in tickets.departments"


def _missing(mapped: MappedPortal) -> Iterator[tuple[Path, str, Sequence[str]]]:
    """Yield each mapped field that some layouts lack, with its path, its API name and the places of these layouts."""
    for word, name in mapped.names.items():
        if missing := [mapped.place(each) for each in mapped.layouts if name not in each.fields]:
            yield ("fields", word), name, missing


def _written_values_are_on_every_layout(mapped: MappedPortal) -> Iterator[Contradiction]:
    for path, field, value in _written(mapped):
        found = mapped.values(field)
        if missing := [place for place, values in found.items() if value not in values]:
            known = {each for place in missing for each in found[place]}
            place = "" if len(missing) == len(found) else f" on {_all_of(missing)}"
            yield path, f'{field} has no value "{value}"{place}', _meant(value, known)


def _written(mapped: MappedPortal) -> Iterator[tuple[Path, str, str]]:
    """Yield each value that is written, with its path in the file and the API name of its field."""
    for word in ("severity", "clock_state"):
        if name := mapped.names.get(word):
            values = ("values", word)
            yield from (((*values, key), name, value) for key, value in texts(mapped.root, *values))
    for level, _ in pairs(mapped.root, "escalation", "actions"):
        action = ("escalation", "actions", level)
        values_set = ((key, value) for key, value in texts(mapped.root, *action) if key in (STATUS, PRIORITY))
        yield from (((*action, key), str(key), value) for key, value in values_set)


def _compared_statuses_exist(mapped: MappedPortal) -> Iterator[Contradiction]:
    known = _all_values(mapped, STATUS)
    for path, status in _compared_statuses(mapped.root):
        if known and not _holds(known, status):
            yield path, f'no layout has the status "{status}"', _meant(status, known)


def _compared_statuses(root: object) -> Iterator[tuple[Path, str]]:
    yield from ((path, status) for path, status, key in listed(root, "clocks") if key == "waiting_statuses")
    yield from ((path, status) for path, status, key in listed(root, "escalation", "requests") if key == "statuses")


def _compared_values_are_spelt_as_in_desk(mapped: MappedPortal) -> Iterator[Contradiction]:
    """Yield the values that resemble one of Desk's that has no meaning in the mapping. Any others may be spare."""
    for word, named in _meanings(mapped.root).items():
        name = mapped.names.get(word, "")
        known, meant = _all_values(mapped, name), [value for _, value in named]
        unused = [each for each in known if not _holds(meant, each)]
        for path, value in named:
            if not _holds(known, value) and (near := closest(value, unused)):
                yield path, f'{name} has no value "{value}"; its value "{near}" has no meaning here', did_you_mean(near)


def _meanings(root: object) -> Mapping[str, Sequence[tuple[Path, str]]]:
    """Return the values of Desk that have a meaning, with their paths, by our word for the field."""
    issues = ("values", "issue_type")
    return {
        "issue_type": [((*issues, value), str(value)) for value, _ in pairs(root, *issues)],
        "request_type": [(path, value) for path, value, _ in listed(root, "values", "request_type")],
    }


def _agents_exist(mapped: MappedPortal) -> Iterator[Contradiction]:
    for path, address in _agents(mapped.root):
        agent = mapped.portal.agents.get(address.lower())
        if agent is None:
            yield path, f"Desk has no agent {address}", did_you_mean(closest(address, mapped.portal.agents))
        elif not agent.active:
            yield path, f"the agent {address} is not active in Desk", None


def _agents(root: object) -> Iterator[tuple[Path, str]]:
    for name, _ in pairs(root, "escalation", "people"):
        person = ("escalation", "people", name)
        yield from (((*person, key), address) for key, address in texts(root, *person) if key == "agent")
    escalation = texts(root, "escalation")
    yield from ((("escalation", key), address) for key, address in escalation if key == "fallback_agent")


def _ids_exist(mapped: MappedPortal) -> Iterator[Contradiction]:
    portal = mapped.portal
    agents = {each.agent_id: address for address, each in portal.agents.items()}
    for noun, known, named in (
        ("team", portal.teams, _teams(mapped.root)),
        ("department", portal.departments, _departments(mapped.root)),
        ("agent", agents, _automation_agents(mapped.root)),
    ):
        for path, each in named:
            if each not in known:
                yield path, f"Desk has no {noun} {each}", _choice(known)


def _teams(root: object) -> Iterator[tuple[Path, str]]:
    for name, _ in pairs(root, "escalation", "people"):
        person = ("escalation", "people", name)
        yield from (((*person, key), str(team)) for key, team in pairs(root, *person) if key == "team" and team)


def _departments(root: object) -> Iterator[tuple[Path, str]]:
    path = ("tickets", "departments")
    return (((*path, each), str(each)) for each, _ in pairs(root, *path))


def _automation_agents(root: object) -> Iterator[tuple[Path, str]]:
    named = next((value for key, value in pairs(root, "tickets") if key == "automation_agents"), None)
    ids = enumerate(named if isinstance(named, list) else ())
    return ((("tickets", "automation_agents", index), str(each)) for index, each in ids)


def _all_values(mapped: MappedPortal, field: str) -> Collection[str]:
    """Return the values of a pick list on any layout."""
    return {value for values in mapped.values(field).values() for value in values}


def _holds(values: Iterable[str], value: str) -> bool:
    """Return True if the value is among these, in any case."""
    return value.casefold() in {each.casefold() for each in values}


def _meant(value: str, known: Collection[str]) -> str:
    return did_you_mean(closest(value, known)) or f"Desk has {_some(sorted(known))}"


def _choice(known: Mapping[str, str]) -> str | None:
    return f"Desk has {_some([f'{name} ({each})' for each, name in known.items()])}" if known else None


def _some(words: Sequence[str]) -> str:
    return ", ".join([*words[:_MAX_NAMED], *(["…"] if len(words) > _MAX_NAMED else [])])


def _all_of(places: Sequence[str]) -> str:
    more = f" and {len(places) - _MAX_NAMED} more" if len(places) > _MAX_NAMED else ""
    return f"{', '.join(places[:_MAX_NAMED])}{more}"


_MAX_NAMED = 5

_CHECKS: Sequence[Check] = (
    _fields_exist,
    _fields_have_the_right_type,
    _fields_are_on_some_layout,
    _written_values_are_on_every_layout,
    _compared_statuses_exist,
    _compared_values_are_spelt_as_in_desk,
    _agents_exist,
    _ids_exist,
)

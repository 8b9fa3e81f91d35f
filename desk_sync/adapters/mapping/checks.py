"""Contradictions between values of a mapping that are each correct alone.

The checks read the plain values of the file and skip parts of the wrong type: those are reported by the schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from desk_sync.adapters.mapping.sources import PULL_ONLY, REQUIRED
from desk_sync.adapters.yaml.problems import Contradiction, Naming, Path, closest, did_you_mean, listed, pairs, texts
from desk_sync.domain.account.licence_policy import plain


def contradictions(root: object) -> Iterator[Contradiction]:
    """Yield each contradiction with its path, a message and, if there is one, a hint."""
    for check in _CHECKS:
        yield from check(root)


def _names_have_one_meaning(root: object) -> Iterator[Contradiction]:
    for names in _NAMES:
        first: dict[str, object] = {}
        for path, name, meaning in names(root):
            if first.setdefault(name, meaning) != meaning:
                yield path, f'"{name}" is already used for {first[name]}', None


def _desk_fields(root: object) -> Iterator[Naming]:
    return ((("fields", word), name, word) for word, name in texts(root, "fields"))


def _severities(root: object) -> Iterator[Naming]:
    return ((("values", "severity", level), name, level) for level, name in texts(root, "values", "severity"))


def _issue_types(root: object) -> Iterator[Naming]:
    path = ("values", "issue_type")
    return (((*path, value), str(value).lower(), word) for value, word in texts(root, *path))


def _request_types(root: object) -> Iterator[Naming]:
    return ((path, name.lower(), word) for path, name, word in listed(root, "values", "request_type"))


def _countries(root: object) -> Iterator[Naming]:
    return listed(root, "licences", "countries")


def _data_centers(root: object) -> Iterator[Naming]:
    return listed(root, "licences", "data_centers")


def _escalation_countries(root: object) -> Iterator[Naming]:
    return listed(root, "regions", "countries")


def _escalation_data_centers(root: object) -> Iterator[Naming]:
    return ((path, name.upper(), region) for path, name, region in listed(root, "regions", "data_centers"))


def _status_words(root: object) -> Iterator[Naming]:
    return ((path, plain(name), kind) for path, name, kind in listed(root, "licences", "status"))


def _units(root: object) -> Iterator[Naming]:
    named = listed(root, "licences", "units")
    return ((path, plain(name), kind) for path, name, kind in named if kind != "user_endings")


def _services(root: object) -> Iterator[Naming]:
    excluded, known = ("licences", "excluded_services"), ("licences", "services")
    yield from (((*excluded, name), plain(str(name)), name) for name, _ in pairs(root, *excluded))
    for name, _ in pairs(root, *excluded):
        named = listed(root, *excluded, name)
        yield from ((path, plain(alias), name) for path, alias, key in named if key == "aliases")
    yield from (((*known, name), plain(str(name)), name) for name, _ in pairs(root, *known))
    yield from ((path, plain(alias), name) for path, alias, name in listed(root, *known))


def _organisations(root: object) -> Iterator[Naming]:
    for name, portal in pairs(root, "portals"):
        if isinstance(portal, dict) and isinstance(org_id := portal.get("org_id"), str | int):
            yield ("portals", name, "org_id"), str(org_id), name


def _variables(root: object) -> Iterator[Naming]:
    """Return the portal names in the spelling of their environment variables."""
    return ((("portals", name), str(name).replace("-", "_"), name) for name, _ in pairs(root, "portals"))


_NAMES: Sequence[Callable[[object], Iterator[Naming]]] = (
    _desk_fields,
    _severities,
    _issue_types,
    _request_types,
    _countries,
    _data_centers,
    _escalation_countries,
    _escalation_data_centers,
    _status_words,
    _units,
    _services,
    _organisations,
    _variables,
)


def _regions_are_in_the_threshold_table(root: object) -> Iterator[Contradiction]:
    regions = [str(region) for region, _ in pairs(root, "licences", "thresholds")]
    named = [((*path, region), region) for path in _REGION_MAPS for region, _ in pairs(root, *path)]
    named += [(("licences", key), name) for key, name in texts(root, "licences") if key == "fallback_region"]
    for path, region in named:
        if regions and region not in regions:
            yield path, f"{region} is not in the threshold table", did_you_mean(closest(region, regions))


_REGION_MAPS: Sequence[Path] = (("licences", "countries"), ("licences", "data_centers"))


def _every_severity_is_named(root: object) -> Iterator[Contradiction]:
    named = [level for level, _ in pairs(root, "values", "severity")]
    yield from (
        (("values", "severity", level), "is missing", None) for level in (1, 2, 3) if named and level not in named
    )


def _item_words_are_complete(root: object) -> Iterator[Contradiction]:
    for name, service in pairs(root, "licences", "excluded_services"):
        if isinstance(service, dict) and ("item_word" in service) != ("item_words" in service):
            yield ("licences", "excluded_services", name), "item_word and item_words must be given together", None


def _sources_are_complete(root: object) -> Iterator[Contradiction]:
    for name, source in pairs(root, "sources"):
        required = REQUIRED.get(str(source.get("kind")), ()) if isinstance(source, dict) else ()
        for setting in required:
            if setting not in source:  # type: ignore[operator]
                yield ("sources", name), f"{setting} is missing", None


def _live_sources_can_be_queried(root: object) -> Iterator[Contradiction]:
    for name, source in pairs(root, "sources"):
        if isinstance(source, dict) and source.get("live") is True and source.get("kind") in PULL_ONLY:
            yield ("sources", name, "live"), f"a {source['kind']} cannot be queried for one account", None


def _zoids_come_from_another_source(root: object) -> Iterator[Contradiction]:
    names = [str(name) for name, _ in pairs(root, "sources")]
    for name, source in pairs(root, "sources"):
        other = source.get("zoids_of") if isinstance(source, dict) else None
        if isinstance(other, str) and (other == name or other not in (*names, "file")):
            hint = did_you_mean(closest(other, [each for each in names if each != name]))
            yield ("sources", name, "zoids_of"), f"{other} is not the name of another source", hint


_CHECKS: Sequence[Callable[[object], Iterator[Contradiction]]] = (
    _names_have_one_meaning,
    _regions_are_in_the_threshold_table,
    _every_severity_is_named,
    _item_words_are_complete,
    _sources_are_complete,
    _live_sources_can_be_queried,
    _zoids_come_from_another_source,
)

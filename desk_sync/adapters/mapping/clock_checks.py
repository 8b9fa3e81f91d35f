"""Contradictions between the regions, calendars and clocks of a mapping."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from desk_sync.adapters.mapping.clocks import CalendarsSection
from desk_sync.adapters.yaml.problems import Contradiction, Path, closest, did_you_mean, listed, pairs, texts
from desk_sync.domain.commitment.calendar import BusinessCalendar
from desk_sync.domain.commitment.regions import DeskCalendar


def contradictions(root: object) -> Iterator[Contradiction]:
    """Yield each contradiction with its path, a message and, if there is one, a hint."""
    yield from _regions_have_countries(root)
    yield from _regions_have_calendars(root)
    yield from _countries_with_a_calendar_are_in_a_region(root)
    yield from _calendars_have_one_source(root)
    yield from _calendars_open(root)
    yield from _updates_follow_a_resolution(root)


def _regions_have_countries(root: object) -> Iterator[Contradiction]:
    regions = [str(region) for region, _ in pairs(root, "regions", "countries")]
    named: list[tuple[Path, str]] = [
        ((*path, region), str(region)) for path in _BY_REGION for region, _ in pairs(root, *path)
    ]
    named += [(("regions", key), name) for key, name in texts(root, "regions") if key == "fallback"]
    for path, region in named:
        if regions and region not in regions:
            yield path, f"{region} has no countries in regions.countries", did_you_mean(closest(region, regions))


_BY_REGION: tuple[Path, ...] = (("regions", "data_centers"), ("calendars", "regions"))


def _regions_have_calendars(root: object) -> Iterator[Contradiction]:
    calendars = [region for region, _ in pairs(root, "calendars", "regions")]
    for region, _ in pairs(root, "regions", "countries"):
        if calendars and region not in calendars:
            yield ("calendars", "regions", region), "is missing", None


def _countries_with_a_calendar_are_in_a_region(root: object) -> Iterator[Contradiction]:
    mapped = {country for _, country, _ in listed(root, "regions", "countries")}
    for country, _ in pairs(root, "calendars", "countries"):
        if mapped and country not in mapped:
            yield ("calendars", "countries", country), f"{country} is in no region", "add it to regions.countries"


def _calendars_have_one_source(root: object) -> Iterator[Contradiction]:
    """Check that a calendar is read from Desk or written here, not both, and that a region has `desk` or a zone."""
    for path in (("calendars", "regions"), ("calendars", "countries")):
        for name, _ in pairs(root, *path):
            named = {str(key) for key, _ in pairs(root, *path, name)}
            for key in ("zone", "hours", "holidays") if "desk" in named else ():
                if key in named:
                    yield (*path, name, key), "comes from Desk here", "remove it, or remove `desk`"
            if path[-1] == "regions" and not named & {"desk", "zone"}:
                yield (*path, name, "zone"), "is missing", None
    from_desk = {region for region, _ in pairs(root, "calendars", "regions") if _is_from_desk(root, "regions", region)}
    own = [country for country, _ in pairs(root, "calendars", "countries")]
    for _, country, region in listed(root, "regions", "countries"):
        if region in from_desk and country in own and not _is_from_desk(root, "countries", country):
            yield ("calendars", "countries", country), f"{region} takes its hours from Desk", "use `desk` here too"


def _is_from_desk(root: object, *path: object) -> bool:
    return any(key == "desk" for key, _ in pairs(root, "calendars", *path))


def _calendars_open(root: object) -> Iterator[Contradiction]:
    """Check that every calendar has open time: with a calendar that never opens, no clock would ever run out."""
    try:
        calendars = CalendarsSection.model_validate(dict(pairs(root, "calendars")))
    except ValidationError:
        return
    in_region = {country: region for _, country, region in listed(root, "regions", "countries")}
    for region in calendars.regions:
        if _never_opens(calendars.of_region(region)):
            yield ("calendars", "regions", region), _CLOSED, _HINT
    for country in calendars.countries:
        region = str(in_region.get(country))
        if region in calendars.regions and _never_opens(calendars.of_country(country, region)):
            yield ("calendars", "countries", country), _CLOSED, _HINT


def _never_opens(calendar: BusinessCalendar | DeskCalendar) -> bool:
    """Return True if the calendar never opens; calendars from Desk are checked when they are read."""
    return isinstance(calendar, BusinessCalendar) and not calendar.ever_opens


_CLOSED, _HINT = "never opens, so no clock would ever run out", "add hours, or remove holidays"


def _updates_follow_a_resolution(root: object) -> Iterator[Contradiction]:
    clocks = dict(pairs(root, "clocks"))
    if clocks.get("update") is not None and clocks.get("resolution") is None:
        yield (
            ("clocks", "update"),
            "needs clocks.resolution: updates are due from its target on",
            "set clocks.resolution, or remove clocks.update",
        )

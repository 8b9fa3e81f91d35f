"""The zone in which a person reads the instants of a ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import typer

from desk_sync.domain.format import with_local_times

UTC_NAME = "UTC"


@dataclass(frozen=True, slots=True)
class ReadingZone:
    """A zone by its IANA name."""

    name: str = UTC_NAME

    def format(self, instant: datetime | None) -> str:
        """Return the local time with its distance from UTC; "…" for None."""
        if instant is None:
            return "…"
        if self.name == UTC_NAME:
            return f"{instant:%F %T}Z"
        return instant.astimezone(ZoneInfo(self.name)).isoformat(sep=" ", timespec="seconds")

    def localize(self, text: str) -> str:
        """Return the text of a reason with its instants in local time; unchanged in UTC."""
        return text if self.name == UTC_NAME else with_local_times(text, self.name)


def parse_zone(name: str) -> str:
    """Return the IANA name of a zone, whatever its case. Raises BadParameter with the names that look alike."""
    from difflib import get_close_matches
    from zoneinfo import available_timezones

    every = {each.casefold(): each for each in available_timezones()}
    typed = name.strip().casefold().replace(" ", "_")
    if typed in every:
        return every[typed]
    alike = [each for folded, each in sorted(every.items()) if folded.rpartition("/")[2] == typed]
    alike = alike or [every[each] for each in get_close_matches(typed, every, n=3)]
    step = f"did you mean {', '.join(alike)}?" if alike else "it must be a name such as Europe/Berlin"
    raise typer.BadParameter(f"{name} is no time zone of the IANA database; {step}")

"""Two installations on one portal: both would write each note twice, and take each other's values for a person's.

The older one goes on; the younger one looks, writes nothing, and says why, until a person has settled it. One that
writes nothing anyway, in the mode shadow, may stand beside the other for as long as it likes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from desk_sync.ports.now import Now
from desk_sync.ports.portal import InstallationStore, OtherInstallation

TICKETS = 2
"""On so many tickets another installation must have written: one mark may be a comment that was copied."""
RECENTLY = timedelta(hours=6)
"""For so long the older installation warns of a younger one, which stops as soon as it notices."""
HINT = "stop one of the two; then `desk-sync installation clear --why …`: docs/operating.md, “Two installations”"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationWatch:
    """Notices other installations on one portal. `speaks_in`: the mapping lets this one write in a department."""

    store: InstallationStore
    now: Now
    speaks_in: Callable[[str], bool]

    @property
    def portal(self) -> str:
        return self.store.portal

    def refusal(self) -> str | None:
        """Return why this installation must not write; None if it may."""
        others = self._crowding()
        own = self.store.own() if others else ""
        older = next((each for each in others if each.installation < own), None)
        if older is None:
            return None
        return (
            f"installation {older.installation}, which is older than this one ({own}), writes here too: {_where(older)}"
        )

    def others(self) -> Sequence[OtherInstallation]:
        """Return the other installations that write where this one does, the oldest first."""
        return self.store.others(self.speaks_in)

    def alarms(self) -> Iterator[str]:
        """Yield what is to be said about other installations."""
        if refusal := self.refusal():
            yield f"{refusal}; this one writes nothing"
            return
        for each in self._crowding():
            if self.now() - each.seen_at < RECENTLY:
                yield f"a younger installation, {each.installation}, writes here too: {_where(each)}"

    def _crowding(self) -> list[OtherInstallation]:
        return [each for each in self.others() if each.tickets >= TICKETS]


def _where(other: OtherInstallation) -> str:
    return f"on {other.tickets} tickets, last noticed at {other.seen_at:%F %H:%M}Z"

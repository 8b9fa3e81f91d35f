"""No process works with the data of another Desk organisation."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import pytest

from desk_sync.errors import ConfigurationError, DeskSyncError
from desk_sync.ports.portal import PortalOrigin
from desk_sync.services.belonging import Belonging
from tests.support.makers import NOW

OURS = PortalOrigin(org_id="11", data_center="eu")


class StoredPortals:
    """The port BelongingStore, in memory."""

    def __init__(self, origins: Mapping[str, PortalOrigin], tickets: Mapping[str, int]) -> None:
        self.stored = dict(origins)
        self.tickets = dict(tickets)

    def origins(self) -> Mapping[str, PortalOrigin]:
        return dict(self.stored)

    def claim(self, portal: str, origin: PortalOrigin) -> None:
        self.stored.setdefault(portal, origin)

    def open_tickets(self, without: Collection[str]) -> Mapping[str, int]:
        return {name: count for name, count in self.tickets.items() if name not in without}

    def end(self, portal: str, *, now: datetime, dry_run: bool) -> int:
        return self.tickets.get(portal, 0) if dry_run else self.tickets.pop(portal, 0)


def make_belonging(
    stored: Mapping[str, PortalOrigin],
    *,
    named: Mapping[str, PortalOrigin | None],
    tickets: Mapping[str, int] | None = None,
) -> Belonging:
    """Return the comparison with these portals named; None stands for one whose settings are not complete."""
    origins = {name: origin for name, origin in named.items() if origin}
    return Belonging(store=StoredPortals(stored, tickets or {}), names=tuple(named), origins=origins)


@pytest.mark.parametrize(
    ("stored", "named"),
    [
        pytest.param({}, {"europe": OURS}, id="a new database"),
        pytest.param({"europe": OURS}, {"europe": OURS}, id="the same as before"),
        pytest.param({"europe": OURS}, {"europe": None}, id="its settings are not complete: another check says so"),
        pytest.param(
            {"europe": OURS}, {"europe": OURS, "india": PortalOrigin(org_id="12", data_center="in")}, id="one more"
        ),
        pytest.param({"europe": OURS}, {"europe": OURS, "again": OURS}, id="one organisation, two names in use"),
        pytest.param({"europe": OURS}, {"india": PortalOrigin(org_id="12", data_center="in")}, id="another instead"),
    ],
)
def test_it_is_accepted_and_known_from_then_on(stored, named):
    belonging = make_belonging(stored, named=named)
    belonging.claim()

    known = belonging.store.origins()
    assert known == {**{name: origin for name, origin in named.items() if origin}, **stored}
    belonging.check()


@pytest.mark.parametrize(
    ("stored", "named", "words", "step"),
    [
        pytest.param(
            {"europe": OURS},
            {"europe": PortalOrigin(org_id="99", data_center="eu")},
            "the portal europe is organisation 99 (eu), and this database has the data of organisation 11 (eu)",
            "DESK_SYNC_DATABASE_URL",
            id="another organisation, such as a sandbox",
        ),
        pytest.param(
            {"europe": OURS},
            {"europe": PortalOrigin(org_id="11", data_center="us")},
            "organisation 11 (us)",
            "DESK_SYNC_DATABASE_URL",
            id="another data centre",
        ),
        pytest.param(
            {"default": OURS},
            {"europe": OURS},
            "the portal europe is organisation 11 (eu), whose data this database has under the name default",
            "desk-sync portal rename default europe",
            id="a new name",
        ),
    ],
)
def test_it_is_refused_with_what_to_do_and_nothing_is_stored(stored, named, words, step):
    belonging = make_belonging(stored, named=named)

    for refuse in (belonging.check, belonging.claim, belonging.describe):
        with pytest.raises(ConfigurationError) as caught:
            refuse()
        assert words in str(caught.value)
        assert step in caught.value.hint
    assert belonging.store.origins() == stored


def test_it_is_described_by_portal():
    belonging = make_belonging({"europe": OURS}, named={"europe": OURS, "india": None})

    assert belonging.describe() == "europe: organisation 11 (eu), india: not used yet"


def test_open_tickets_of_a_portal_that_is_not_named_any_more_are_a_finding():
    belonging = make_belonging({}, named={"europe": OURS}, tickets={"europe": 5, "default": 3})

    assert belonging.strangers() == {"default": 3}
    with pytest.raises(DeskSyncError, match="3 open tickets of portal default") as caught:
        belonging.describe()
    assert "portal rename OLD NEW" in caught.value.hint


@pytest.mark.parametrize(
    ("stored", "named", "tickets", "found"),
    [
        pytest.param({}, {"europe": None}, {"europe": 5}, None, id="the only portal, whose settings are not complete"),
        pytest.param({"europe": OURS}, {"europe": OURS}, {"europe": 5}, None, id="the only portal"),
        pytest.param({"asia": OURS}, {"europe": OURS}, {}, "under the name asia", id="another name, by organisation"),
        pytest.param(
            {}, {"europe": None}, {"asia": 3}, "3 open tickets of portal asia", id="never used, and a stranger"
        ),
        pytest.param({"asia": OURS}, {"europe": None}, {"asia": 3}, "portal asia", id="another name, settings missing"),
    ],
)
def test_a_portal_is_not_read_whose_tickets_have_another_name(stored, named, tickets, found):
    belonging = make_belonging(stored, named=named, tickets=tickets)

    if found is None:
        assert belonging.check_reading("europe") is None
        return
    with pytest.raises(DeskSyncError, match=found) as caught:
        belonging.check_reading("europe")
    assert "portal rename" in caught.value.hint


def test_a_reader_of_a_portal_is_warned_of_another_one_that_is_not_named_any_more():
    belonging = make_belonging({"europe": OURS}, named={"europe": OURS}, tickets={"europe": 5, "default": 3})

    assert "nothing looks at 3 open tickets of portal default" in belonging.check_reading("europe")


def test_a_portal_that_is_gone_is_ended_and_one_in_use_is_not():
    belonging = make_belonging({}, named={"europe": OURS}, tickets={"europe": 5, "default": 3})

    with pytest.raises(ConfigurationError, match="europe is in use"):
        belonging.end("europe", now=NOW, dry_run=False)
    assert belonging.end("default", now=NOW, dry_run=True) == 3
    assert belonging.end("default", now=NOW, dry_run=False) == 3
    assert belonging.strangers() == {}

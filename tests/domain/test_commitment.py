"""The commitment's clocks: what happened on a ticket, and where each of its milestones stands."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from desk_sync.domain.commitment import Circumstances
from tests.support.clock_scenes import ACK, BERLIN, DET, read

# The programme's own examples (§3), in the region's time.


@pytest.mark.parametrize(
    ("created", "severity", "issue_type", "acknowledgement", "determination"),
    [
        pytest.param("20 22:30", "s1", None, ("20 23:30", "23 01:30"), ("23 00:30", "23 06:30"), id="Friday night"),
        pytest.param("21 10:00", "s1", None, ("23 01:00", "23 03:00"), ("23 02:00", "23 08:00"), id="Saturday"),
        pytest.param("21 10:00", "s1", "login", ("21 11:00", "21 13:00"), ("21 12:00", "21 18:00"), id="login problem"),
        pytest.param("19 20:00", "s2", None, ("20 02:00", "20 08:00"), ("20 20:00", "23 20:00"), id="S2"),
        pytest.param("20 09:00", "s3", None, ("23 01:00", "23 09:00"), ("24 09:00", "25 09:00"), id="S3"),
    ],
)
def test_the_programmes_examples_come_out(created, severity, issue_type, acknowledgement, determination):
    def local(day_and_time: str) -> datetime:
        return datetime.fromisoformat(f"2026-11-{day_and_time}").replace(tzinfo=BERLIN).astimezone(UTC)

    about = Circumstances(issue_type=issue_type)
    clocks = {
        clock.milestone: clock for clock in read(f"0h {severity}", "0h", circumstances=about, created_at=local(created))
    }

    for milestone, expected in ((ACK, acknowledgement), (DET, determination)):
        assert (clocks[milestone].target_at, clocks[milestone].due_at) == tuple(map(local, expected))

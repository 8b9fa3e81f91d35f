"""The pause that a date in Retry-After means: by the server's clock, where the answer shows it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests

from desk_sync.adapters.subscriptions.zoho_answer import read_answer
from desk_sync.errors import AllowanceSpent, TemporaryError
from tests.support.makers import NOW

NINE = "Mon, 23 Nov 2026 09:00:00 GMT"


def pause_of(**headers):
    response = requests.Response()
    response.status_code = 429
    response._content = b""
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    with pytest.raises(TemporaryError) as raised:
        read_answer(response, "/x", NOW)
    return raised.value.retry_after, type(raised.value)


@pytest.mark.parametrize(
    ("until", "pause", "kind"),
    [
        pytest.param("Mon, 23 Nov 2026 09:00:30 GMT", timedelta(seconds=30), TemporaryError, id="half a minute"),
        pytest.param("Tue, 24 Nov 2026 09:00:00 GMT", timedelta(days=1), AllowanceSpent, id="a day"),
        pytest.param("Mon, 23 Nov 2026 08:00:00 GMT", timedelta(seconds=1), TemporaryError, id="in the past"),
        pytest.param("Mon, 23 Nov 2026 09:30:00 +0100", timedelta(seconds=1), TemporaryError, id="another zone"),
        pytest.param("Mon, 99 Nov 2026 09:30:00 GMT", timedelta(seconds=5), TemporaryError, id="no date"),
        pytest.param("Mon, 23 Nov 9999 09:00:00 GMT", timedelta(days=366), AllowanceSpent, id="for ever"),
    ],
)
def test_a_date_is_read_by_the_clock_of_the_server(until, pause, kind):
    assert pause_of(Retry_After=until, Date=NINE) == (pause, kind)


def test_without_the_server_s_clock_ours_is_used():
    until = (NOW + timedelta(seconds=20)).strftime("%a, %d %b %Y %H:%M:%S GMT")

    assert pause_of(Retry_After=until)[0] == timedelta(seconds=20)

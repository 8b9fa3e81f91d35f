"""A simulated Desk inside the process of its client: requests reach it through `requests`, without a socket.

It answers for every host; the path decides between REST interface, accounts server and key set, as on a port.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse

from desk_sync.simulated_desk.beside import ApisBeside, is_beside
from desk_sync.simulated_desk.error import RestError
from desk_sync.simulated_desk.faults import FaultInjector
from desk_sync.simulated_desk.rest.api import RestRequest, RestResponse, failure, joined
from desk_sync.simulated_desk.running import KEYS_PATH, TOKEN_PATH, DeskSite


class InProcess(BaseAdapter):
    """A transport adapter for a session of `requests`: it passes every request of the session to the site.

    Of the call faults it applies those that stand in for Desk's response, `reset`, and `hang`, which is a timeout at
    once. The accounts server and the key set have the faults that name them. The APIs `beside` Desk have none.
    """

    def __init__(self, site: DeskSite, beside: ApisBeside | None = None) -> None:
        super().__init__()
        self._site = site
        self._beside = beside

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Return the response. Raises requests.ConnectionError or ReadTimeout if a fault closes the connection."""
        return _received(self._answer(_sent(request)), request)

    def close(self) -> None:
        """Do nothing: no connection is open."""

    def _answer(self, request: RestRequest) -> RestResponse:
        if request.path == TOKEN_PATH:
            form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
            return self._outside(f"POST {TOKEN_PATH}", lambda: self._site.accounts.answer({**request.query, **form}))
        if request.path == KEYS_PATH:
            return self._outside(f"GET {KEYS_PATH}", self._site.signer.key_set)
        if self._beside and is_beside(self._beside, request.path):
            return self._beside.handle(request)
        return self._site.desk.dated(self._call(request))

    def _outside(self, name: str, answer: Callable[[], object]) -> RestResponse:
        """Return the response of a path outside the REST interface, under the faults that name it."""
        faults = self._site.chance.draw_faults(name, only_named=True)
        response = _json(answer()) if faults.after or not (faults.stands_in or faults.disconnects) else None
        _check_connection(faults)
        return failure(faults) if faults.stands_in or response is None else response

    def _call(self, request: RestRequest) -> RestResponse:
        desk = self._site.desk
        try:
            with desk.quota.slot():
                faults = desk.draw_faults(request)
                executed = not faults.disconnects or faults.after
                response = desk.handle(request, faults) if executed else None
                if not executed:
                    desk.count(request)
        except RestError as error:
            return desk.error_response(error)
        _check_connection(faults)
        return response or failure(faults)


def _check_connection(faults: FaultInjector) -> None:
    """Raise the error of `requests` for a connection that faults close."""
    if faults.hang:
        raise requests.ReadTimeout("an injected fault")
    if faults.reset:
        raise requests.ConnectionError("an injected fault")


def _sent(request: requests.PreparedRequest) -> RestRequest:
    url = urlsplit(str(request.url))
    body = request.body or b""
    return RestRequest(
        method=str(request.method),
        path=url.path,
        query=joined(parse_qsl(url.query, keep_blank_values=True)),
        headers={name.lower(): str(value) for name, value in request.headers.items()},
        body=body.encode() if isinstance(body, str) else bytes(body),
    )


def _received(response: RestResponse, request: requests.PreparedRequest) -> requests.Response:
    received = requests.Response()
    received.status_code = response.status
    received.headers = CaseInsensitiveDict(response.headers)
    received.raw = HTTPResponse(body=BytesIO(response.body), status=response.status, preload_content=False)
    received.request = request
    received.url = str(request.url)
    return received


def _json(content: object) -> RestResponse:
    return RestResponse(status=200, headers={"Content-Type": "application/json"}, body=orjson.dumps(content))

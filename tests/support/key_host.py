"""A stand-in for Desk's key host, with our own keys and several kinds of failure; and tokens, good and forged."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECOND = int(NOW.timestamp())
PATH = "/.well-known/jwks.json"


@cache
def private_key(kid: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def entry(kid: str, **changes: object) -> dict[str, object]:
    public = RSAAlgorithm.to_jwk(private_key(kid).public_key(), as_dict=True)
    return {**public, "kid": kid, "use": "sig", "alg": "RS256"} | changes


def claims(**changes: object) -> dict[str, object]:
    good = {"iss": "orgId:1", "aud": "webhookId:7", "iat": SECOND, "exp": SECOND + 300}
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(kid: str = "k1", *, header: dict[str, object] | None = None, **changes: object) -> str:
    return jwt.encode(claims(**changes), private_key(kid), algorithm="RS256", headers={"kid": kid} | (header or {}))


def by_hand(header: dict[str, object], key: bytes = b"") -> str:
    """Return a forged token: PyJWT refuses to sign HS256 with a public key."""
    parts = [b64(json.dumps(part).encode()) for part in (header, claims())]
    signature = hmac.new(key, ".".join(parts).encode(), hashlib.sha256).digest() if key else b""
    return ".".join([*parts, b64(signature)])


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def public_pem(kid: str) -> bytes:
    return (
        private_key(kid)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


class KeyHost:
    """A small web server that answers with `keys`; `manner` selects how it answers or fails."""

    def __init__(self) -> None:
        self.keys: list[object] = [entry("k1")]
        self.manner = "well"
        self.request_count = 0
        self.closing = threading.Event()
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host.request_count += 1
                host.answer(self)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}{PATH}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        body = json.dumps({"keys": self.keys}).encode()
        match self.manner:
            case "hangs":
                self.closing.wait(10)
            case "drips its body":
                request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n")
                self._drip(request)
            case "drips its head":
                request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                self._drip(request)
            case "sends a page":
                self._send(request, 200, b"<html>We are down</html>")
            case "fails":
                self._send(request, 502, body)
            case "redirects":
                self._send(request, 302, b"", Location=self.url)
            case "sends a list":
                self._send(request, 200, b"[]")
            case "sends in chunks":
                pieces = [body[:100], body[100:]]
                chunked = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
                request.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked)
            case _:
                self._send(request, 200, body)

    def _drip(self, request: BaseHTTPRequestHandler) -> None:
        try:
            while not self.closing.wait(0.05):
                request.wfile.write(b"x")
        except OSError:
            pass

    @staticmethod
    def _send(request: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
        request.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    def close(self) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()

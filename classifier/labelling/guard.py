"""Who may talk to the server: only the page that was opened by the address that it printed."""

from __future__ import annotations

from hmac import compare_digest
from ipaddress import ip_address

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

READING = {"GET", "HEAD"}
HEADERS = (
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"frame-ancestors 'none'"),
)
"""The page may be shown by no other, nor what it is told be kept or loaded by any."""
LOOPBACK = frozenset({"127.0.0.1", "localhost"})
EVERYWHERE = frozenset({"0.0.0.0", "::"})


class Guard:
    """An application that is only reached by a request with the token, by the right name, and from its own page.

    Any page of the web can send requests to an address of this machine, and a name that its owner turns to that
    address (DNS rebinding) can read the answers. So the ``Host`` must be the address that was printed, what is written
    must come from this page, by its ``Origin``, and the first part of the path must be a token that nobody else knows.

    Parameters
    ----------
    app
        The application; it sees the path behind the token.
    token
        Of this run.
    host, port
        What the server listens on.
    """

    def __init__(self, app: ASGIApp, token: str, host: str, port: int) -> None:
        self.app, self.token, self.host, self.port = app, token, host, port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        if scope["type"] == "http":
            reason = self.refuse(scope)
            app = PlainTextResponse(f"{reason}\n", 403) if reason else self.app
            await app(scope, receive, send_guarded)

    def refuse(self, scope: Scope) -> str:
        """Say why a request is refused; empty if it is not. The token is taken off the path."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get("host", "")
        if not self.is_own_name(host):
            return "this is not the address that kerf printed"
        if scope["method"] not in READING and headers.get("origin") != f"http://{host}":
            return "another site may not write here"
        token, _, path = scope["path"].removeprefix("/").partition("/")
        if not compare_digest(token.encode(), self.token.encode()):
            return "open the whole address that kerf printed; if kerf was started again, it printed another one"
        scope["path"] = f"/{path}"
        scope["raw_path"] = scope["path"].encode()
        return ""

    def is_own_name(self, host: str) -> bool:
        """Return whether a request was sent to the address that the server listens on, by number if to any."""
        name, _, port = host.rpartition(":")
        if port != str(self.port):
            return False
        if self.host in EVERYWHERE:
            return name == "localhost" or is_address(name)
        return name in (LOOPBACK if self.host in LOOPBACK else {self.host, f"[{self.host}]"})


def is_address(name: str) -> bool:
    """Return whether a host is an address, not a name that somebody can turn to another address."""
    try:
        ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True

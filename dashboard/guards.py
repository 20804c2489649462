"""What stands before every request: security headers, and no answer to pages of other sites."""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Streamlit needs inline styles and scripts; what matters is that nothing can be fetched from, or framed by, elsewhere.
HEADERS = {
    "content-security-policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss:; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
}
WRONG_NAME = (
    "the dashboard does not know itself by this name; found {host!r}; "
    "reach it by one of {names}, or set TALLY_DASHBOARD_NAMES to the names of your proxy, separated by commas\n"
)
POLICY_VIOLATION = 1008


class SecurityHeaders:
    """ASGI middleware that adds HEADERS to every answer."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; headers are added as the answer starts."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class KnownNames:
    """ASGI middleware that answers only under known names (none: any), so that no other site's name can lead here.

    A web socket must also come from a page of this very address. Streamlit would ask an outside service for this
    machine's own address before it refuses one that does not.
    """

    def __init__(self, app: ASGIApp, names: Collection[str] = ()):
        self._app = app
        self._names = frozenset(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        known = not self._names or (urlsplit(f"//{host}").hostname or "") in self._names
        if scope["type"] == "http" and not known:
            text = WRONG_NAME.format(host=host, names=", ".join(sorted(self._names)))
            await PlainTextResponse(text, status_code=421)(scope, receive, send)
        elif scope["type"] == "websocket" and not (known and (origin is None or urlsplit(origin).netloc == host)):
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        else:
            await self._app(scope, receive, send)

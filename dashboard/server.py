"""The web server: Streamlit's app with our routes, security headers and an end when the parent ends."""

import gc
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard import downloads, vendor
from dashboard.queries import shared_queries
from dashboard.settings import DashboardSettings

SCRIPT = Path(__file__).with_name("app.py")
INIT_PROCESS = 1
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


def readyz(_request) -> JSONResponse:
    """Answer 200 while Postgres answers, else 503 with the reason; a plain function, so it runs in a thread."""
    reading = shared_queries(DashboardSettings.from_env()).read("store")
    ready = reading.value is not None and reading.error is None
    return JSONResponse({"ready": ready, "error": reading.error}, status_code=200 if ready else 503)


def build_app() -> st.App:
    """Return the ASGI app: the pages, the vendored files, downloads and /readyz."""
    routes = [*vendor.routes(), *downloads.routes(), Route("/readyz", readyz)]
    return st.App(SCRIPT, routes=routes, middleware=[Middleware(SecurityHeaders)])


def end_with_parent(
    parent: int, end: Callable[[], None], seconds: float = 1.0, parent_now: Callable[[], int] = os.getppid
) -> None:
    """Call `end` once the parent process is another one, so has ended; below init there is nothing to watch."""
    if parent == INIT_PROCESS:
        return

    def watch() -> None:
        while parent_now() == parent:
            time.sleep(seconds)
        end()

    threading.Thread(target=watch, daemon=True, name="parent-watch").start()


def serve(settings: DashboardSettings) -> None:
    """Serve until SIGTERM, Ctrl-C or the parent's end."""
    end_with_parent(os.getppid(), lambda: os.kill(os.getpid(), signal.SIGTERM))
    app = build_app()
    # What was imported lives as long as the process; the collector need never look at it again.
    gc.collect()
    gc.freeze()
    app.run(config={"server.address": settings.host, "server.port": settings.port})

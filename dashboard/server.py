"""The web server: Streamlit's app with our routes, security headers and an end when the parent ends."""

import gc
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Route
from streamlit import config as streamlit_config

from dashboard import downloads, vendor
from dashboard.guards import KnownNames, SecurityHeaders
from dashboard.queries import shared_queries
from dashboard.settings import DashboardSettings

SCRIPT = Path(__file__).with_name("app.py")
INIT_PROCESS = 1


def readyz(_request) -> JSONResponse:
    """Answer 200 while Postgres answers, else 503 with the reason; a plain function, so it runs in a thread."""
    reading = shared_queries(DashboardSettings.from_env()).read("store")
    ready = reading.value is not None and reading.error is None
    return JSONResponse({"ready": ready, "error": reading.error}, status_code=200 if ready else 503)


@asynccontextmanager
async def announce(_app: st.App) -> AsyncIterator[None]:
    """Say where the pages are, once the port is bound; Streamlit's own words would ask the internet for our address."""
    host, port = streamlit_config.get_option("server.address"), streamlit_config.get_option("server.port")
    print(f"dashboard: serving on http://{host}:{port}", flush=True)
    yield


def build_app(settings: DashboardSettings) -> st.App:
    """Return the ASGI app: the pages, the vendored files, downloads and /readyz."""
    routes = [*vendor.routes(), *downloads.routes(), Route("/readyz", readyz)]
    guards = [Middleware(SecurityHeaders), Middleware(KnownNames, names=settings.names)]
    return st.App(SCRIPT, routes=routes, middleware=guards, lifespan=announce)


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
    app = build_app(settings)
    # What was imported lives as long as the process; the collector need never look at it again.
    gc.collect()
    gc.freeze()
    options = {"server.address": settings.host, "server.port": settings.port, "logger.hideWelcomeMessage": True}
    app.run(config=options)

"""Files that the pages need and that come out of installed wheels, so that no request leaves the machine."""

import importlib.metadata
from importlib.util import find_spec
from pathlib import Path

from starlette.responses import FileResponse
from starlette.routing import Route

FOREVER = {"cache-control": "public, max-age=31536000, immutable"}
ONE_DAY = {"cache-control": "public, max-age=86400"}


def package_folder(name: str) -> Path:
    """Return an installed package's folder without importing it; raise ModuleNotFoundError."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"the package {name} is not installed; the environment lacks it; run: make setup")
    return Path(next(iter(spec.submodule_search_locations)))


PLOTLY_URL = f"/vendor/plotly-{importlib.metadata.version('plotly')}.js"
# The theme's configuration names this one, so it carries no version and is cached for a day only.
FONT_URL = "/vendor/inter.ttf"


def routes() -> list[Route]:
    """Return the routes of the chart code and the font."""
    plotly_js = package_folder("plotly") / "package_data" / "plotly.min.js"
    font = package_folder("fontpkg_inter") / "files" / "Inter[opsz,wght].ttf"

    async def send_plotly(_request) -> FileResponse:
        return FileResponse(plotly_js, media_type="text/javascript", headers=FOREVER)

    async def send_font(_request) -> FileResponse:
        return FileResponse(font, media_type="font/ttf", headers=ONE_DAY)

    return [Route(PLOTLY_URL, send_plotly), Route(FONT_URL, send_font)]

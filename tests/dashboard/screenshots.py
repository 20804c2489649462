"""Pictures of every page, to lay beside the design's.

    python -m tests.dashboard.screenshots http://127.0.0.1:8600 OUTDIR [NAME…]

A picture is <page>-<width>-<theme>-<language>.png; names given are parts of those to take.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser

from tests.dashboard.browser import executable, launched

DESK, PHONE, WALL = (1440, 900), (390, 844), (1920, 1080)
PATHS = {"live": "/", "inventory": "/inventory", "health": "/health"}


@dataclass(frozen=True)
class Shot:
    """One picture."""

    page: str
    path: str
    size: tuple[int, int]
    theme: str
    language: str
    whole: bool = True

    @property
    def name(self) -> str:
        """Return the file's stem."""
        return f"{self.page}-{self.size[0]}-{self.theme}-{self.language}"


def shots() -> Iterator[Shot]:
    """Yield every picture of the set."""
    for page, path in PATHS.items():
        for size in (DESK, PHONE):
            for theme in ("light", "dark"):
                for language in ("en", "zh"):
                    yield Shot(page, path, size, theme, language)
    for language in ("en", "zh"):
        yield Shot("wall", "/wall", WALL, "dark", language, whole=False)


def take(browser: Browser, url: str, shot: Shot, folder: Path) -> None:
    """Open a page, wait until its charts and numbers stand, and save its picture."""
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=shot.theme,
        reduced_motion="reduce",
        device_scale_factor=1,
    )
    page = context.new_page()
    page.goto(f"{url}{shot.path}?lang={shot.language}")
    page.wait_for_selector(".st-key-wall, .ts-head")
    page.wait_for_function(
        "!document.querySelector('.ts-skel') && document.querySelectorAll('.ts-chart .main-svg').length > 0"
    )
    page.evaluate("document.fonts.ready")
    if shot.whole:
        full = page.evaluate("document.querySelector('[data-testid=\"stMainBlockContainer\"]').scrollHeight")
        page.set_viewport_size({"width": width, "height": max(height, int(full))})
    page.wait_for_timeout(1500)
    page.screenshot(path=folder / f"{shot.name}.png")
    context.close()


def main() -> None:
    """Take the pictures."""
    url, folder, *names = sys.argv[1:]
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    path = executable()
    if path is None:
        sys.exit(
            "screenshots: no Chromium is installed; looked for chromium, chromium-browser, google-chrome; install one"
        )
    with launched(path) as browser:
        for shot in shots():
            if not names or any(name in shot.name for name in names):
                take(browser, url.rstrip("/"), shot, target)
                print(target / f"{shot.name}.png")


if __name__ == "__main__":
    main()

"""python -m dashboard: serve the pages on TALLY_HOST:TALLY_PORT from the Postgres of DATABASE_URL."""

import logging
import sys

from dashboard.settings import DashboardSettings, SettingsError


def main() -> int:
    """Check the settings and serve; return the exit code."""
    try:
        settings = DashboardSettings.from_env()
    except SettingsError as error:
        print(f"dashboard: {error}", file=sys.stderr)
        return 2
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Imported late: a wrong setting is told at once, not after the seconds that Streamlit needs to load.
    from dashboard.server import serve

    serve(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())

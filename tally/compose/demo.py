"""Show how a compose project's shop fills in, and end with its address: `docker compose up demo`."""

import os
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from tally.database import DatabaseError, execute

LOOK_SECONDS = 5.0
MOST_SECONDS = 1800.0
SETTLED_LAG_SECONDS = Decimal(10)
FAREWELL = """\

  Dashboard   http://127.0.0.1:{port}
  SQL         docker compose exec postgres psql -U tally_reader tally -c "SELECT * FROM sales_today"
  Audit       docker compose exec archive tally audit
  Stop        docker compose --profile "*" down      (its data stays; with -v it goes, too)
"""


def progress_text(row: tuple) -> str:
    """Return one line for what the database tells: records, rate, lag, share of the history that is published."""
    lag, records, rate, history = row
    parts = [f"{records:,} records", f"{rate:,.0f} a second", f"lag {lag:.1f} s"]
    if history is not None and history < 1:
        parts.append(f"history {history:.0%}")
    return " · ".join(parts)


def is_settled(row: tuple) -> bool:
    """Tell whether the history is in and everything published is visible."""
    lag, records, _, history = row
    return records > 0 and history == 1 and lag < SETTLED_LAG_SECONDS


def follow(
    url: str,
    say: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Say every few seconds how far the shop is; return whether it is all there, False when that takes too long."""
    deadline = clock() + MOST_SECONDS
    while clock() < deadline:
        try:
            rows = execute(url, "demo_progress")
        except DatabaseError as error:
            say(str(error))
            rows = []
        if rows:
            say(progress_text(rows[0]))
            if is_settled(rows[0]):
                return True
        sleep(LOOK_SECONDS)
    return False


def main() -> int:
    """Follow the shop to its present and print where to look; return the exit code."""
    url = Path(os.environ["DATABASE_URL_FILE"]).read_text("utf-8").strip()
    is_there = follow(url, lambda text: print(text, flush=True))
    if not is_there:
        print(f"the history is not in after {MOST_SECONDS / 60:.0f} minutes; see `docker compose ps` and "
              "`docker compose logs job`; it goes on", file=sys.stderr)  # fmt: skip
    print(FAREWELL.format(port=os.environ["TALLY_PORT"]), flush=True)
    return 0 if is_there else 1


if __name__ == "__main__":
    sys.exit(main())

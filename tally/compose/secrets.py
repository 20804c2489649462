"""Make the secrets of a compose project once: `python -m tally.compose.secrets DIR`.

DIR has a folder for each who needs one, which is a volume of its own: postgres/password, which the server's image reads
when it makes the database, and owner/url, the address with which topics and tables are prepared.
"""

import secrets
import sys
from pathlib import Path

from tally.home import write_atomically

ADDRESS = "postgresql://tally_owner:{}@postgres:5432/tally"
PASSWORD_BYTES = 24


def make_secrets(folder: Path, draw=secrets.token_urlsafe) -> bool:
    """Make the password unless there is one, and return whether it was made; raise OSError where that is refused."""
    password, url = folder / "postgres" / "password", folder / "owner" / "url"
    if url.exists():
        return False
    # the server reads it once, when it makes the database: a password that was cut short by a crash is made anew before
    drawn = draw(PASSWORD_BYTES)
    # read by the server's own account; nobody else has this volume
    write_atomically(password, drawn, 0o644)
    write_atomically(url, ADDRESS.format(drawn) + "\n")
    return True


def main() -> int:
    """Make what is missing; return the exit code."""
    folder = Path(sys.argv[1])
    try:
        made = make_secrets(folder)
    except OSError as error:
        print(
            f"secrets: can't be kept; found {error.filename}: {error.strerror}; see who owns the volume",
            file=sys.stderr,
        )
        return 1
    print("secrets: made" if made else "secrets: there already")
    return 0


if __name__ == "__main__":
    sys.exit(main())

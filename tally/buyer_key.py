"""The key of the customer hash: made once for a home, or taken from the home that has made it."""

import contextlib
import os
import secrets
from pathlib import Path

from tally.errors import TallyError
from tally.home import Home
from tally.postgres_files import write_private

VARIABLE = "TALLY_BUYER_KEY_FILE"
KEY_BYTES = 32


class BuyerKeyError(TallyError):
    """The key that another home has made is not where it should be."""


def buyer_key_file(home: Home) -> Path:
    """Return the file of the key: this home's, or the one that another home has made."""
    return Path(os.environ.get(VARIABLE) or home.run / "buyer.key")


def keep_buyer_key(home: Home) -> Path:
    """Make the key where it is ours to make and is not there yet, readable by this user only; return its file.

    Raise BuyerKeyError where another home's key is named and missing.
    """
    path = buyer_key_file(home)
    if not os.environ.get(VARIABLE):
        make_buyer_key(path)
    elif not path.is_file():
        raise BuyerKeyError(f"the key of the customer hash is missing; found no file {path}; correct {VARIABLE}, or "
                            "unset it to use this home's own")  # fmt: skip
    return path


def make_buyer_key(path: Path) -> None:
    """Write 32 random bytes in hex unless the file is there."""
    with contextlib.suppress(FileExistsError):
        write_private(path, secrets.token_hex(KEY_BYTES))

"""What the parts that run in containers of their own are handed: to each the one address and key that it needs.

TALLY_HAND_OVER names a folder with a folder for each of them, which is a volume that only it and we have.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tally.home import write_atomically

if TYPE_CHECKING:
    from tally.line import Line

URL, KEY = "url", "buyer.key"


def hand_over(line: "Line") -> None:
    """Write the role's address, and the customer hash's key for those that count buyers, into each folder there is."""
    folder = Path(os.environ.get("TALLY_HAND_OVER") or os.devnull)
    for name, url, counts_buyers in (
        ("writer", line.urls.writer, True),
        ("dashboard", line.urls.dashboard, False),
    ):
        if (folder / name).is_dir():
            write_atomically(folder / name / URL, url + "\n")
            if counts_buyers:
                write_atomically(folder / name / KEY, line.buyer_key_file.read_text("ascii"))

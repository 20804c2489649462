"""What the parts that run in containers of their own are handed: to each the one address and key that it needs.

TALLY_HAND_OVER names a folder with a folder for each of them, which is a volume that only it and we have.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from tally.home import write_atomically
from tally.postgres import DatabaseUrls

URL, KEY = "url", "buyer.key"


def hand_over(urls: DatabaseUrls, buyer_key_file: Path, environment: Mapping[str, str] = os.environ) -> None:
    """Write each role's address into its folder, where there is one; the writer, which counts buyers, gets the key."""
    if not (folder := environment.get("TALLY_HAND_OVER")):
        return
    for name, url in (("writer", urls.writer), ("dashboard", urls.dashboard)):
        if (Path(folder) / name).is_dir():
            write_atomically(Path(folder) / name / URL, url + "\n")
    if (Path(folder) / "writer").is_dir():
        write_atomically(Path(folder) / "writer" / KEY, buyer_key_file.read_text("ascii"))

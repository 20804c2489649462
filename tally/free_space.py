"""Say when a disk that the line writes to is nearly full, is full, and has space again."""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

MEGABYTE = 1_000_000
# Below so many bytes, and below this share of a small disk, a write of ours may already be refused.
FULL_BYTES, FULL_SHARE = 64 * MEGABYTE, 100
LOW_BYTES, LOW_SHARE = 1_000 * MEGABYTE, 20
# Space comes and goes by some segments: a disk is said to have space again only well above the limit.
AGAIN = 1.5
OK, LOW, FULL = range(3)
SAID = {
    OK: "space again for {kept}; {found}",
    LOW: "little space for {kept}; {found}; make room before none is left",
    FULL: "no space for {kept}; {found}; make room there: what waits is counted then by itself, nothing is lost",
}


@dataclass(frozen=True)
class Space:
    """A disk's size and what is free for us, in bytes."""

    total: int
    free: int

    def limits(self) -> dict[int, float]:
        """Return the free bytes below which the disk is low and full."""
        return {
            FULL: min(FULL_BYTES, self.total / FULL_SHARE),
            LOW: min(LOW_BYTES, self.total / LOW_SHARE),
        }

    def level(self, before: int) -> int:
        """Return OK, LOW or FULL; `before` is the last one."""
        limits = self.limits()
        below = [level for level, limit in limits.items() if self.free < limit * (AGAIN if before >= level else 1)]
        return max(below, default=OK)


def space_of(folder: Path) -> Space:
    """Return the size and the free space of the disk below a folder. Raise OSError."""
    usage = shutil.disk_usage(folder)
    return Space(usage.total, usage.free)


@dataclass
class FreeSpace:
    """Watches the disks below some folders; `places` is {what is kept there: folder}."""

    places: Mapping[str, Path]
    space: Callable[[Path], Space] = space_of
    levels: dict[int, int] = field(default_factory=dict)

    def look(self) -> list[str]:
        """Return a line for each disk whose level has changed since the last look."""
        return [line for disk, places in self.disks().items() for line in self.look_at(disk, places)]

    def disks(self) -> dict[int, dict[str, Path]]:
        """Return the folders that exist by the disk they are on: several of them may be mounts of their own."""
        found: dict[int, dict[str, Path]] = {}
        for name, folder in self.places.items():
            if folder.exists():
                found.setdefault(os.stat(folder).st_dev, {})[name] = folder
        return found

    def look_at(self, disk: int, places: Mapping[str, Path]) -> list[str]:
        """Return what is new about one disk."""
        folder = next(iter(places.values()))
        space, before = self.space(folder), self.levels.get(disk, OK)
        level = self.levels[disk] = space.level(before)
        if level == before:
            return []
        found = f"found {space.free // MEGABYTE:,} of {space.total // MEGABYTE:,} MB free at {folder}"
        return [f"disk: {SAID[level].format(kept=', '.join(places), found=found)}"]

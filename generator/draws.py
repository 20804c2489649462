"""Randomness that depends on the seed and the moment only: one Philox stream per slice of time and purpose."""

import hashlib
import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

SCALE = 1 << 40
TABLE = 4096


def seed_key(seed: int | str) -> int:
    """Return a 64-bit key for a seed of any size."""
    return int.from_bytes(hashlib.blake2b(f"tallystream {seed}".encode(), digest_size=8).digest(), "big")


def stream(key: int, purpose: int, moment: int = 0) -> np.random.Generator:
    """Return the generator of one purpose at one moment; the same arguments give the same numbers."""
    counter = [0, 0, 0, moment % (1 << 64)]
    return np.random.Generator(np.random.Philox(key=[key, purpose], counter=counter))


def cumulative(weights: Sequence[float]) -> np.ndarray:
    """Return integer cumulative weights (int64, last = total), so that draws never depend on float rounding."""
    weights = np.asarray(weights, dtype=np.float64)
    return np.cumsum(np.rint(weights / weights.max() * SCALE / max(len(weights), 1)).astype(np.int64))


def pick(rng: np.random.Generator, table: np.ndarray, size: int) -> np.ndarray:
    """Draw `size` indexes of a cumulative table."""
    return np.searchsorted(table, rng.integers(0, table[-1], size), side="right")


def chance(rng: np.random.Generator, share: float, size: int) -> np.ndarray:
    """Draw booleans that are true with the chance `share`."""
    return rng.integers(0, SCALE, size) < round(share * SCALE)


def log_normal(median: float, sigma: float, least: float = 0, most: float = math.inf) -> np.ndarray:
    """Return the 4,096 quantiles of a log-normal as integers, for draws by index."""
    normal = NormalDist()
    values = (median * math.exp(sigma * normal.inv_cdf((i + 0.5) / TABLE)) for i in range(TABLE))
    return np.array([round(min(max(value, least), most)) for value in values], dtype=np.int64)


def log_uniform(least: float, most: float) -> np.ndarray:
    """Return the 4,096 quantiles of a log-uniform as integers."""
    span = math.log(most / least)
    return np.array([round(least * math.exp(span * (i + 0.5) / TABLE)) for i in range(TABLE)], dtype=np.int64)


def draw(rng: np.random.Generator, quantiles: np.ndarray, size: int) -> np.ndarray:
    """Draw `size` values of a quantile table."""
    return quantiles[rng.integers(0, TABLE, size)]


def share_below(quantiles: np.ndarray, limit: float) -> float:
    """Return the share of a quantile table that is below a limit."""
    return float(np.searchsorted(quantiles, limit)) / TABLE

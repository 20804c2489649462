"""Events as rows of integers, and pools of rows that wait for their moment."""

from itertools import pairwise

import numpy as np

# Columns of a row. DUE is when the record leaves (its duplicate leaves later with the same SENT inside).
DUE, SEQ, TYPE, TIME, SKU, WAREHOUSE, QUANTITY, ORDER, LINE = range(9)
CHANNEL, REGION, UNIT, DISCOUNT, CUSTOMER, TO_STOCK, SENT, COPY, FORM = range(9, 18)
WIDTH = 18
SALE, REFUND, RESTOCK, ADJUSTMENT, SHIPMENT, UNMET = range(6)
TYPES = ("sale", "refund", "restock", "adjustment", "shipment", "unmet")
MALFORMED = 100  # FORM from here on: a line that breaks the contract; 1 to 99: an unusual but valid spelling
MAX_QUANTITY = 1_000_000


def empty(count: int = 0) -> np.ndarray:
    """Return `count` rows of zeros."""
    return np.zeros((count, WIDTH), dtype=np.int64)


def split_quantities(rows: np.ndarray) -> np.ndarray:
    """Split rows above the contract's greatest quantity into several."""
    if not len(rows) or np.abs(rows[:, QUANTITY]).max() <= MAX_QUANTITY:
        return rows
    parts = -(-np.abs(rows[:, QUANTITY]) // MAX_QUANTITY)
    out = np.repeat(rows, parts, axis=0)
    last = np.cumsum(parts) - 1
    out[:, QUANTITY] = MAX_QUANTITY
    out[last, QUANTITY] = rows[:, QUANTITY] - (parts - 1) * MAX_QUANTITY
    return out


class Pool:
    """Rows that wait until the time in one of their columns, in buckets of time."""

    def __init__(self, column: int, span_ms: int):
        self.column, self.span = column, span_ms
        self.buckets: dict[int, list[np.ndarray]] = {}

    def push(self, rows: np.ndarray) -> None:
        """Add rows."""
        if not len(rows):
            return
        index = rows[:, self.column] // self.span
        if index.min() == index.max():
            self.buckets.setdefault(int(index[0]), []).append(rows)
            return
        order = np.argsort(index, kind="stable")
        rows, index = rows[order], index[order]
        cuts = [0, *(np.flatnonzero(np.diff(index)) + 1).tolist(), len(rows)]
        for first, last in pairwise(cuts):
            self.buckets.setdefault(int(index[first]), []).append(rows[first:last])

    def pop(self, until_ms: int) -> np.ndarray:
        """Take the rows whose time is before `until_ms`, in no particular order."""
        taken: list[np.ndarray] = []
        for index in sorted(key for key in self.buckets if key * self.span < until_ms):
            rows = self.buckets.pop(index)
            if (index + 1) * self.span > until_ms:
                rows = rows if len(rows) == 1 else [np.concatenate(rows)]
                due = rows[0][:, self.column] < until_ms
                if not due.all():
                    self.buckets[index] = [rows[0][~due]]
                rows = [rows[0][due]]
            taken += rows
        return np.concatenate(taken) if taken else empty()

    def dump(self) -> np.ndarray:
        """Return all waiting rows."""
        return np.concatenate([r for key in sorted(self.buckets) for r in self.buckets[key]] or [empty()])

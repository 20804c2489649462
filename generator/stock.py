"""Stock by SKU × warehouse, derived from movements: what can be served, when to reorder, opening stock, recounts."""

from dataclasses import dataclass

import numpy as np

from generator.catalogue import Catalogue, StockPolicy
from generator.curves import HOUR
from generator.draws import chance, draw, log_normal
from generator.rows import ADJUSTMENT, CUSTOMER, QUANTITY, RESTOCK, SKU, TIME, TYPE, WAREHOUSE, empty, split_quantities

OPENING_MS = 6 * HOUR  # the first stocktake goes through the warehouses in this time
NEVER = -1
LEAD_PERCENT = log_normal(100, 0.18, 60, 200)  # how long a delivery takes, in per cent of its lead time
HELD_UP, HELD_UP_PERCENT = 0.01, log_normal(330, 0.25, 200, 600)  # … and when the supplier is in trouble


@dataclass(eq=False)
class Levels:
    """What a saved state keeps, flat by SKU × warehouse: units available, units ordered, time of the opening count."""

    available: np.ndarray
    on_order: np.ndarray
    opens_at: np.ndarray


class Stock:
    """The stock of one shop."""

    def __init__(self, catalogue: Catalogue, policy: StockPolicy, levels: Levels):
        self.catalogue, self.policy, self.levels = catalogue, policy, levels
        self.houses = catalogue.stocked.shape[1]
        self.lead = np.repeat(catalogue.lead_hours, self.houses) * HOUR
        self.stocked = catalogue.stocked.ravel()

    @classmethod
    def unopened(cls, catalogue: Catalogue, policy: StockPolicy, start: int, rng: np.random.Generator) -> "Stock":
        """Return the stock before its first count, which goes on over the first hours."""
        cells = catalogue.cells
        opens = np.where(policy.opening > 0, start + rng.integers(0, OPENING_MS, cells), NEVER)
        return cls(catalogue, policy, Levels(np.zeros(cells, np.int64), np.zeros(cells, np.int64), opens))

    def cell(self, rows: np.ndarray) -> np.ndarray:
        """Return the flat index of each row's SKU × warehouse."""
        return rows[:, SKU] * self.houses + rows[:, WAREHOUSE]

    def open_cells(self, sales: np.ndarray, end: int) -> np.ndarray:
        """Return the opening adjustments due before `end`; a cell that is asked for earlier is counted just then."""
        opens = self.levels.opens_at
        if not (opens != NEVER).any():
            return empty()
        touched = self.cell(sales)
        waiting = opens[touched] != NEVER
        np.minimum.at(opens, touched[waiting], sales[waiting, TIME])
        cells = np.flatnonzero((opens != NEVER) & (opens < end))
        rows = self._movements(ADJUSTMENT, cells, self.policy.opening[cells], opens[cells])
        opens[cells] = NEVER
        return split_quantities(rows)

    def recounts(self, rng: np.random.Generator, expected: float, begin: int, end: int) -> np.ndarray:
        """Draw adjustments: mostly shrinkage, now and then a unit found again."""
        cells = rng.integers(0, self.catalogue.cells, rng.poisson(expected))
        delta = np.array([-1, -1, -1, -2, -3, 1, 1, 2])[rng.integers(0, 8, len(cells))]
        times = rng.integers(begin, end, len(cells))
        counted = self.stocked[cells] & (self.levels.opens_at[cells] == NEVER)
        return self._movements(ADJUSTMENT, cells[counted], delta[counted], times[counted])

    def serve(self, inflow: np.ndarray, demand: np.ndarray, beyond: np.ndarray) -> np.ndarray:
        """Apply movements in the order of their time and return the units served of each demand row.

        `demand` rows take |QUANTITY|, `beyond` marks those that are sold even without stock.
        """
        wanted = np.abs(demand[:, QUANTITY])
        cell = np.concatenate([self.cell(inflow), self.cell(demand)])
        delta = np.concatenate([inflow[:, QUANTITY], -wanted])
        late = np.arange(len(cell)) >= len(inflow)
        order = np.lexsort((late, np.concatenate([inflow[:, TIME], demand[:, TIME]]), cell))
        short = self._short_cells(cell[order], delta[order])
        served = wanted.copy()
        if len(short):
            mine = order[np.isin(cell[order], short)]
            self._serve_one_by_one(mine, cell, delta, len(inflow), beyond, served)
        moved = np.concatenate([inflow[:, QUANTITY], -served])
        np.add.at(self.levels.available, cell, moved)
        return served

    def _short_cells(self, cell: np.ndarray, delta: np.ndarray) -> np.ndarray:
        """Return the cells that would go below zero if all were served (rows sorted by cell and time)."""
        if not len(cell):
            return cell
        total = np.cumsum(delta)
        starts = np.flatnonzero(np.concatenate([[True], cell[1:] != cell[:-1]]))
        base = np.repeat(total[starts] - delta[starts], np.diff([*starts.tolist(), len(cell)]))
        left = total - base + self.levels.available[cell]
        return np.unique(cell[left < 0])

    def _serve_one_by_one(
        self,
        mine: np.ndarray,
        cell: np.ndarray,
        delta: np.ndarray,
        inflows: int,
        beyond: np.ndarray,
        served: np.ndarray,
    ) -> None:
        left: dict[int, int] = {}
        for row in mine.tolist():
            here = int(cell[row])
            have = left.get(here, int(self.levels.available[here]))
            change = int(delta[row])
            if row >= inflows and not beyond[row - inflows]:
                change = -min(-change, max(have, 0))
                served[row - inflows] = -change
            left[here] = have + change

    def arrived(self, restocks: np.ndarray) -> None:
        """Take delivered units off the orders."""
        np.add.at(self.levels.on_order, self.cell(restocks), -restocks[:, QUANTITY])

    def reorder(self, rng: np.random.Generator, now: int) -> np.ndarray:
        """Order what is at or below its reorder point, and return the restocks with the time of their arrival."""
        position = self.levels.available + self.levels.on_order
        low = self.stocked & (position <= self.policy.reorder_point) & (self.levels.opens_at == NEVER)
        cells = np.flatnonzero(low)
        batch = self.policy.order_quantity[cells]
        lacking = self.policy.reorder_point[cells] - position[cells]
        quantity = batch * (1 + lacking // batch)
        self.levels.on_order[cells] += quantity
        percent = draw(rng, LEAD_PERCENT, len(cells))
        percent = np.where(chance(rng, HELD_UP, len(cells)), draw(rng, HELD_UP_PERCENT, len(cells)), percent)
        arrives = now + self.lead[cells] * percent // 100
        return split_quantities(self._movements(RESTOCK, cells, quantity, arrives))

    def _movements(self, kind: int, cells: np.ndarray, quantity: np.ndarray, times: np.ndarray) -> np.ndarray:
        rows = empty(len(cells))
        rows[:, TYPE], rows[:, TIME], rows[:, QUANTITY] = kind, times, quantity
        rows[:, SKU], rows[:, WAREHOUSE] = np.divmod(cells, self.houses)
        rows[:, CUSTOMER] = -1
        return rows

"""Rows of integers to JSON lines of the event contract; templates for the many, a slow way for the odd."""

import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from generator.catalogue import Catalogue
from generator.contacts import Contact
from generator.malformed import KINDS, UNUSUAL
from generator.rows import (
    CHANNEL,
    CUSTOMER,
    DISCOUNT,
    FORM,
    LINE,
    MALFORMED,
    ORDER,
    QUANTITY,
    REFUND,
    REGION,
    SALE,
    SENT,
    SEQ,
    SHIPMENT,
    SKU,
    TIME,
    TO_STOCK,
    TYPE,
    TYPES,
    UNIT,
    WAREHOUSE,
)
from generator.shop import Shop

OWN_ID = 0.5  # malformed lines with an id of their own; the others carry the id of a good record
WITH_PERSON = 0.3  # malformed lines that carry a person's data


def _quote(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


class Encoder:
    """Encodes the records of one shop; event and order ids begin with `prefix`."""

    def __init__(self, shop: Shop, catalogue: Catalogue, prefix: str, people: Sequence[Contact], seed: int):
        self.shop, self.catalogue, self.prefix, self.people, self.seed = shop, catalogue, prefix, people, seed
        self.houses = [warehouse.id for warehouse in shop.warehouse]
        self.channels = [channel.code for channel in shop.channel]
        self.regions = list(shop.regions)
        self.recipient = np.array([channel.recipient for channel in shop.channel])
        self._cells = [
            f'"sku":{_quote(sku)},"warehouse_id":{_quote(house)}' for sku in catalogue.skus for house in self.houses
        ]
        self._places = [f'"channel":{_quote(c)},"region":{_quote(r)}' for c in self.channels for r in self.regions]
        self._names = [f',"recipient":{_quote(person.name)}' for person in people]
        self._templates = {kind: self._template(kind) for kind in range(len(TYPES))}

    def _template(self, kind: int) -> str:
        head = f'{{"event_id":"{self.prefix}-%d","event_type":"{TYPES[kind]}","event_time":%d,%s,"quantity":%d'
        head += f',"currency":"{self.shop.currency}"'
        if kind in (SALE, REFUND, SHIPMENT):
            head += f',"order_id":"{self.prefix}%010d","line_no":%d'
        if kind in (SALE, REFUND):
            head += ',%s,"unit_amount":%d,"discount_amount":%d%s'
        return head + ',"sent_at":%d}'

    def lines(self, rows: np.ndarray) -> list[bytes | None]:
        """Encode records (in their order) as lines without the line end; None is a record without a value."""
        out: list[bytes | None] = [None] * len(rows)
        odd = rows[:, FORM] > 0
        kinds = np.where(odd, -1, rows[:, TYPE])
        for kind, template in self._templates.items():
            places = np.flatnonzero(kinds == kind)
            if len(places):
                columns = self._columns(kind, rows[places])
                for place, text in zip(places.tolist(), map(template.__mod__, zip(*columns, strict=True)), strict=True):
                    out[place] = text.encode()
        for place in np.flatnonzero(odd).tolist():
            out[place] = self._odd_line(rows[place].tolist())
        return out

    def keys(self, rows: np.ndarray, lines: list[bytes | None]) -> list[bytes | None]:
        """Return each record's key: its event_id, None where the line has none that can be read."""
        head = self.prefix.encode() + b"-%d"
        keys: list[bytes | None] = [head % seq for seq in rows[:, SEQ].tolist()]
        for place in np.flatnonzero(rows[:, FORM] >= MALFORMED).tolist():
            keys[place] = readable_id(lines[place])
        return keys

    def _columns(self, kind: int, rows: np.ndarray) -> list[list[Any]]:
        cells, places = self._cells, self._places
        columns = [
            rows[:, SEQ].tolist(),
            rows[:, TIME].tolist(),
            [cells[i] for i in (rows[:, SKU] * len(self.houses) + rows[:, WAREHOUSE]).tolist()],
            rows[:, QUANTITY].tolist(),
        ]
        if kind in (SALE, REFUND, SHIPMENT):
            columns += [rows[:, ORDER].tolist(), rows[:, LINE].tolist()]
        if kind in (SALE, REFUND):
            columns += [
                [places[i] for i in (rows[:, CHANNEL] * len(self.regions) + rows[:, REGION]).tolist()],
                rows[:, UNIT].tolist(),
                rows[:, DISCOUNT].tolist(),
                self._tails(kind, rows),
            ]
        return [*columns, rows[:, SENT].tolist()]

    def _tails(self, kind: int, rows: np.ndarray) -> list[str]:
        """The optional fields of sales and refunds: customer, recipient, whether goods came back."""
        tails = [f',"customer_id":"C{number:08d}"' if number >= 0 else "" for number in rows[:, CUSTOMER].tolist()]
        if kind == REFUND:
            words = (',"to_stock":false', ',"to_stock":true')
            return [tail + words[back] for tail, back in zip(tails, rows[:, TO_STOCK].tolist(), strict=True)]
        for place in np.flatnonzero(self.recipient[rows[:, CHANNEL]]).tolist():
            tails[place] += self._names[int(rows[place, ORDER]) % len(self._names)]
        return tails

    def fields(self, row: list[int]) -> dict[str, Any]:
        """Return a record's fields as the contract names them."""
        template = self._templates[row[TYPE]]
        columns = self._columns(row[TYPE], np.array([row]))
        return json.loads(template % tuple(column[0] for column in columns))

    def _odd_line(self, row: list[int]) -> bytes | None:
        fields, form = self.fields(row), row[FORM]
        rng = random.Random(f"{self.seed} {row[SEQ]} {form}")
        if form < MALFORMED:
            return UNUSUAL[form - 1](fields, rng)
        if rng.random() < OWN_ID:
            fields["event_id"] = f"{self.prefix}-x{row[SEQ]}"
        if rng.random() < WITH_PERSON:
            person = rng.choice(self.people)
            fields |= {"name": person.name, "phone": person.phone, "email": person.email}
        return self._kind(form)(fields, rng)

    def _kind(self, form: int) -> Callable[[dict[str, Any], random.Random], bytes | None]:
        return KINDS[form - MALFORMED].make


def readable_id(line: bytes | None) -> bytes | None:
    """Return the event_id of a line whose JSON object has a usable one, else None."""
    if line is None:
        return None
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    text = value.get("event_id") if isinstance(value, dict) else None
    if not isinstance(text, str) or not 1 <= len(text) <= 128 or not text.isprintable():
        return None
    return text.encode("utf-8", "ignore") or None

"""The event contract a second time, for the tests alone: RFC 8259 by recursive descent, the rules as one plain list.

It shares nothing with pipeline/ on purpose (not even the json module), so that an agreement of the two means something.
"""

import hashlib
import hmac
import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

WHITE = " \t\r\n"
NUMBER = re.compile(r"(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][+-]?[0-9]+)?")
WHOLE = re.compile(r"-?(0|[1-9][0-9]*)\Z")
ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
TYPES = {"sale", "refund", "restock", "adjustment", "shipment", "unmet"}


class Refused(Exception):
    """The record breaks the contract."""


class Whole:
    """A JSON number written as an integer, kept as its digits."""

    def __init__(self, digits: str) -> None:
        self.digits = digits


class Real:
    """Any other JSON number."""


class Reader:
    """Read one JSON text; `depth` counts objects and arrays around the place."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in WHITE:
            self.at += 1

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self, expected: str) -> None:
        if not self.text.startswith(expected, self.at):
            raise Refused(f"{expected} expected at {self.at}")
        self.at += len(expected)

    def value(self, depth: int) -> object:
        self.skip()
        first = self.peek()
        if first == "{":
            return self.members(depth + 1)
        if first == "[":
            return self.elements(depth + 1)
        if first == '"':
            return self.string()
        for word, meaning in (("true", True), ("false", False), ("null", None)):
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return meaning
        return self.number()

    def number(self) -> object:
        match = NUMBER.match(self.text, self.at)
        if not match:
            raise Refused(f"no value at {self.at}")
        self.at = match.end()
        return Real() if match[2] or match[3] else Whole(match[1])

    def string(self) -> str:
        self.take('"')
        letters: list[str] = []
        while True:
            letter = self.peek()
            self.at += 1
            if letter == '"':
                # a pair of surrogates is one character, a lone one stays
                return "".join(letters).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
            if letter == "" or letter < " ":
                raise Refused("a string is cut off or holds a control character")
            letters.append(self.escape() if letter == "\\" else letter)

    def escape(self) -> str:
        kind = self.peek()
        self.at += 1
        if kind in ESCAPES and kind:
            return ESCAPES[kind]
        digits = self.text[self.at : self.at + 4]
        if kind != "u" or not re.fullmatch("[0-9a-fA-F]{4}", digits, re.ASCII):
            raise Refused("a bad escape")
        self.at += 4
        return chr(int(digits, 16))

    def elements(self, depth: int) -> list:
        if depth > 32:
            raise Refused("too deep")
        self.take("[")
        found: list = []
        self.skip()
        if self.peek() == "]":
            self.at += 1
            return found
        while True:
            found.append(self.value(depth))
            self.skip()
            if self.peek() == "]":
                self.at += 1
                return found
            self.take(",")

    def members(self, depth: int) -> dict:
        if depth > 32:
            raise Refused("too deep")
        self.take("{")
        found: dict = {}
        self.skip()
        if self.peek() == "}":
            self.at += 1
            return found
        while True:
            self.skip()
            name = self.string()
            if name in found:
                raise Refused("a name twice")
            self.skip()
            self.take(":")
            found[name] = self.value(depth)
            self.skip()
            if self.peek() == "}":
                self.at += 1
                return found
            self.take(",")


def read_json(raw: bytes) -> dict:
    if len(raw) > 1024 * 1024:
        raise Refused("too long")
    try:
        text = raw.decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise Refused("not UTF-8") from None
    reader = Reader(text)
    value = reader.value(0)
    reader.skip()
    if reader.at != len(text) or not isinstance(value, dict):
        raise Refused("not one object")
    return value


def string(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 128 or "\0" in value:
        raise Refused("string")
    if any(0xD800 <= ord(letter) <= 0xDFFF for letter in value):
        raise Refused("surrogate")
    return value


def whole(value: object, low: int = -(2**63), high: int = 2**63 - 1) -> int:
    digits = value.digits if isinstance(value, Whole) else value
    if not isinstance(digits, str) or not WHOLE.match(digits) or len(digits) > 25:
        raise Refused("integer")
    if not low <= int(digits) <= high:
        raise Refused("range")
    return int(digits)


def reference_event(raw: bytes | None, append_ms: int, currency: str, zone: str, key: bytes) -> dict | None:
    """Return the accepted event's fields, None for a rejected record."""
    try:
        return _event({} if raw is None else read_json(raw), append_ms, currency, zone, key)
    except Refused:
        return None


def _event(found: dict, append_ms: int, currency: str, zone: str, key: bytes) -> dict:
    event = {name: string(found.get(name)) for name in ("event_id", "event_type", "sku", "warehouse_id")}
    if event["event_type"] not in TYPES or found.get("currency") != currency:
        raise Refused("type or currency")
    event["event_time"] = whole(found.get("event_time"), 631152000000, append_ms + 300_000)
    adjusts = event["event_type"] == "adjustment"
    event["quantity"] = whole(found.get("quantity"), -1_000_000 if adjusts else 1, 1_000_000)
    if event["quantity"] == 0:
        raise Refused("zero")
    names = (
        "order_id",
        "line_no",
        "channel",
        "region",
        "gross_amount",
        "discount_amount",
        "to_stock",
        "buyer",
        "store_day",
    )
    event |= dict.fromkeys(names)
    if event["event_type"] in ("sale", "refund"):
        event |= _order_line(found, event, zone, key)
    sent = found.get("sent_at")
    sent_ms = append_ms if sent is None else whole(sent)
    event["late"] = event["event_time"] < sent_ms - 60_000
    return event


def _order_line(found: dict, event: dict, zone: str, key: bytes) -> dict:
    line = {name: string(found.get(name)) for name in ("order_id", "channel", "region")}
    line["line_no"] = whole(found.get("line_no"), 1)
    gross = event["quantity"] * whole(found.get("unit_amount"), 0, 10**12)
    discount = found.get("discount_amount")
    line["gross_amount"] = gross
    line["discount_amount"] = 0 if discount is None else whole(discount, 0, gross)
    if gross > 10**12:
        raise Refused("amount")
    customer = found.get("customer_id")
    customer = None if customer is None else string(customer)
    if event["event_type"] == "refund":
        to_stock = found.get("to_stock")
        if to_stock is not None and not isinstance(to_stock, bool):
            raise Refused("to_stock")
        line["to_stock"] = True if to_stock is None else to_stock
    elif customer is not None:
        line["buyer"] = hmac.new(key, customer.encode(), hashlib.sha256).hexdigest()[:32]
        moment = datetime.fromtimestamp(event["event_time"] // 1000, UTC).astimezone(ZoneInfo(zone))
        line["store_day"] = (moment.date() - date(1970, 1, 1)).days
    return line

"""Read one JSON object to the letter of RFC 8259 and the event contract, and say what is wrong with any other text."""

import json
import re
from collections import Counter

MAX_BYTES = 1_048_576
MAX_DEPTH = 32
# Longer than any 64-bit integer; Python would spend seconds on the digits of a long one.
MAX_INTEGER_DIGITS = 20

_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(r"[\[{\]}]")
_KINDS = {list: "an array", str: "a string", bool: "true or false", type(None): "null"}


class NotAnEvent(ValueError):
    """The record breaks the contract; the text says which rule, in words."""


class LongInteger(str):
    """The digits of a JSON integer that no 64 bits can hold."""

    __slots__ = ()


def _integer(digits: str) -> int | LongInteger:
    return int(digits) if len(digits) <= MAX_INTEGER_DIGITS else LongInteger(digits)


def _refuse_constant(name: str) -> None:
    raise NotAnEvent(f"not JSON: {name} is not a JSON value")


def _members(pairs: list[tuple[str, object]]) -> dict:
    members = dict(pairs)
    if len(members) != len(pairs):
        repeated = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise NotAnEvent(f"the name {shown(repeated)} is there twice in one object")
    return members


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_int=_integer, parse_constant=_refuse_constant)


def _depth(text: str) -> int:
    deepest = depth = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _decode(raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise NotAnEvent(f"longer than {MAX_BYTES:,} bytes: {len(raw):,} bytes")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise NotAnEvent(f"not valid UTF-8: byte 0x{raw[fault.start]:02x} at position {fault.start}") from None


def read_object(raw: bytes) -> dict:
    """Return the one JSON object in `raw`; integers too long for 64 bits come as LongInteger.

    Raise NotAnEvent for everything else: too long, not UTF-8, no JSON, not an object, too deep, a name twice.
    """
    text = _decode(raw)
    if text.count("{") + text.count("[") > MAX_DEPTH and (depth := _depth(text)) > MAX_DEPTH:
        raise NotAnEvent(f"nested deeper than {MAX_DEPTH} levels: {depth} levels")
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as fault:
        raise NotAnEvent(f"not JSON: {fault.msg.removesuffix(' at')} at character {fault.pos + 1}") from None
    if not isinstance(value, dict):
        raise NotAnEvent(f"not a JSON object: {_KINDS.get(type(value), 'a number')}")
    return value


def shown(value: object, limit: int = 60) -> str:
    """Return a value of the record as it may stand in a reason: JSON, short, without U+0000 or lone surrogates."""
    if type(value) is LongInteger:
        text = str(value)
    elif isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    else:
        text = json.dumps(value, ensure_ascii=False)
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= limit else text[: limit - 1] + "…"

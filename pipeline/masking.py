"""Show a rejected line: masked where it may hold a person's data, as text that Postgres can keep."""

import json
import re

MAX_CHARACTERS = 4_096
MASK = '"***"'
# The customer of the contract, and what feeds send along: a member whose name holds one of these is shown without its
# value. Names are compared without case, digits and punctuation.
PERSONAL = (
    "customerid", "buyer", "name", "recipient", "receiver", "consignee", "contact", "member", "user",
    "phone", "mobile", "tel", "mail", "address", "addr", "passport", "idcard", "birth", "wechat", "openid",
    "姓名", "客户", "会员", "买家", "收件", "收货", "联系", "手机", "电话", "邮箱", "地址", "身份证", "微信",
)  # fmt: skip

# A member's name up to its value; the value is measured by _value_end because it may be nested or cut off.
# A name is at most 200 characters long here: without an end, each of a line's quotes would be searched to its end.
_MEMBER = re.compile(r'"((?:[^"\\]|\\.){0,200}+)"\s*+:\s*+', re.DOTALL)
_VALUE_PART = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{\]},]|[^"\[{\]},]++', re.DOTALL)
_MASKED = re.compile(r'\w*+"\s*+:\s*+"\*\*\*"')
_VALUE_START = re.compile(r'["\[{]|(?:-?[0-9][0-9.eE+-]*|true|false|null)\s*+(?=[,}\]])')
# What may stand behind a value: the ends of what it is in, and then nothing, or a comma and a member.
_VALUE_FOLLOWS = re.compile(r'\s*+(?:[}\]]\s*+)*+(?:,\s*+(?:[{\[]\s*+)*+"[^"]*+"\s*+:|$)')


def _either_way(letter: str) -> str:
    """Return the pattern of a character as itself or as its JSON escape."""
    return rf"(?:{letter}|\\u00(?:{ord(letter):x}|{ord(letter.upper()):x}))"


# What is left of the name after masking stands in text that is not JSON: what follows it is cut.
_STRAY = re.compile(
    r"\W{0,8}".join([*map(_either_way, "customer"), _either_way("_") + "?", *map(_either_way, "id")]), re.IGNORECASE
)


def _is_personal(name: str) -> bool:
    if "\\" in name:
        try:
            name = json.loads(f'"{name}"', strict=False)
        except ValueError:
            return True
    plain = re.sub(r"[\W_0-9]", "", name.lower())
    return any(part in plain for part in PERSONAL)


def _value_end(text: str, start: int) -> int:
    depth = 0
    for part in _VALUE_PART.finditer(text, start):
        token = part[0]
        if token in "[{":
            depth += 1
        elif token in "]}":
            depth -= 1
            if depth < 0:
                return part.start()
        elif token == "," and depth == 0:
            return part.start()
        if depth == 0 and token[0] in '"]}':
            return part.end()
    return len(text)


def _mask(text: str) -> str:
    done, pieces = 0, []
    for member in _MEMBER.finditer(text):
        if member.start() < done or not _is_personal(member[1]):
            continue
        pieces += [text[done : member.end()], MASK]
        done = _value_end(text, member.end())
        if not _is_whole(text, member.end(), done):
            return "".join([*pieces, "***"])
    return "".join([*pieces, text[done:]])


def _is_whole(text: str, start: int, end: int) -> bool:
    """Tell whether a value stands where JSON would have one; else nobody knows where the personal part ends."""
    return bool(_VALUE_START.match(text, start) and _VALUE_FOLLOWS.match(text, end))


def _cut_stray(text: str) -> str:
    for stray in _STRAY.finditer(text):
        if not _MASKED.match(text, stray.end()):
            return text[: stray.end()] + "***"
    return text


def masked_line(raw: bytes) -> str:
    """Return the line to keep with a rejected record, at most 4,096 characters.

    Values of `customer_id` are `"***"`; malformed UTF-8 shows as U+FFFD, U+0000 as the six characters \\u0000.
    """
    text = raw[: 8 * MAX_CHARACTERS].decode("utf-8", "replace")[: 2 * MAX_CHARACTERS]
    return _cut_stray(_mask(text)).replace("\0", "\\u0000")[:MAX_CHARACTERS]

"""Why records are rejected, in Chinese. The job writes English; a field's name stays as the contract has it."""

import re

PATTERNS = (
    (r"event_time is more than 5 minutes after the append time.*", "event_time 超前写入时间 5 分钟以上"),
    (r"event_time is before 1990", "event_time 早于 1990 年"),
    (r"event_type is unknown", "event_type 未知"),
    (r"currency is not (\S+), the one of this deployment", r"币种不是 \1"),
    (r"quantity of an adjustment is 0", "调整数量为 0"),
    (r"quantity × unit_amount is more than (.*)", r"quantity × unit_amount 超过 \1"),
    (r"not a JSON object", "不是 JSON 对象"),
    (r"not JSON", "不是 JSON"),
    (r"the record has no value \(null\)", "记录没有值（null）"),
    (r"not valid UTF-8", "不是有效的 UTF-8"),
    (r"nested deeper than (\d+) levels", r"嵌套超过 \1 层"),
    (r"longer than (.*) bytes", r"超过 \1 字节"),
    (r"the name (.*) is there twice in one object", r"同一对象中名称 \1 重复"),
    (r"(\S+) is missing", r"缺少 \1"),
    (r"(\S+) is empty", r"\1 为空"),
    (r"(\S+) is not a string", r"\1 不是字符串"),
    (r"(\S+) is not an integer", r"\1 不是整数"),
    (r"(\S+) is neither true nor false", r"\1 不是 true 或 false"),
    (r"(\S+) does not fit 64 bits", r"\1 超出 64 位"),
    (r"(\S+) is longer than (\d+) characters", r"\1 超过 \2 个字符"),
    (r"(\S+) is not within (\S+) to (.*)", r"\1 不在 \2 至 \3 之间"),
    (r"(\S+) holds U\+0000", r"\1 含有 U+0000"),
    (r"(\S+) holds a lone surrogate", r"\1 含有孤立代理项"),
)


def reason_in_chinese(text: str) -> str:
    """Return a reason in Chinese, or as it is where its words are not known."""
    for pattern, chinese in PATTERNS:
        if match := re.fullmatch(pattern, text):
            return match.expand(chinese)
    return text

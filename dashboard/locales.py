"""How one viewer reads: language, currency and the store's time zone, with the formats that follow from them."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from dashboard import formats
from dashboard.catalogue import MONTHS, WEEKDAYS, WORDS
from dashboard.currency import Currency
from dashboard.reasons import reason_in_chinese

LANGUAGES = ("en", "zh")
DURATIONS_ZH = (("min", "分"), ("d", "天"), ("h", "小时"), ("s", "秒"))


@dataclass(frozen=True)
class Locale:
    """A viewer's language, and the deployment's currency and zone."""

    language: str
    currency: Currency
    zone: ZoneInfo

    def t(self, key: str, **values: object) -> str:
        """Return the words of a key; raise KeyError where the catalogue has none."""
        text = WORDS[key][LANGUAGES.index(self.language)]
        return text.format(**values) if values else text

    def has(self, key: str) -> bool:
        """Say whether the catalogue has a key."""
        return key in WORDS

    def money(self, minor: int | None) -> str:
        """Return an amount to the last digit."""
        return formats.money(minor, self.currency)

    def short(self, minor: int | None, digits: formats.Digits = 2) -> str:
        """Return an amount in M and k, or 亿 and 万; digits=None prints it exactly, "three" three digits in all."""
        return formats.short_money(minor, self.currency, self.language, digits)

    def duration(self, value: float | None, digits: int = 1) -> str:
        """Return a duration in words: 1 min 55 s, or 1 分 55 秒."""
        text = formats.seconds(value, digits)
        if self.language == "zh":
            for english, chinese in DURATIONS_ZH:
                text = text.replace(f" {english}", f" {chinese}")
        return text

    def measured(self, value: float | None, digits: int = 1) -> str:
        """Return a measured time: below a minute in s in both languages, as instruments write it."""
        is_short = value is not None and value < formats.MINUTE
        return formats.seconds(value, digits) if is_short else self.duration(value, digits)

    def local(self, moment: datetime | None) -> datetime | None:
        """Return an instant as the store's clock shows it."""
        return moment and moment.astimezone(self.zone)

    def clock(self, moment: datetime | None, pattern: str = "%H:%M:%S") -> str:
        """Return an instant's time of day in the store's zone; a dash for none."""
        return formats.clock(self.local(moment), pattern)

    def weekday(self, day: date) -> str:
        """Return a day's name."""
        return WEEKDAYS[day.weekday()][LANGUAGES.index(self.language)]

    def day(self, day: date) -> str:
        """Return a day such as Sunday 22 November or 11 月 22 日 周日."""
        if self.language == "zh":
            return f"{day.month} 月 {day.day} 日 {self.weekday(day)}"
        return f"{self.weekday(day)} {day.day} {MONTHS[day.month - 1]}"

    def channel(self, code: str) -> str:
        """Return what the page calls a channel; one it has no words for keeps its own code."""
        return self.t(f"ch_{code}") if self.has(f"ch_{code}") else code

    def category(self, name: str) -> str:
        """Return a category in the viewer's language; one the catalogue has no words for keeps its own name."""
        return self.t(f"cat_{name}") if self.has(f"cat_{name}") else name

    def reason(self, text: str) -> str:
        """Return why a record was rejected; in Chinese as far as the words are known."""
        return reason_in_chinese(text) if self.language == "zh" else text

    def name(self, english: str | None, chinese: str | None, code: str) -> str:
        """Return the name in the viewer's language, the other one where it is missing, else the code."""
        return (chinese or english if self.language == "zh" else english or chinese) or code

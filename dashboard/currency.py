"""What ISO 4217 says about a currency: how many digits its minor unit has, and the sign people write."""

from dataclasses import dataclass

# ISO 4217 lists the exponent of each currency; all but these have 2.
MINOR_DIGITS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}
SIGNS = {
    "CNY": "¥", "JPY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "KRW": "₩", "INR": "₹", "VND": "₫", "THB": "฿",
    "PHP": "₱", "ILS": "₪", "UAH": "₴", "TRY": "₺", "NGN": "₦", "KZT": "₸", "AUD": "A$", "CAD": "C$", "HKD": "HK$",
    "NZD": "NZ$", "SGD": "S$", "TWD": "NT$", "BRL": "R$", "MXN": "MX$",
}  # fmt: skip
NO_BREAK_SPACE = "\u00a0"


@dataclass(frozen=True)
class Currency:
    """An ISO 4217 currency."""

    code: str

    @property
    def digits(self) -> int:
        """Return how many digits the minor unit has: 2 for CNY, 0 for JPY, 3 for KWD."""
        return MINOR_DIGITS.get(self.code, 2)

    @property
    def sign(self) -> str:
        """Return what stands before an amount: a sign, or the code and a space."""
        return SIGNS.get(self.code, self.code + NO_BREAK_SPACE)

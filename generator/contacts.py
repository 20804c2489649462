"""People's names, phone numbers and mail addresses, as real feeds carry them where nobody asked for them."""

from dataclasses import dataclass
from functools import cache

from faker import Faker

POOL = 400


@dataclass(frozen=True)
class Contact:
    """One person, from Faker in the shop's locale."""

    name: str
    phone: str
    email: str


@cache
def contacts(locale: str, seed: int) -> tuple[Contact, ...]:
    """Return a pool of people that depends on locale and seed only."""
    fake = Faker(locale)
    fake.seed_instance(seed)
    return tuple(Contact(fake.name(), fake.phone_number(), fake.ascii_safe_email()) for _ in range(POOL))

"""Product names: attribute × noun × variant of one sub-category, in English and Chinese, never twice."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from generator.shop import Products, ShopError, SubCategory, pairs

EDITIONS = 20


@dataclass(frozen=True)
class Name:
    """A product's name in both languages."""

    en: str
    zh: str


def capacity(products: Products, sub: SubCategory) -> int:
    """Return how many different names a sub-category can give."""
    parts = (sub.attributes, sub.nouns, products.variants[sub.variants].items)
    return EDITIONS * int(np.prod([len(pairs(text)) for text in parts]))


def draw_names(products: Products, sub: SubCategory, count: int, rng: np.random.Generator) -> list[Name]:
    """Draw `count` unique names; later editions only when the plain names are used up. Raise ShopError beyond that."""
    room = capacity(products, sub)
    if count > room:
        raise ShopError(f"sub-category {sub.name}: {count:,} products asked, its words give {room:,} names; add words")
    plain = room // EDITIONS
    names: list[Name] = []
    for edition in range(-(-count // plain)):
        order = rng.permutation(plain)[: count - len(names)]
        names += [_name(products, sub, int(index), edition) for index in order]
    return names


def _name(products: Products, sub: SubCategory, index: int, edition: int) -> Name:
    variants = products.variants[sub.variants]
    index, attribute = _choose(pairs(sub.attributes), index)
    index, noun = _choose(pairs(sub.nouns), index)
    _, variant = _choose(pairs(variants.items), index)
    number = f" {edition + 1}" if edition else ""
    generation = f" {edition + 1} 代" if edition else ""
    # "A2 奶粉" keeps its space, "轻薄羽绒服" has none
    gap = " " if attribute[1].isascii() else ""
    return Name(
        f"{attribute[0]} {noun[0]}{number}{variants.join}{variant[0]}",
        f"{attribute[1]}{gap}{noun[1]}{generation} {variant[1]}",
    )


def _choose(words: Sequence[tuple[str, str]], index: int) -> tuple[int, tuple[str, str]]:
    return index // len(words), words[index % len(words)]

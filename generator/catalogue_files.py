"""The catalogue's NDJSON files, written for the deployment and never over someone else's."""

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from generator.catalogue import Catalogue, StockPolicy
from generator.shop import Shop

MARK = Path("generator") / "catalogue.json"


def is_ours(folder: Path) -> bool:
    """Return whether a folder's products.ndjson is missing, the generator's own, or not in a Tallystream home."""
    products = folder / "products.ndjson"
    if not products.exists() or not (folder / "inbox").is_dir():
        return True
    try:
        return json.loads((folder / MARK).read_text())["products_sha256"] == _file_hash(products)
    except (OSError, ValueError, KeyError):
        return False


def mark_as_ours(folder: Path) -> None:
    """Note in a home which products.ndjson the generator wrote."""
    mark = folder / MARK
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(json.dumps({"products_sha256": _file_hash(folder / "products.ndjson")}))


def _file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_catalogue(folder: Path, shop: Shop, catalogue: Catalogue, policy: StockPolicy) -> None:
    """Write products.ndjson, stock_policy.ndjson and warehouses.ndjson, each renamed into place when complete."""
    folder.mkdir(parents=True, exist_ok=True)
    houses = [w.id for w in shop.warehouse]
    _write(folder / "products.ndjson", _product_lines(catalogue))
    _write(folder / "stock_policy.ndjson", _policy_lines(catalogue, policy, houses))
    _write(folder / "warehouses.ndjson", [
        {"warehouse_id": w.id, "name_en": w.name_en, "name_zh": w.name_zh} for w in shop.warehouse
    ])  # fmt: skip


def _product_lines(catalogue: Catalogue) -> list[dict[str, Any]]:
    return [
        {
            "sku": sku,
            "name_en": catalogue.names_en[i],
            "name_zh": catalogue.names_zh[i],
            "category": catalogue.category_names[catalogue.category[i]],
            "subcategory": catalogue.subcategory[i],
            "cost_amount": int(catalogue.cost[i]),
        }
        for i, sku in enumerate(catalogue.skus)
    ]


def _policy_lines(catalogue: Catalogue, policy: StockPolicy, houses: list[str]) -> list[dict[str, Any]]:
    cells = np.flatnonzero(catalogue.stocked.ravel()).tolist()
    return [
        {
            "sku": catalogue.skus[cell // len(houses)],
            "warehouse_id": houses[cell % len(houses)],
            "reorder_point": int(policy.reorder_point[cell]),
            "safety_stock": int(policy.safety_stock[cell]),
            "lead_time_hours": int(catalogue.lead_hours[cell // len(houses)]),
        }
        for cell in cells
    ]


def _write(path: Path, lines: list[dict[str, Any]]) -> None:
    part = path.with_name(path.name + ".tmp")
    part.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    part.replace(path)

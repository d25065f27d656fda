"""What the shop does, without HTTP: orders in memory, checked, priced, charged, cancelled."""

from __future__ import annotations

import datetime
import itertools
import threading
from typing import Any

from orders.clients import Declined, Failed, Payments, Shipping, audit

CATALOGUE = {
    "tea-green": {"name": "Green tea, 100 g", "price": 790, "weight": 120},
    "tea-black": {"name": "Black tea, 250 g", "price": 1250, "weight": 280},
    "cup": {"name": "Cup", "price": 1499, "weight": 340},
    "pot": {"name": "Pot, 1 l", "price": 4203, "weight": 900},
    "kettle": {"name": "Kettle", "price": 8904, "weight": 1600},
}


class Refused(Exception):
    """A request that cannot be done: HTTP status, code, and what is wrong where."""

    def __init__(self, status: int, code: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.fields = fields or {}


class Shop:
    """All orders, by id, in the order in which they came."""

    def __init__(self, payments: Payments, shipping: Shipping, regression: str) -> None:
        self.payments = payments
        self.shipping = shipping
        self.regression = regression
        self._orders: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1001)
        self._lock = threading.Lock()

    def create(self, wanted: Any) -> dict[str, Any]:
        """Check, price and charge an order; raises Refused."""
        check(wanted)
        with self._lock:
            number = f"ord-{next(self._numbers)}"
        lines = [priced(item) for item in wanted["items"]]
        weight = sum(CATALOGUE[i["sku"]]["weight"] * i["quantity"] for i in wanted["items"])
        try:
            rate = self.shipping.cheapest(wanted["address"]["country"], weight)
            cents = sum(line["cents"] for line in lines) + int(rate["price"])
            charge = self.payments.charge(number, cents, wanted["card"])
        except Declined as error:
            raise Refused(402, "card_declined", {"card": str(error)}) from error
        except Failed as error:
            print(f"orders: {number}: {error}", flush=True)
            raise Refused(503, "try_again") from error
        order = {
            "id": number,
            "status": "paid",
            "customer": wanted["customer"],
            "items": [{k: v for k, v in line.items() if k != "cents"} for line in lines],
            "shipping": {"service": rate["service"], "price": rate["price"] / 100},
            "total": self._total(cents),
            "payment": {"charge": charge["id"], "last4": charge["card"]["last4"]},
            "created_at": now(),
        }
        self._orders[number] = {"public": order, "cents": cents, "address": wanted["address"]}
        print(f"orders: {number} paid by {wanted['customer']['email']}", flush=True)
        return order

    def created(self, order: dict[str, Any]) -> None:
        """What follows once the customer has the answer."""
        if self.regression != "dropped-call":
            address = self._orders[order["id"]]["address"]
            self.shipping.ship(order["id"], order["shipping"]["service"], address)
        if self.regression == "new-host":
            audit("created", order["id"])

    def get(self, number: str) -> dict[str, Any]:
        """One order; raises Refused."""
        return self._find(number)["public"]  # type: ignore[no-any-return]  # it is a dict

    def find(self, status: str, limit: int) -> list[dict[str, Any]]:
        """Short forms of the newest `limit` orders, of one status if given."""
        found = [o["public"] for o in self._orders.values()]
        chosen = [o for o in reversed(found) if not status or o["status"] == status]
        return [{k: o[k] for k in ("id", "status", "total")} for o in chosen[:limit]]

    def cancel(self, number: str) -> dict[str, Any]:
        """Refund an order; raises Refused."""
        held = self._find(number)
        order: dict[str, Any] = held["public"]
        if order["status"] == "cancelled":
            raise Refused(409, "already_cancelled")
        try:
            refund = self.payments.refund(number, order["payment"]["charge"], held["cents"])
        except (Declined, Failed) as error:
            raise Refused(503, "try_again") from error
        order = {**order, "status": "cancelled", "refund": refund["id"]}
        held["public"] = order
        return order

    def receipt(self, number: str) -> str:
        """An order as text."""
        order = self.get(number)
        lines = [f"{i['quantity']} x {i['name']}: {i['price']:.2f}" for i in order["items"]]
        return "\n".join([f"Order {order['id']}", *lines, f"Total: {order['total']} EUR", ""])

    def _find(self, number: str) -> dict[str, Any]:
        if number not in self._orders:
            raise Refused(404, "no_such_order")
        return self._orders[number]

    def _total(self, cents: int) -> float | str:
        return f"{cents / 100:.2f}" if self.regression == "type" else cents / 100


def now() -> str:
    """The time, as every order carries it."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def priced(item: dict[str, Any]) -> dict[str, Any]:
    """A line of an order with its price."""
    known = CATALOGUE[item["sku"]]
    cents = int(str(known["price"])) * item["quantity"]
    return {**item, "name": known["name"], "price": cents / 100, "cents": cents}


def check(wanted: Any) -> None:
    """Raises Refused with every field that is wrong."""
    if not isinstance(wanted, dict):
        raise Refused(422, "invalid", {"": "an object is wanted"})
    wrong = {}
    if "@" not in str((wanted.get("customer") or {}).get("email", "")):
        wrong["customer.email"] = "an e-mail address is wanted"
    if not luhn(str((wanted.get("card") or {}).get("number", ""))):
        wrong["card.number"] = "not a card number"
    if len(str((wanted.get("address") or {}).get("country", ""))) != 2:
        wrong["address.country"] = "a country code of two letters is wanted"
    items = wanted.get("items") or []
    if not items:
        wrong["items"] = "at least one is wanted"
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            wrong[f"items[{index}]"] = "an object is wanted"
            continue
        if item.get("sku") not in CATALOGUE:
            wrong[f"items[{index}].sku"] = "no such article"
        if not isinstance(item.get("quantity"), int) or not 0 < item["quantity"] <= 20:
            wrong[f"items[{index}].quantity"] = "1 to 20 are wanted"
    if wrong:
        raise Refused(422, "invalid", wrong)


def luhn(number: str) -> bool:
    """True for 12 to 19 digits with a valid check digit."""
    digits = [int(c) for c in number.replace(" ", "") if c.isdigit()]
    if not 12 <= len(digits) <= 19:
        return False
    doubled = sum(sum(divmod(2 * d, 10)) for d in digits[-2::-2])
    return (sum(digits[::-2]) + doubled) % 10 == 0

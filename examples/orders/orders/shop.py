"""What the shop does, without HTTP and SQL: orders are checked, priced, charged, cancelled."""

from __future__ import annotations

import datetime
from typing import Any

from orders.clients import Declined, Failed, Payments, Shipping, audit
from orders.store import Cache, SoldOut, Store

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
    """Checks, prices, charges and cancels orders."""

    def __init__(
        self, payments: Payments, shipping: Shipping, store: Store, cache: Cache, regression: str
    ) -> None:
        self.payments = payments
        self.shipping = shipping
        self.store = store
        self.cache = cache
        self.regression = regression

    def create(self, wanted: Any) -> dict[str, Any]:
        """Check, price, reserve and charge an order; raises Refused."""
        check(wanted)
        lines = [priced(item) for item in wanted["items"]]
        weight = sum(CATALOGUE[line["sku"]]["weight"] * line["quantity"] for line in lines)
        try:
            rate = self.shipping.cheapest(wanted["address"]["country"], weight)
            order = {
                "status": "paid",
                "name": wanted["customer"].get("name", ""),
                "email": wanted["customer"]["email"],
                "address": wanted["address"],
                "service": rate["service"],
                "shipping": rate["price"],
                "total": sum(line["cents"] for line in lines) + rate["price"],
                "placed_at": datetime.datetime.now(datetime.UTC),
                "lines": lines,
            }
            # Charged before the transaction ends: a declined card leaves neither order nor gap.
            with self.store.transaction() as transaction:
                order["number"] = number = transaction.place(order)
                charge = self.payments.charge(f"ord-{number}", order["total"], wanted["card"])
                transaction.pay(number, charge)
        except SoldOut as error:
            raise Refused(409, "sold_out", {"sku": str(error)}) from error
        except Declined as error:
            raise Refused(402, "card_declined", {"card": str(error)}) from error
        except Failed as error:
            print(f"orders: {error}", flush=True)
            raise Refused(503, "try_again") from error
        print(f"orders: ord-{number} paid by {order['email']}", flush=True)
        return self._shown({**order, "charge": charge["id"], "last4": charge["card"]["last4"]})

    def created(self, order: dict[str, Any], address: dict[str, str]) -> None:
        """What follows once the customer has the answer."""
        if self.regression != "dropped-call":
            self.shipping.ship(order["id"], order["shipping"]["service"], address)
        if self.regression == "new-host":
            audit("created", order["id"])

    def get(self, name: str) -> dict[str, Any]:
        """One order, from the cache where it is; raises Refused."""
        number = numbered(name)
        found = self.cache.get(number)
        if found is None:
            found = self._shown(self._find(number))
            self.cache.put(number, found)
        return found

    def find(self, status: str, limit: int) -> list[dict[str, Any]]:
        """Short forms of the newest `limit` orders, of one status if given."""
        return [
            {"id": f"ord-{o['number']}", "status": o["status"], "total": self._euros(o["total"])}
            for o in self.store.newest(status, limit)
        ]

    def cancel(self, name: str) -> dict[str, Any]:
        """Refund an order; raises Refused."""
        number = numbered(name)
        order = self._find(number)
        if order["status"] == "cancelled":
            raise Refused(409, "already_cancelled")
        try:
            refund = self.payments.refund(name, order["charge"], order["total"])
        except (Declined, Failed) as error:
            raise Refused(503, "try_again") from error
        with self.store.transaction() as transaction:
            transaction.cancel(order, refund["id"])
        self.cache.drop(number)
        return self._shown({**order, "status": "cancelled", "refund": refund["id"]})

    def receipt(self, name: str) -> str:
        """An order as text."""
        order = self.get(name)
        lines = [f"{i['quantity']} x {i['name']}: {i['price']:.2f}" for i in order["items"]]
        return "\n".join([f"Order {order['id']}", *lines, f"Total: {order['total']} EUR", ""])

    def _find(self, number: int) -> dict[str, Any]:
        order = self.store.order(number)
        if order is None:
            raise Refused(404, "no_such_order")
        return order

    def _shown(self, order: dict[str, Any]) -> dict[str, Any]:
        """An order as customers see it."""
        lines = [priced(line) for line in order["lines"]]
        return {
            "id": f"ord-{order['number']}",
            "status": order["status"],
            "customer": {"name": order["name"], "email": order["email"]},
            "items": [{k: v for k, v in line.items() if k != "cents"} for line in lines],
            "shipping": {"service": order["service"], "price": order["shipping"] / 100},
            "total": self._euros(order["total"]),
            "payment": {"charge": order["charge"], "last4": order["last4"]},
            "created_at": order["placed_at"].isoformat(timespec="milliseconds"),
            **({"refund": order["refund"]} if order.get("refund") else {}),
        }

    def _euros(self, cents: int) -> float | str:
        return f"{cents / 100:.2f}" if self.regression == "type" else cents / 100


def numbered(name: str) -> int:
    """The number in the name of an order, ord-1001; raises Refused."""
    number = name.removeprefix("ord-")
    if not number.isdigit():
        raise Refused(404, "no_such_order")
    return int(number)


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

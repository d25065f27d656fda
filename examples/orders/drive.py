"""A morning's customers, to be recorded: python drive.py [BASE_URL]

One request after the other, with a pause after each order, because its parcel is announced after
the answer.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
from typing import Any

BASE = "http://127.0.0.1:4143"
CARD = {"number": "4242424242424242", "expiry": "12/30"}
ADA = {"name": "Ada", "email": "ada@shop.test"}
BERT = {"name": "Bert Ünal", "email": "bert@shop.test"}
BERLIN = {"street": "Hauptstr. 5", "city": "Berlin", "country": "DE"}
PARIS = {"street": "4, rue Cler", "city": "Paris", "country": "FR"}
PAUSE = 0.15


def order(*items: tuple[str, int], **changes: Any) -> dict[str, Any]:
    """A good order, unless changed."""
    wanted = [{"sku": sku, "quantity": quantity} for sku, quantity in items]
    return {"customer": ADA, "items": wanted, "card": CARD, "address": BERLIN, **changes}


REQUESTS: list[tuple[str, str, Any]] = [
    ("GET", "/orders", None),
    ("POST", "/orders", order(("tea-green", 2))),
    ("GET", "/orders/ord-1001", None),
    ("POST", "/orders", order(("tea-black", 1), ("cup", 1), customer=BERT, address=PARIS)),
    ("GET", "/orders/ord-1002", None),
    ("GET", "/orders/ord-1002/receipt", None),
    # Refused before anything is called.
    ("POST", "/orders", order(("tea-white", 1))),
    ("POST", "/orders", order()),
    ("POST", "/orders", order(("cup", 0), card={"number": "4242424242424241"})),
    ("POST", "/orders", order(("cup", 1), customer={"name": "Nobody"})),
    ("POST", "/orders", order(("cup", 1), address={"country": "Germany"})),
    ("POST", "/orders", b'{"items": ['),
    ("POST", "/orders", []),
    # The pot's 3 cents: payments answer 503 once. The kettle's 4: they always do.
    ("POST", "/orders", order(("pot", 1))),
    ("GET", "/orders/ord-1003", None),
    ("POST", "/orders", order(("kettle", 1))),
    # A declined card; a country nobody ships to.
    ("POST", "/orders", order(("cup", 2), card={"number": "4000000000000002"})),
    ("POST", "/orders", order(("cup", 2), address={"city": "McMurdo", "country": "AQ"})),
    ("POST", "/orders", order(("cup", 3), ("tea-green", 1), customer=BERT)),
    ("POST", "/orders/ord-1001/cancel", None),
    ("POST", "/orders/ord-1001/cancel", None),
    ("GET", "/orders/ord-1001", None),
    ("POST", "/orders/ord-1002/cancel", None),
    ("GET", "/orders/ord-1002", None),
    ("POST", "/orders/ord-9999/cancel", None),
    ("GET", "/orders/ord-9999", None),
    ("GET", "/orders/gift", None),
    # One pot is left, so the cup that was reserved before it is given back.
    ("POST", "/orders", order(("cup", 1), ("pot", 2))),
    ("GET", "/orders?status=paid", None),
    ("GET", "/orders?status=cancelled&limit=5", None),
    ("GET", "/orders?limit=2", None),
    ("GET", "/orders?limit=many", None),
    ("GET", "/orders/ord-1006/receipt", None),
    ("GET", "/invoices", None),
    ("GET", "/orders", None),
    # Limits, which mutants of the service asked for: how many are sold at a time, and one more;
    # cards of 12, 19 and 20 digits, and with dashes; payments broken (6 cents); a long order.
    ("POST", "/orders", order(("cup", 20))),
    ("POST", "/orders", order(("cup", 21))),
    ("POST", "/orders", order(("tea-green", 1), card={"number": "500000000009"})),
    ("POST", "/orders", order(("tea-green", 3), card={"number": "4000000000000000006"})),
    ("POST", "/orders", order(("tea-green", 3), card={"number": "40000000000000000002"})),
    ("POST", "/orders", order(("kettle", 2), card={"number": "4242-4242-4242-4242"})),
    ("POST", "/orders", order(("tea-black", 2))),
    ("POST", "/orders", order(("cup", 1), note="please ring twice, " * 60)),
]


def send(base: str, method: str, path: str, body: Any) -> int:
    """One request; returns the status."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(base + path, data=data, method=method)
    request.add_header("Accept", "application/json")
    if data is not None:
        request.add_header("Content-Type", "application/json")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as response:
            response.read()
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.read()
        return error.code


def main() -> None:
    """All of them, with a line each."""
    base = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("CI_GATE_TARGET", BASE)
    for method, path, body in REQUESTS:
        print(send(base, method, path, body), method, path, flush=True)
        if method == "POST":
            time.sleep(PAUSE)


if __name__ == "__main__":
    main()

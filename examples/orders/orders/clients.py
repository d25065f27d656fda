"""The two APIs the service calls. urllib follows the environment's proxy and CA settings."""

from __future__ import annotations

import contextlib
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

ATTEMPTS = 3
BACKOFF = 0.02
TIMEOUT = 5.0
STORM = 25


class Failed(Exception):
    """A call that got no answer we can use."""


class Declined(Exception):
    """The card was refused; the text is the provider's code."""


def call(method: str, url: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    """One request with a JSON answer; raises HTTPError for a status from 400, OSError without one."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method)
    request.add_header("Accept", "application/json")
    if data is not None:
        request.add_header("Content-Type", "application/json")
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
        return json.loads(response.read() or b"null")


class Payments:
    """Charges and refunds. Every write has an idempotency key, so that it can be sent again."""

    def __init__(self, url: str, key: str, regression: str) -> None:
        self.url = url.rstrip("/")
        self.key = key
        self.storm = regression == "retry-storm"

    def charge(self, order: str, amount: int, card: dict[str, str]) -> dict[str, Any]:
        """Take `amount` cents; raises Declined or Failed."""
        body = {"amount": amount, "currency": "EUR", "reference": order, "card": card}
        answer: dict[str, Any] = self._write("/charges", body, f"charge-{order}")
        return answer

    def refund(self, order: str, charge: str, amount: int) -> dict[str, Any]:
        """Give `amount` cents of a charge back."""
        body = {"charge": charge, "amount": amount}
        answer: dict[str, Any] = self._write("/refunds", body, f"refund-{order}")
        return answer

    def _write(self, path: str, body: Any, key: str) -> Any:
        headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": key}
        attempts = STORM if self.storm else ATTEMPTS
        for attempt in range(1, attempts + 1):
            try:
                return call("POST", self.url + path, body, headers)
            except urllib.error.HTTPError as error:
                if error.code == 402:
                    raise Declined(json.loads(error.read())["code"]) from error
                if error.code < 500:
                    raise Failed(f"payments answered {error.code}") from error
            except OSError:
                pass
            if attempt < attempts and not self.storm:
                time.sleep(BACKOFF * 2**attempt)
        raise Failed(f"payments did not answer after {attempts} attempts")


class Shipping:
    """Rates and shipments."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def cheapest(self, country: str, weight: int) -> dict[str, Any]:
        """The cheapest rate for a parcel of `weight` grams; raises Failed."""
        query = urllib.parse.urlencode({"country": country, "weight": weight})
        try:
            rates: list[dict[str, Any]] = call("GET", f"{self.url}/rates?{query}")["rates"]
        except OSError as error:
            raise Failed("shipping did not answer") from error
        if not rates:
            raise Failed(f"nobody ships to {country}")
        return min(rates, key=lambda rate: int(rate["price"]))

    def ship(self, order: str, service: str, address: dict[str, str]) -> None:
        """Have the parcel sent; a failure is for the nightly run to find."""
        body = {"order": order, "service": service, "address": address}
        try:
            call("POST", f"{self.url}/shipments", body)
        except OSError as error:
            print(f"orders: shipment of {order} failed: {error}", flush=True)


def audit(event: str, order: str) -> None:
    """The regression "new-host": a call nobody asked for, whose failure nobody sees."""
    with contextlib.suppress(OSError):
        call("POST", "https://audit.example/events", {"event": event, "order": order})

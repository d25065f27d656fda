"""`python -m orders`: serve on PORT until told to stop."""

from __future__ import annotations

import os
import signal
import sys

from orders.clients import Payments, Shipping
from orders.server import Server
from orders.shop import Shop
from orders.store import Cache, Store


def main() -> int:
    """Everything the service needs comes from the environment."""
    regression = os.environ.get("REGRESSION", "")
    url = os.environ.get("DATABASE_URL", "postgresql://postgres@localhost:5432/postgres")
    store = Store(url, regression)
    shop = Shop(
        payments=Payments(
            os.environ.get("PAYMENTS_URL", "https://localhost:9443"),
            os.environ.get("PAYMENTS_KEY", "unset"),
            regression,
        ),
        shipping=Shipping(os.environ.get("SHIPPING_URL", "http://localhost:9080")),
        store=store,
        cache=Cache(os.environ.get("REDIS_URL", "redis://localhost:6379/0"), regression),
        regression=regression,
    )
    server = Server(("127.0.0.1", int(os.environ.get("PORT", "8080"))), shop)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"orders: listening on port {server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 130
    finally:
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

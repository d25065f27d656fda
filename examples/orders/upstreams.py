"""Stand-ins for the two real APIs, to record against: payments over HTTPS, shipping over HTTP.

    python upstreams.py CERTIFICATE.pem [PAYMENTS_PORT SHIPPING_PORT]

The certificate is made at start and written to the file, so that the recorder can be told to
trust it (SSL_CERT_FILE). A line "upstreams: ready" is printed when both listen.

Payments decline the card 4000 0000 0000 0002, answer 503 once to amounts that end in 3 cents,
always to those that end in 4, and 500 to those that end in 6.
"""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import itertools
import json
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DECLINED = "4000000000000002"


class Upstream(BaseHTTPRequestHandler):
    """What both have in common."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))) or b"null")

    def _answer(self, status: int, body: Any) -> None:
        data = json.dumps(body, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Payments(Upstream):
    """POST /charges, POST /refunds."""

    numbers = itertools.count(1)
    seen: dict[str, int] = {}  # noqa: RUF012 - shared by all connections on purpose

    def do_POST(self) -> None:
        """A write with its idempotency key."""
        body = self._body()
        key = self.headers.get("Idempotency-Key", "")
        attempt = self.seen[key] = self.seen.get(key, 0) + 1
        cents = body["amount"] % 10
        if not self.headers.get("Authorization", "").startswith("Bearer "):
            self._answer(401, {"code": "no_key"})
        elif self.path == "/refunds":
            self._answer(201, {"id": f"re_{next(self.numbers):06}", "status": "succeeded", **body})
        elif cents == 4 or (cents == 3 and attempt == 1):
            self._answer(503, {"code": "unavailable", "retry": True})
        elif body["card"]["number"].replace(" ", "") == DECLINED:
            self._answer(402, {"code": "insufficient_funds", "retry": False})
        elif cents == 6:
            self._answer(500, {"code": "broken"})
        else:
            answer = {
                "id": f"ch_{next(self.numbers):06}",
                "status": "succeeded",
                "amount": body["amount"],
                "currency": body["currency"],
                "card": {"brand": "visa", "last4": body["card"]["number"][-4:]},
            }
            self._answer(201, answer)


class Shipping(Upstream):
    """GET /rates, POST /shipments."""

    numbers = itertools.count(1)

    def do_GET(self) -> None:
        """Rates for a country and a weight; none for a country nobody ships to."""
        query = parse_qs(urlsplit(self.path).query)
        weight = int(query["weight"][0])
        rates = [
            {"service": "letter", "price": 390, "days": 3},
            {"service": "parcel", "price": 590 + weight // 10, "days": 2},
            {"service": "express", "price": 1490 + weight // 5, "days": 1},
        ]
        if query["country"][0] == "AQ":
            rates = []
        self._answer(200, {"rates": [r for r in rates if weight < 500 or r["service"] != "letter"]})

    def do_POST(self) -> None:
        """A shipment."""
        body = self._body()
        number = f"sh_{next(self.numbers):06}"
        self._answer(201, {"id": number, "order": body["order"], "state": "announced"})


def certificate(path: Path) -> ssl.SSLContext:
    """A self-signed certificate for localhost, its public half written to `path`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example payments")])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    alternatives = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    both = path.with_suffix(".both")
    both.touch(mode=0o600)
    both.write_bytes(private + public)
    context.load_cert_chain(both)
    both.unlink()
    path.write_bytes(public)
    return context


def main() -> None:
    """Serve until stopped."""
    path = Path(sys.argv[1])
    ports = [int(port) for port in sys.argv[2:4]] or [9443, 9080]
    payments = ThreadingHTTPServer(("127.0.0.1", ports[0]), Payments)
    payments.socket = certificate(path).wrap_socket(payments.socket, server_side=True)
    shipping = ThreadingHTTPServer(("127.0.0.1", ports[1]), Shipping)
    threading.Thread(target=shipping.serve_forever, daemon=True).start()
    print("upstreams: ready", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        payments.serve_forever()


if __name__ == "__main__":
    main()

"""One request to every endpoint of httpbin that makes sense, to be recorded: drive.py [BASE_URL]

Plain http.client: no redirect is followed, and what is sent is what stands here.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import urllib.parse

BASE = "http://127.0.0.1:4143"
FORM = "application/x-www-form-urlencoded"
BOUNDARY = "----boundary7f3a"
MULTIPART = "\r\n".join(
    [
        f"--{BOUNDARY}",
        'Content-Disposition: form-data; name="note"',
        "",
        "Grüße",
        f"--{BOUNDARY}",
        'Content-Disposition: form-data; name="file"; filename="dot.gif"',
        "Content-Type: image/gif",
        "",
        "GIF89a\x01\x00\x01\x00\x00\x00\x00;",
        f"--{BOUNDARY}--",
        "",
    ]
).encode()

Headers = dict[str, str]
REQUESTS: list[tuple[str, str, Headers, bytes | None]] = []


def add(method: str, path: str, body: bytes | None = None, **headers: str) -> None:
    """One more request; header names are given with _ for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    REQUESTS.append((method, path, named, body))


def methods() -> None:
    """Every method with every sort of body."""
    add("GET", "/get")
    add("GET", "/get?a=1&a=2&b=%C3%A9&empty=")
    add("HEAD", "/get")
    add("OPTIONS", "/get")
    add("POST", "/post", b"name=Ada&mail=ada%40shop.test&n=1&n=2", Content_Type=FORM)
    add("POST", "/post", json.dumps({"a": [1, 2.50, None], "b": "é"}).encode(), **JSON)
    add("POST", "/post", MULTIPART, Content_Type=f"multipart/form-data; boundary={BOUNDARY}")
    add("POST", "/post", bytes(range(256)), Content_Type="application/octet-stream")
    add("POST", "/post", b"")
    add("PUT", "/put", b'{"put": true}', **JSON)
    add("PATCH", "/patch", b'{"patch": 1e3}', **JSON)
    add("DELETE", "/delete?id=7")
    add("PUT", "/get", b"{}", **JSON)
    add("PATCH", "/anything/nested/path?x=y", b"plain text", Content_Type="text/plain")
    add("GET", "/anything", User_Agent="example/1.0", Accept_Language="de, en;q=0.5")


def inspection() -> None:
    """What the service says of the request."""
    add("GET", "/headers", X_Repeated="one, two", X_Trace="abc")
    add("GET", "/ip")
    add("GET", "/user-agent", User_Agent="example/2.0 (ünknown)".encode().decode("latin-1"))
    add("GET", "/uuid")


def formats() -> None:
    """Content types and codings."""
    for path in ("/html", "/xml", "/json", "/robots.txt", "/deny", "/encoding/utf8", "/forms/post"):
        add("GET", path)
    add("GET", "/gzip", Accept_Encoding="gzip")
    add("GET", "/deflate", Accept_Encoding="deflate")
    add("GET", "/brotli", Accept_Encoding="br")
    for kind in ("png", "jpeg", "webp", "svg"):
        add("GET", f"/image/{kind}")
    add("GET", "/image", Accept="image/webp")
    add("GET", "/image", Accept="application/json")
    add("GET", "/base64/SGVsbG8sIHdvcmxkIQ==")
    add("GET", "/base64/not-base64!")
    add("GET", "/response-headers?X-One=1&X-One=2&Content-Type=text%2Fplain")
    add("GET", "/links/5/2")
    add("GET", "/links/5")
    add("GET", "/absent")


def streams() -> None:
    """Bodies that come in pieces, late, or in part."""
    add("GET", "/stream/3")
    add("GET", "/drip?duration=0.2&numbytes=8&code=200&delay=0")
    add("GET", "/bytes/16")  # before a seed makes what follows it repeat
    add("GET", "/bytes/64?seed=7")
    add("GET", "/stream-bytes/300?seed=7&chunk_size=100")
    add("GET", "/range/26", Range="bytes=3-9")
    add("GET", "/range/26?chunk_size=10")
    add("GET", "/range/26", Range="bytes=90-99")
    add("GET", "/delay/0.2")
    add("POST", "/delay/0.1", b"late=1", Content_Type=FORM)


def redirects() -> None:
    """Locations, relative, absolute and foreign."""
    add("GET", "/redirect/2")
    add("GET", "/relative-redirect/1")
    add("GET", "/absolute-redirect/2")
    add("GET", "/redirect-to?url=http%3A%2F%2Fshop.example%2F&status_code=307")
    add("POST", "/redirect-to", b"url=%2Fget&status_code=303", Content_Type=FORM)


def state() -> None:
    """Cookies, credentials and caches."""
    add("GET", "/cookies", Cookie="session=8f14e45fceea167a; theme=dark")
    add("GET", "/cookies/set/flavour/oat")
    add("GET", "/cookies/set?a=1&b=2")
    add("GET", "/cookies/delete?a=", Cookie="a=1; b=2")
    add("GET", "/basic-auth/ada/lovelace")
    add("GET", "/hidden-basic-auth/ada/lovelace", Authorization="Basic YWRhOndyb25n")
    add("GET", "/bearer", Authorization="Bearer 2YotnFZFEjr1zCsicMWpAA")
    add("GET", "/bearer")
    add("GET", "/digest-auth/auth/ada/lovelace")
    add("GET", "/cache")
    add("GET", "/cache", If_None_Match='"abc"')
    add("GET", "/cache/60")
    add("GET", "/etag/v1")
    add("GET", "/etag/v1", If_None_Match='"v1"')
    add("GET", "/etag/v1", If_Match='"v2"')


def statuses() -> None:
    """Every class, and the ones with a body or a header of their own."""
    for code in (200, 201, 202, 204, 301, 302, 304, 305, 400, 401, 402, 403, 404, 406, 407, 410):
        add("GET", f"/status/{code}")
    for code in (412, 418, 422, 428, 429, 431, 451, 500, 502, 503, 504, 508):
        add("GET", f"/status/{code}")
    add("POST", "/status/201")
    add("DELETE", "/status/204")
    add("GET", "/status/nonsense")


JSON = {"Content_Type": "application/json"}


def main() -> None:
    """Send them all over one connection that is kept alive where the service does."""
    base = urllib.parse.urlsplit(
        sys.argv[1] if len(sys.argv) > 1 else os.environ.get("CI_GATE_TARGET", BASE)
    )
    for part in (methods, inspection, formats, streams, redirects, state, statuses):
        part()
    connection = http.client.HTTPConnection(base.hostname or "", base.port, timeout=30)
    for method, path, headers, body in REQUESTS:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        size = len(response.read())
        print(response.status, method, path, size, flush=True)
    print(f"{len(REQUESTS)} requests")


if __name__ == "__main__":
    main()

"""Requests to every endpoint of httpbin, to be recorded: drive.py [BASE_URL]. What an endpoint makes
of its parameters is asked for on both sides of each limit, as far as it answers within a second.

Plain http.client: no redirect is followed, and what is sent is what stands here.
"""

from __future__ import annotations

import base64
import hashlib
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

FILES = "\r\n".join(
    [
        line
        for disposition, content in (
            ('name="a"; filename="a.txt"', "one"),
            ('name="a"; filename="b.txt"', "two"),
            ('name="b"; filename="c.bin"\r\nContent-Type: image/png', "\udcff\udcfe"),
            ('name="c"; filename="d.bin"', "\udcff"),
        )
        for line in (
            f"--{BOUNDARY}",
            f"Content-Disposition: form-data; {disposition}",
            "",
            content,
        )
    ]
    + [f"--{BOUNDARY}--", ""]
).encode("utf-8", "surrogateescape")
HIDDEN = (
    "X-Varnish X-Request-Start X-Heroku-Queue-Depth X-Real-Ip X-Heroku-Queue-Wait-Time "
    "X-Heroku-Dynos-In-Use X-Forwarded-Port X-Request-Id Via Total-Route-Time Connect-Time"
).split()
COOKIES = (
    "_gauges_unique _gauges_unique_year _gauges_unique_month _gauges_unique_day "
    "_gauges_unique_hour __utmz __utma __utmb"
).split()

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


def bodies() -> None:
    """What a body may be: files of one name, without a type, not text; not JSON; in chunks."""
    add("POST", "/post", FILES, Content_Type=f"multipart/form-data; boundary={BOUNDARY}")
    add("POST", "/post", b"{not json", **JSON)
    add("POST", "/post", b"in chunks", Transfer_Encoding="chunked", Content_Type="text/plain")
    for method in ("GET", "POST", "PUT", "DELETE"):
        add(method, "/anything?one=1", b"two=2" if method != "GET" else None, Content_Type=FORM)
    add("PUT", "/put?a=1&a=2", b"b=1&b=2", Content_Type=FORM)
    add("PATCH", "/patch?a=1", b"plain", Content_Type="text/plain")
    add("DELETE", "/delete", b"\xff\xfe", Content_Type="application/octet-stream")


def around() -> None:
    """What proxies and browsers add."""
    hidden = dict.fromkeys(HIDDEN, "7")
    add("GET", "/headers", **hidden)
    add("GET", "/headers?show_env=1", **hidden)
    for path in ("/ip", "/get"):
        add("GET", path, X_Forwarded_For="browser.example")
    # gunicorn believes the usual values itself, so that the service never sees to them.
    for name, value in (("Proto", "ftp"), ("Protocol", "ftp"), ("Ssl", "on"), ("Ssl", "off")):
        add("GET", "/get", **{f"X_Forwarded_{name}": value})
    add("GET", "/get", X_Forwarded_Protocol="ssl", X_Forwarded_Ssl="on")
    for path in ("/get", "/cookies/set/flavour/oat", "/cookies/set?a=1&b=2", "/redirect/1"):
        add("GET", path, X_Forwarded_Proto="https")
    add("GET", "/get", Origin="http://shop.example")
    asked = {"Access_Control_Request_Headers": "x-one", "Origin": "http://shop.example"}
    add("OPTIONS", "/post", **asked)
    cookies = "; ".join(f"{name}=1" for name in COOKIES)
    add("GET", "/cookies", Cookie=f"{cookies}; other=2")
    add("GET", "/cookies?show_env=1", Cookie=f"{cookies}; other=2")
    for kind in ("svg+xml", "jpeg", "png", "*"):
        add("GET", "/image", Accept=f"image/{kind}")
    add("GET", "/image")
    add("GET", "/")


def limits() -> None:
    """Both sides of every limit, and what is no number."""
    for path in ("0/0", "1/0", "10/9", "250/3"):
        add("GET", f"/links/{path}")
    for query in ("duration=0.1", "duration=0.1&numbytes=0", "DURATION=0&numbytes=-1",
                  "duration=0&numbytes=1&code=418&delay=0.3"):  # fmt: skip
        add("GET", f"/drip?{query}")
    for path in ("drip?duration=x", "stream-bytes/5?seed=1&chunk_size=x", "range/26?chunk_size=x"):
        add("GET", f"/{path}")
    add("GET", "/stream/101")
    for query in ("seed=1", "SEED=1", "seed=2"):
        add("GET", f"/bytes/5?{query}")
        add("GET", f"/stream-bytes/5?{query}&chunk_size=0")
    add("GET", "/stream-bytes/12?seed=1&chunk_size=5")
    add("GET", "/bytes/102500?seed=1")
    add("GET", "/stream-bytes/102500?seed=1")
    for size, ranged in (
        (0, ""), (1, "bytes=0-"), (102400, "bytes=102390-"), (102401, "bytes=0-9"),
        (26, "bytes=5-"), (26, "bytes=-5"), (26, "bytes=-50"), (26, "bytes=9-3"), (26, "items=1-2"),
        (26, "bytes=1-2=3"), (26, " bytes=25-25"), (26, "bytes=0-25"), (26, "bytes=0-26"),
        (26, "bytes=26-26"), (26, "bytes=a-b"), (60, "bytes=24-30"),
    ):  # fmt: skip
        add("GET", f"/range/{size}", **({"Range": ranged} if ranged else {}))
    add("GET", "/range/26?chunk_size=0&duration=0.1")
    add("GET", "/range/26?chunk_size=20&duration=0.5")
    for value in ("Zm9v_-8=", "SFRUUA==", "%FF"):
        add("GET", f"/base64/{value}")


def onwards() -> None:
    """Redirects to the last one, and to none."""
    for path in ("redirect/0", "redirect/1", "redirect/3?absolute=true", "redirect/1?absolute=TRUE",
                 "relative-redirect/0", "relative-redirect/3", "absolute-redirect/0",
                 "absolute-redirect/1"):  # fmt: skip
        add("GET", f"/{path}")
    for code in (200, 299, 300, 399, 400):
        add("GET", f"/redirect-to?URL=%2Fget&Status_Code={code}")
    add("PUT", "/redirect-to?url=%2Fget")


def credentials() -> None:
    """Wrong ones, of every algorithm: right ones are redacted, and then they are wrong."""
    for path in ("basic-auth/ada/lovelace", "hidden-basic-auth/ada/lovelace"):
        add("GET", f"/{path}", Authorization="Bearer x")
    add("GET", "/basic-auth/ada/lovelace", Authorization="Basic YWRhOndyb25n")
    add("GET", "/bearer", Authorization="Basic eDp5")
    for path in ("auth-int/ada/lovelace/SHA-256", "none/ada/lovelace/SHA-512/3",
                 "auth/ada/lovelace/none/0"):  # fmt: skip
        add("GET", f"/digest-auth/{path}")
    digest = 'Digest username="ada", realm="r", nonce="n1", uri="/", qop=auth, response="0"'
    where = "/digest-auth/auth/ada/lovelace"
    add("GET", where, Authorization="Nonsense")
    add("GET", f"{where}/MD5?require-cookie=1", Authorization=digest)
    add("GET", f"{where}/MD5?require-cookie=t", Authorization=digest, Cookie="fake=other")
    add("GET", f"{where}/MD5/1", Authorization=digest, Cookie="stale_after=0")
    add("GET", f"{where}/MD5/1", Authorization=digest, Cookie="last_nonce=n1")


def digest(path: str, body: bytes = b"", *, algorithm: str = "MD5", **said: str) -> str:
    """The field that answers a challenge (RFC 7616 section 3.4.1) for a GET of `path`. `said`: its
    parameters; a `response` among them is wrong."""
    made = getattr(hashlib, algorithm.replace("-", "").lower())

    def hashed(*parts: str) -> str:
        return str(made(":".join(parts).encode()).hexdigest())

    told = {"username": "ada", "realm": "shop", "nonce": "n1", "uri": path, "algorithm": algorithm}
    told |= {"nc": "00000001", "cnonce": "c1"} if "qop" in said else {}
    told |= said
    asked = hashed("GET", path, *([made(body).hexdigest()] if "auth-int" in said.values() else []))
    between = [told[name] for name in ("nonce", "nc", "cnonce", "qop") if name in told]
    right = hashed(hashed("ada", told["realm"], "lovelace"), *between, asked)
    return "Digest " + ", ".join(
        f'{name}="{value}"' for name, value in ({"response": right} | told).items()
    )


def logins() -> None:
    """Right credentials, which ci-gate.yml lets be recorded, and nearly right ones."""
    for user, password in (("ada", "lovelace"), ("ada", "l"), ("eve", "lovelace"), ("ada", "")):
        basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        for where in ("basic-auth", "hidden-basic-auth"):
            add("GET", f"/{where}/ada/lovelace", Authorization=f"Basic {basic}")
    for algorithm in ("MD5", "SHA-256", "SHA-512"):
        for qop in ("", "auth", "auth-int"):
            path = f"/digest-auth/{qop or 'auth'}/ada/lovelace/{algorithm}"
            body = b"signed" if qop == "auth-int" else None
            chosen = {"qop": qop} if qop else {}
            right = digest(path, body or b"", algorithm=algorithm, **chosen)
            add("GET", path, body, Authorization=right)
    path = "/digest-auth/auth/ada/lovelace"
    right = digest(path, qop="auth")
    for said in (right, digest(path, realm=""), digest(path, username="eve"),
                 digest(path, qop="auth", response="0"), f"Basic {basic}"):  # fmt: skip
        add("GET", path, Authorization=said)
    for cookie in ("stale_after=1", "stale_after=2", "stale_after=never", "last_nonce=n2"):
        add("GET", path, Authorization=right, Cookie=f"{cookie}; fake=fake_value")
    for cookie in ("stale_after=0; fake=fake_value", "stale_after=0; fake=other"):
        add("GET", f"{path}?require-cookie=true", Authorization=right, Cookie=cookie)


def conditions() -> None:
    """Validators alone, in lists, weak, any."""
    add("GET", "/cache", If_Modified_Since="Sat, 01 Jan 2000 00:00:00 GMT")
    add("GET", "/cache/0")
    for value in ('"v2"', "*", 'W/"v0", "v1"', "v1"):
        add("GET", "/etag/v1", If_None_Match=value)
        add("GET", "/etag/v1", If_Match=value)
    add("POST", "/response-headers?one=1&two=2&one=3")
    add("GET", "/response-headers")
    add("GET", "/cookies/delete?a=&b=", Cookie="a=1; b=2")


def drawn() -> None:
    """Statuses by weight, where only one can be drawn."""
    for codes in (
        "200:1,500:0",
        "500:0,404:1",
        "500:0,404:0.001",
        "500:-1,404",
        "418,418",
        "200,nonsense",
        "200:x,500",
        "1:2:3,200",
    ):
        add("GET", f"/status/{codes}")
    for code in (303, 307, 308):
        add("GET", f"/status/{code}")
    for method in ("PUT", "PATCH"):
        add(method, "/status/418")
    add("POST", "/get")
    add("GET", "/post")
    add("DELETE", "/delay/0")
    add("GET", "/delay/nonsense")


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


PARTS = (
    methods, inspection, formats, streams, redirects, state, statuses, bodies, around, limits,
    onwards, credentials, logins, conditions, drawn,
)  # fmt: skip


def main() -> None:
    """Send them all over one connection that is kept alive where the service does."""
    base = urllib.parse.urlsplit(
        sys.argv[1] if len(sys.argv) > 1 else os.environ.get("CI_GATE_TARGET", BASE)
    )
    for part in PARTS:
        part()
    connection = http.client.HTTPConnection(base.hostname or "", base.port, timeout=30)
    for method, path, headers, body in REQUESTS:
        chunked = headers.get("Transfer-Encoding") == "chunked"
        sent = [body] if chunked else body
        connection.request(method, path, sent, headers, encode_chunked=chunked)
        response = connection.getresponse()
        size = len(response.read())
        print(response.status, method, path, size, flush=True)
    print(f"{len(REQUESTS)} requests")


if __name__ == "__main__":
    main()

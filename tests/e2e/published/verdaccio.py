"""Verdaccio: a Node package registry that asks another one for what it does not have, caches it,
and takes uploads of users who log in."""

from __future__ import annotations

import base64
import gzip
import hashlib
import http.server
import io
import json
import tarfile
import time
from typing import Any

from harness import Regression, Service
from session import Answer, Session

PASSWORD = "walnut crackers"
CONFIG = """
version: 1
snapshot: snapshots/verdaccio
service:
  name: verdaccio
  command: |-
    rm -rf state; mkdir -p state/storage
    exec node -r ./patch/patch.js @INSTALL@/node_modules/verdaccio/bin/verdaccio \
      -c config.yaml -l 127.0.0.1:${service.port}
  port: auto
  ready: {path: /-/ping, timeout: 60s}
dependencies:
  registry: {upstream: "@UPSTREAM@"}
# Basic credentials hold the user's name, too.
replay: {set: {values: {user: ada, password: "${env.REGISTRY_PASSWORD:-walnut crackers}"}}}
"""
SETTINGS = """
storage: ./state/storage
auth:
  htpasswd: {file: ./state/htpasswd, max_users: 100, algorithm: bcrypt, rounds: 4}
uplinks:
  other: {url: "@UPSTREAM@/", maxage: 2s, max_fails: 100, cache: true}
packages:
  '@mine/*': {access: $authenticated, publish: $authenticated, unpublish: $authenticated}
  '**': {access: $all, publish: $authenticated, unpublish: $authenticated, proxy: other}
security: {api: {jwt: {sign: {expiresIn: 29d}}}, web: {sign: {expiresIn: 7d}}}
log: {type: stdout, format: json, level: warn}
web: {title: Registry}
"""
PACKAGES = {"left-pad": ("1.0.0", "1.1.0"), "@acme/tool": ("0.1.0",)}


def tarball(name: str, version: str) -> bytes:
    """A package, always the same."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        body = json.dumps({"name": name, "version": version}).encode()
        info = tarfile.TarInfo("package/package.json")
        info.size = len(body)
        tar.addfile(info, io.BytesIO(body))
    return gzip.compress(data.getvalue(), mtime=0)


def dist(packed: bytes, url: str) -> dict[str, str]:
    """What a registry says of a tarball."""
    integrity = base64.b64encode(hashlib.sha512(packed).digest()).decode()
    shasum = hashlib.sha1(packed).hexdigest()
    return {"shasum": shasum, "integrity": f"sha512-{integrity}", "tarball": url}


class Upstream(http.server.BaseHTTPRequestHandler):
    """The other registry: two packages, ETags."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        """A package's document, or a tarball."""
        path = self.path.partition("?")[0].replace("%2f", "/").replace("%2F", "/").lstrip("/")
        name, _, file = path.partition("/-/")
        if name not in PACKAGES:
            self._say(404, b'{"error": "not found"}')
        elif file:
            version = file.rpartition("-")[2].removesuffix(".tgz")
            self._say(200, tarball(name, version), "application/octet-stream")
        else:
            data = json.dumps(self._document(name)).encode()
            tag = f'"{hashlib.sha1(data).hexdigest()}"'
            known = self.headers.get("If-None-Match") == tag
            self._say(304 if known else 200, b"" if known else data, tag=tag)

    def _document(self, name: str) -> dict[str, Any]:
        short, base = name.rpartition("/")[2], f"http://{self.headers['Host']}"
        versions = {
            version: {
                "name": name,
                "version": version,
                "dist": dist(tarball(name, version), f"{base}/{name}/-/{short}-{version}.tgz"),
            }
            for version in PACKAGES[name]
        }
        times = dict.fromkeys(("created", "modified", *versions), "2024-01-01T00:00:00.000Z")
        latest = {"latest": PACKAGES[name][-1]}
        return {"name": name, "dist-tags": latest, "versions": versions, "time": times}

    def _say(
        self, status: int, data: bytes, media: str = "application/json", tag: str = ""
    ) -> None:
        self.send_response(status)
        if tag:
            self.send_header("ETag", tag)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


SERVICE = Service(
    name="verdaccio",
    npm=("verdaccio@5.9.0",),
    config=CONFIG,
    files={"config.yaml": SETTINGS},
    upstream=Upstream,
    regressions=(
        Regression(
            name="the upstream is asked whatever is cached",
            file="build/lib/storage.js",
            old="Date.now() - fetched < upLink.maxage",
            new="false",
            where="GET /left-pad",
        ),
        Regression(
            name="a private package can be read by anybody",
            file="build/lib/auth.js",
            old="plugin.allow_access(user, pkg, function (err, ok) {",
            new="return callback(null, true); plugin.allow_access(user, pkg, function (err, ok) {",
            where="GET /@mine%2Fsecret",
        ),
        Regression(
            name="whoami says nobody",
            file="api/whoami.js",
            old="req.remote_user.name",
            new="undefined",
            where="GET /-/whoami",
        ),
    ),
)


class Client:
    """A command line client of a registry."""

    def __init__(self) -> None:
        self._session = Session()
        self.base = self._session.base
        self.token = ""

    def ask(
        self,
        method: str,
        path: str,
        expect: int,
        data: Any = None,
        *,
        known: bool = True,
        **more: str,
    ) -> Answer:
        """With the token, when there is one and we want to be known."""
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        if self.token and known:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        time.sleep(0.02)
        return self._session(method, path, expect, data=data, headers=headers)

    def log_in(self) -> None:
        """Sign up, be refused, log in."""
        user = "/-/user/org.couchdb.user:ada"
        self.ask("GET", user, 200)
        given = {"name": "ada", "password": PASSWORD, "type": "user", "roles": []}
        self.ask("PUT", user, 201, given)
        self.ask("PUT", user, 401, {**given, "password": "wrong password"})
        basic = "Basic " + base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
        self.token = self.ask("PUT", user, 201, given, Authorization=basic).json["token"]

    def publish(self, name: str, version: str, expect: int, *, known: bool = True) -> None:
        """Upload a package."""
        packed, file = tarball(name, version), f"{name}-{version}.tgz"
        made = {"name": name, "version": version}
        made["dist"] = dist(packed, f"{self.base}/{name}/-/{file}")  # type: ignore[assignment]  # JSON
        data = base64.b64encode(packed).decode()
        attached = {"content_type": "application/octet-stream", "data": data, "length": len(packed)}
        self.ask(
            "PUT",
            "/" + name.replace("/", "%2f"),
            expect,
            {"name": name, "dist-tags": {"latest": version}, "versions": {version: made},
             "_attachments": {file: attached}},
            known=known,
        )  # fmt: skip


def reading(client: Client) -> None:
    """Packages of the other registry, through this one."""
    known = client.ask("GET", "/left-pad", 200)
    client.ask("GET", "/left-pad", 200, If_None_Match=known.headers["ETag"] + "x")
    client.ask("GET", "/left-pad/1.0.0", 200)
    client.ask("GET", "/left-pad/9.9.9", 404)
    time.sleep(3)  # what is cached has run out, on a slow machine, too
    client.ask("GET", "/left-pad", 200)
    client.ask("GET", "/left-pad/-/left-pad-1.1.0.tgz", 200)
    client.ask("GET", "/left-pad/-/left-pad-1.1.0.tgz", 200)
    client.ask("GET", "/left-pad/-/left-pad-3.0.0.tgz", 404)
    client.ask("GET", "/@acme%2ftool", 200)
    client.ask("GET", "/@acme/tool/-/tool-0.1.0.tgz", 200)


def writing(client: Client) -> None:
    """Packages of our own, published, tagged, searched for, deleted."""
    client.publish("our-thing", "1.0.0", 401, known=False)
    client.publish("our-thing", "1.0.0", 201)
    client.publish("our-thing", "1.0.0", 409)
    client.publish("our-thing", "1.1.0", 201)
    client.publish("@mine/secret", "0.0.1", 201)
    known = client.ask("GET", "/our-thing", 200)
    client.ask("GET", "/our-thing", 304, If_None_Match=known.headers["ETag"])
    client.ask("GET", "/our-thing/-/our-thing-1.0.0.tgz", 200)
    client.ask("GET", "/@mine%2fsecret", 401, known=False)
    client.ask("GET", "/@mine%2fsecret", 200)
    tags = "/-/package/our-thing/dist-tags"
    client.ask("GET", tags, 200)
    client.ask("PUT", f"{tags}/beta", 201, "1.0.0")
    client.ask("GET", tags, 200)
    client.ask("DELETE", f"{tags}/beta", 201)
    client.ask("GET", "/-/v1/search?text=our&size=20", 200)
    client.ask("GET", "/-/verdaccio/data/packages", 200, known=False)


def browsing(client: Client) -> None:
    """The pages' own login."""
    login = "/-/verdaccio/sec/login"
    given = {"username": "ada", "password": PASSWORD}
    page = client.ask("POST", login, 200, given, known=False).json["token"]
    client.ask("POST", login, 401, {**given, "password": "nope nope nope"}, known=False)
    client.ask("GET", "/-/verdaccio/data/packages", 200, Authorization=f"Bearer {page}")
    client.ask("GET", "/-/verdaccio/data/sidebar/our-thing", 200)
    client.ask("GET", "/-/verdaccio/data/package/readme/our-thing", 200)


def drive() -> None:
    """Somebody's first package."""
    client = Client()
    client.ask("GET", "/-/ping", 200)
    client.ask("GET", "/", 200)
    client.ask("GET", "/nothing-here", 404)
    client.log_in()
    client.ask("GET", "/-/whoami", 200)
    client.ask("GET", "/-/npm/v1/user", 200)
    reading(client)
    writing(client)
    browsing(client)
    revision = client.ask("GET", "/our-thing?write=true", 200).json["_rev"]
    client.ask("DELETE", f"/our-thing/-rev/{revision}", 401, known=False)
    client.ask("DELETE", f"/our-thing/-rev/{revision}", 201)
    client.ask("GET", "/our-thing", 404)
    client.ask("DELETE", f"/-/user/token/{client.token}", 200)


if __name__ == "__main__":
    drive()

"""Node-RED: flows that are deployed through its API, with pages of their own, calls to a rate
service, state between requests, and a timer that calls in the background."""

from __future__ import annotations

import http.server
import json
import os
import time
from typing import Any

from harness import Regression, Service
from session import Answer, Session

PASSWORD = "tulip mania"
HASHED = "$2b$04$go7xpa2BQg5QYYinlVmtLu5tTK3Hs8RxAq6D0gTSMK34d0lMIAfR."
CONFIG = """
version: 1
snapshot: snapshots/nodered
service:
  name: node-red
  command: |-
    rm -rf state; mkdir state
    exec node -r ./patch/patch.js @INSTALL@/node_modules/node-red/red.js -s settings.js
  port: auto
  env: {PORT: "${service.port}"}
  ready: {path: /auth/login, timeout: 60s}
dependencies:
  rates: {upstream: "@UPSTREAM@"}
replay: {set: {values: {password: "${env.NODE_RED_PASSWORD:-tulip mania}"}}}
"""
SETTINGS = f"""
const user = (username, permissions) => ({{username, password: "{HASHED}", permissions}});
module.exports = {{
  uiPort: process.env.PORT, uiHost: "127.0.0.1", userDir: __dirname + "/state",
  flowFile: "flows.json", credentialSecret: "a secret for tests", telemetry: {{enabled: false}},
  adminAuth: {{type: "credentials", users: [user("admin", "*"), user("guest", "read")]}},
  logging: {{console: {{level: "warn", metrics: false, audit: false}}}},
}};
"""


class Upstream(http.server.BaseHTTPRequestHandler):
    """Rates, health, and somebody who takes events."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        """The rates, or how it is."""
        rates = {"base": "EUR", "rates": {"USD": 1.25, "CHF": 0.95}}
        self._say(200, rates if self.path.startswith("/rates") else {"up": True})

    def do_POST(self) -> None:
        """An event."""
        size = len(self.rfile.read(int(self.headers["Content-Length"])))
        self._say(201, {"accepted": size > 0})

    def _say(self, status: int, value: Any) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


SERVICE = Service(
    name="nodered",
    npm=("node-red@4.1.15",),
    config=CONFIG,
    files={"settings.js": SETTINGS},
    upstream=Upstream,
    regressions=(
        Regression(
            name="a deploy that somebody else has overtaken is not refused",
            file="runtime/lib/api/flows.js",
            old="if (currentVersion !== flows.rev) {",
            new="if (false) {",
            where="POST /flows",
        ),
        Regression(
            name="every page answers 200",
            file="core/network/21-httpin.js",
            old="node.statusCode || parseInt(msg.statusCode) || 200",
            new="200",
            where="POST /orders",
        ),
        Regression(
            name="calls say something else",
            file="core/network/21-httprequest.js",
            old="opts.body = payload;",
            new="opts.body = String(payload).replace('ordered', 'changed');",
            where="POST /orders",
        ),
    ),
)


def node(name: str, kind: str, to: list[str], **more: Any) -> dict[str, Any]:
    """A node of the flow."""
    return {"id": name, "type": kind, "z": "t1", "x": 10, "y": 10, "wires": [to], **more}


def page(name: str, method: str, url: str, to: str) -> dict[str, Any]:
    """Where requests come in."""
    return node(name, "http in", [to], url=url, method=method, upload=False)


def function(name: str, to: str, code: str) -> dict[str, Any]:
    """Code between two nodes."""
    return node(name, "function", [to] if to else [], func=code, outputs=1, initialize="",
                finalize="", libs=[])  # fmt: skip


def call(name: str, method: str, path: str, to: str) -> dict[str, Any]:
    """A call to the rate service."""
    url = os.environ.get("UPSTREAM", "") + path
    return node(name, "http request", [to], method=method, ret="obj", url=url)


FLOWS = [
    {"id": "t1", "type": "tab", "label": "Shop", "disabled": False, "info": ""},
    page("h1", "get", "/price", "r1"),
    call("r1", "GET", "/rates", "f1"),
    function("f1", "o1", """
        const asked = (flow.get('asked') || 0) + 1; flow.set('asked', asked);
        const eur = +msg.req.query.usd / msg.payload.rates.USD;
        msg.headers = {}; msg.payload = {eur, asked, id: RED.util.generateId()}; return msg;"""),
    node("o1", "http response", [], statusCode="", headers={}),
    page("h2", "post", "/orders", "f2"),
    function("f2", "r2", """
        msg.order = {id: RED.util.generateId(), item: msg.payload.item, at: new Date()};
        flow.set('orders', (flow.get('orders') || []).concat(msg.order));
        msg.payload = {event: 'ordered', order: msg.order}; msg.headers = {}; return msg;"""),
    call("r2", "POST", "/events", "f3"),
    function("f3", "o1", """
        msg.statusCode = 201; msg.headers = {location: '/orders/' + msg.order.id};
        msg.payload = msg.order; return msg;"""),
    page("h3", "get", "/orders/:id", "f4"),
    function("f4", "o1", """
        const one = (flow.get('orders') || []).find(order => order.id === msg.req.params.id);
        msg.statusCode = one ? 200 : 404; msg.payload = one || {error: 'no such order'};
        return msg;"""),
    page("h4", "get", "/orders", "f5"),
    function("f5", "o1", "msg.payload = flow.get('orders') || []; return msg;"),
    node("i1", "inject", ["r3"], repeat="2", once=True, onceDelay="0.5", topic="", payload="",
         payloadType="date", props=[{"p": "payload"}], crontab=""),
    call("r3", "GET", "/health", "f6"),
    function("f6", "", "flow.set('healthy', msg.payload.up); return null;"),
]  # fmt: skip


class Client:
    """The editor, logged in, and customers of what it deploys."""

    def __init__(self) -> None:
        self._session = Session()
        self._token = ""

    def ask(self, method: str, path: str, expect: int, data: Any = None, **more: str) -> Answer:
        """With the editor's token, when there is one."""
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        if self._token:
            headers.setdefault("Authorization", f"Bearer {self._token}")
        return self._session(method, path, expect, data=data, headers=headers)

    def token(self, user: str, password: str, expect: int) -> str:
        """Log in."""
        scope = "read" if user == "guest" else "*"
        form = {"client_id": "node-red-admin", "grant_type": "password", "scope": scope,
                "username": user, "password": password}  # fmt: skip
        answer = self._session("POST", "/auth/token", expect, form=form).json
        return str(answer.get("access_token", ""))

    def log_in(self) -> str:
        """With a wrong password, as the administrator, and as a guest, whose token is returned."""
        self.ask("GET", "/flows", 401)
        self.token("admin", "wrong one", 403)
        self._token = self.token("admin", PASSWORD, 200)
        return self.token("guest", PASSWORD, 200)

    def log_out(self) -> None:
        """The token is good for nothing then."""
        self._session("POST", "/auth/revoke", 200, form={"token": self._token},
                      headers={"Authorization": f"Bearer {self._token}"})  # fmt: skip
        self.ask("GET", "/flows", 401)


def editing(client: Client, guest: str) -> None:
    """Settings, and a deploy among others."""
    for path in ("/settings", "/settings/user", "/flows", "/locales/editor?lng=en-US"):
        client.ask("GET", path, 200)
    client.ask("POST", "/settings/user", 204, {"editor": {"view": {"view-grid-size": "20"}}})
    client.ask("GET", "/settings/user", 200)
    client.ask("GET", "/nodes", 200, Accept="application/json")
    version = {"Node_RED_API_Version": "v2"}
    client.ask("POST", "/flows", 200, {"flows": FLOWS}, **version)
    time.sleep(1)
    client.ask("POST", "/flows", 401, {"flows": []}, Authorization=f"Bearer {guest}", **version)
    client.ask("POST", "/flows", 409, {"flows": FLOWS, "rev": "0" * 32}, **version)
    client.ask("GET", "/flows", 200, **version)


def shopping(client: Client) -> None:
    """What was deployed, in use."""
    client.ask("GET", "/price?usd=10", 200)
    client.ask("GET", "/price?usd=20", 200)
    client.ask("GET", "/orders", 200)
    for item in ("tea", "milk", "sugar"):
        made = client.ask("POST", "/orders", 201, {"item": item})
        client.ask("GET", made.headers["Location"], 200)
    client.ask("GET", "/orders", 200)
    client.ask("GET", "/orders/nothing", 404)
    time.sleep(2.5)  # the timer calls meanwhile
    client.ask("GET", "/context/flow/t1/asked", 200)
    client.ask("GET", "/context/flow/t1/healthy", 200)
    client.ask("DELETE", "/context/flow/t1/asked", 204)
    client.ask("GET", "/price?usd=30", 200)


def rearranging(client: Client) -> None:
    """Flows and library entries come and go; the timer is pushed by hand."""
    client.ask("GET", "/flow/t1", 200)
    comment = {"id": "a1b2c3d4e5f60718", "type": "comment", "name": "hello", "x": 1, "y": 1}
    new = {"label": "Second", "nodes": [{**comment, "info": "", "wires": []}], "configs": []}
    name = client.ask("POST", "/flow", 200, new).json["id"]
    client.ask("GET", f"/flow/{name}", 200)
    client.ask("PUT", f"/flow/{name}", 200, {"id": name, "label": "Other", "nodes": []})
    client.ask("DELETE", f"/flow/{name}", 204)
    client.ask("GET", f"/flow/{name}", 404)
    client.ask("POST", "/inject/i1", 200)
    time.sleep(0.5)
    client.ask("POST", "/inject/nope", 404)
    client.ask("GET", "/library/local/flows", 200)
    entry = "/library/local/flows/mine/one.json"
    client.ask("POST", entry, 204, [{"id": "x", "type": "comment"}])
    time.sleep(0.3)  # it answers before it has written
    client.ask("GET", entry, 200)


def drive() -> None:
    """A day in the editor."""
    client = Client()
    client.ask("GET", "/auth/login", 200)
    guest = client.log_in()
    editing(client, guest)
    shopping(client)
    rearranging(client)
    client.ask("GET", "/red/red.min.js", 200)
    icon = client.ask("GET", "/favicon.ico", 200)
    client.ask("GET", "/favicon.ico", 304, If_None_Match=icon.headers["ETag"])
    client.ask("GET", "/diagnostics", 200)
    client.log_out()


if __name__ == "__main__":
    drive()

"""Unleash: feature flags in a PostgreSQL that it fills itself, with accounts, tokens of clients,
segments, an archive, and a log of events."""

from __future__ import annotations

import time
from typing import Any

from harness import Regression, Service
from session import Answer, Session

TOKEN = "*:*.unleash-insecure-admin-api-token"
CONFIG = """
version: 1
snapshot: snapshots/unleash
service:
  name: unleash
  command: exec node -r ./jobs.js -r ./patch/patch.js @INSTALL@/node_modules/unleash-server/dist/server.js
  port: auto
  env:
    DATABASE_URL: "postgres://postgres@${db.address}/postgres"
    DATABASE_SSL: "false"
    HTTP_HOST: 127.0.0.1
    HTTP_PORT: "${service.port}"
    CHECK_VERSION: "false"
    SEND_TELEMETRY: "false"
    INIT_ADMIN_API_TOKENS: "*:*.unleash-insecure-admin-api-token"
  ready: {path: /health, timeout: 60s}
dependencies:
  db: {protocol: postgres, upstream: "@DATABASE@"}
"""
JOBS = """
// Jobs run once, at the start; again, and those that begin by lot up to half a minute after it, in an
// hour: which requests they met would depend on how fast the machine is.
Math.random = () => 120;
const { setInterval: every } = globalThis;
globalThis.setInterval = (job, ms, ...rest) => every(job, 36e5, ...rest);
"""
MIGRATE = """
exec node --input-type=module -e '
import {migrateDb} from "@INSTALL@/node_modules/unleash-server/dist/migrator.js";
const {hostname: host, port} = new URL("postgres://@DATABASE@");
const db = {host, port, user: "postgres", database: "postgres", driver: "postgres"};
await migrateDb({db: {...db, schema: "public", ssl: false}});
process.exit();
'
"""
ADMIN = "/api/admin"
FLAGS = f"{ADMIN}/projects/default/features"
APP = {"appName": "shop", "instanceId": "shop-1", "sdkVersion": "unleash-client-node:6.0.0"}
NEW = (("checkout", "release"), ("dark-mode", "experiment"), ("old-menu", "kill-switch"))


def rule(field: str, *values: str) -> dict[str, Any]:
    """A constraint: this field of the context is one of these."""
    return {"contextName": field, "operator": "IN", "values": list(values), "inverted": False,
            "caseInsensitive": False}  # fmt: skip


class Client:
    """Somebody with a token, and the cookies of a browser."""

    def __init__(self) -> None:
        self._session = Session()
        self.token = ""

    def ask(self, method: str, path: str, expect: int, data: Any = None, **more: str) -> Answer:
        """With the token, when there is one."""
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        if self.token:
            headers["Authorization"] = self.token
        answer = self._session(method, path, expect, data=data, headers=headers)
        time.sleep(0.1)  # it has written what it writes behind its answer
        return answer


def making(client: Client) -> None:
    """Flags come to be, also some that are refused."""
    for name, kind in NEW:
        client.ask("POST", FLAGS, 201, {"name": name, "type": kind, "description": f"The {name}"})
    client.ask("POST", FLAGS, 409, {"name": "checkout", "type": "release"})
    client.ask("POST", FLAGS, 400, {"name": "no good name/", "type": "release"})
    client.ask("POST", f"{FLAGS}/checkout/clone", 201, {"name": "checkout-2"})
    said = {"name": "old-menu", "type": "release", "description": "Soon gone", "stale": True}
    client.ask("PUT", f"{FLAGS}/old-menu", 200, said)
    change = [{"op": "replace", "path": "/description", "value": "Dark"}]
    client.ask("PATCH", f"{FLAGS}/dark-mode", 200, change)
    client.ask("POST", f"{ADMIN}/features/checkout/tags", 201, {"type": "simple", "value": "shop"})
    client.ask("GET", f"{ADMIN}/features/checkout/tags", 200)
    client.ask("GET", f"{FLAGS}/nothing", 404)


def rolling_out(client: Client) -> None:
    """Segments and strategies; flags are switched on."""
    made = client.ask("POST", f"{ADMIN}/segments", 201,
                      {"name": "swiss", "constraints": [rule("country", "CH", "LI")]})  # fmt: skip
    segment = made.json["id"]
    strategy = {"name": "flexibleRollout", "constraints": [rule("userId", "7", "8")],
                "parameters": {"rollout": "50", "stickiness": "default", "groupId": "checkout"},
                "segments": [segment]}  # fmt: skip
    ways = f"{FLAGS}/checkout/environments/development/strategies"
    way = client.ask("POST", ways, 200, strategy).json["id"]
    client.ask("PUT", f"{ways}/{way}", 200, strategy | {"segments": []})
    client.ask("PATCH", f"{ways}/{way}", 200,
               [{"op": "replace", "path": "/parameters/rollout", "value": "75"}])  # fmt: skip
    client.ask("GET", ways, 200)
    for name, _ in NEW:
        client.ask("POST", f"{FLAGS}/{name}/environments/development/on", 200)
    client.ask("POST", f"{FLAGS}/dark-mode/environments/development/off", 200)
    client.ask("GET", f"{FLAGS}/checkout", 200)
    client.ask("GET", f"{ADMIN}/segments", 200)
    client.ask("GET", f"{ADMIN}/search/features?query=check&limit=10", 200)
    client.ask("POST", f"{ADMIN}/playground", 200,
               {"environment": "development", "projects": ["default"],
                "context": {"appName": "playground", "userId": "7"}})  # fmt: skip


def using(client: Client) -> None:
    """A client with a token of its own asks for flags and tells what it has used."""
    wanted = {"tokenName": "shop", "type": "backend", "environment": "development",
              "projects": ["default"]}  # fmt: skip
    secret = client.ask("POST", f"{ADMIN}/api-tokens", 201, wanted).json["secret"]
    shop = Client()
    shop.ask("GET", "/api/client/features", 401)
    shop.token = secret
    features = shop.ask("GET", "/api/client/features", 200)
    shop.ask("GET", "/api/client/features", 304, If_None_Match=features.headers["ETag"])
    shop.ask("POST", "/api/client/register", 202,
             {**APP, "started": "2024-05-01T08:00:00.000Z", "interval": 10,
              "strategies": ["default", "flexibleRollout"]})  # fmt: skip
    bucket = {"start": "2024-05-01T08:00:00.000Z", "stop": "2024-05-01T08:01:00.000Z",
              "toggles": {"checkout": {"yes": 3, "no": 1, "variants": {}}}}  # fmt: skip
    shop.ask("POST", "/api/client/metrics", 202, {**APP, "bucket": bucket})
    shop.ask("GET", f"{ADMIN}/user", 403)
    client.ask("DELETE", f"{ADMIN}/api-tokens/{secret}", 200)


def people(client: Client) -> None:
    """An account comes and goes."""
    new = {"name": "Grace", "username": "grace", "rootRole": 3, "sendEmail": False}
    made = client.ask("POST", f"{ADMIN}/user-admin", 201, new).json["id"]
    client.ask("PUT", f"{ADMIN}/user-admin/{made}", 200, {"name": "Grace H.", "rootRole": 2})
    client.ask("DELETE", f"{ADMIN}/user-admin/{made}", 200)
    client.ask("GET", f"{ADMIN}/user-admin/{made}", 404)
    client.ask("GET", f"{ADMIN}/user-admin", 200)


def cleaning(client: Client) -> None:
    """Flags go, come again, and go for good; the log knows it all."""
    client.ask("DELETE", f"{FLAGS}/old-menu", 202)
    client.ask("POST", f"{ADMIN}/archive/revive/old-menu", 200)
    client.ask("DELETE", f"{FLAGS}/old-menu", 202)
    client.ask("DELETE", f"{ADMIN}/archive/old-menu", 200)
    client.ask("GET", f"{FLAGS}", 200)
    client.ask("GET", f"{ADMIN}/projects/default/overview", 200)
    client.ask("POST", f"{ADMIN}/features-batch/export", 200,
               {"features": ["checkout"], "environment": "development"})  # fmt: skip
    client.ask("GET", f"{ADMIN}/events/checkout", 200)
    client.ask("GET", f"{ADMIN}/search/events?limit=5", 200)


def drive() -> None:
    """A day of flags."""
    client = Client()
    client.ask("GET", f"{ADMIN}/projects", 401)
    client.token = TOKEN
    client.ask("GET", f"{ADMIN}/ui-config", 200)
    for step in (making, rolling_out, using, people, cleaning):
        step(client)


DROPPED = """\
        await this.db(TABLE)
            .insert(this.featureAndTagToRow(featureName, tag, createdByUserId))
            .onConflict(COLUMNS)
            .merge();
"""
LOOKED_UP = "if (await this.featureExists(featureName)) {"
SERVICE = Service(
    name="unleash",
    npm=("unleash-server@7.4.1",),
    config=CONFIG,
    files={"jobs.js": JOBS},
    database=MIGRATE,
    regressions=(
        Regression(
            name="a tag is not written",
            file="lib/db/feature-tag-store.js",
            old=DROPPED,
            new="",
            where="POST /api/admin/features/checkout/tags",
        ),
        Regression(
            name="what is on already is switched on",
            file="lib/db/feature-environment-store.js",
            old="enabled: !enabled,",
            new="enabled,",
            where="POST /api/admin/projects/default/features/checkout/environments/development/on",
        ),
        Regression(
            name="a flag is looked up again and again",
            file="lib/db/feature-tag-store.js",
            old=LOOKED_UP,
            new=f'for (const _ of "12") await this.featureExists(featureName); {LOOKED_UP}',
            where="GET /api/admin/features/checkout/tags",
        ),
    ),
)

if __name__ == "__main__":
    drive()

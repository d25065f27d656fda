"""A configuration with everything in it, and the surroundings to resolve it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from ci_gate.config.file import load
from ci_gate.config.flags import Surroundings

EVERYTHING = """\
version: 1
snapshot: snapshots/orders
service:
  name: orders
  command: [python, -m, orders]        # or image:, or url: of one that already runs
  port: 8080                           # or auto, given as ${service.port}; needed for workers > 1
  env: {DATABASE_URL: "postgresql://app@${orders-db.address}/app", PAYMENTS_URL: "${payments.url}"}
  ready: {path: /healthz, timeout: 30s}   # or port:, log:
  clock: auto                          # recorded | auto (recorded where a probe shows that it works) | real
dependencies:
  payments:  {protocol: http, upstream: "https://api.payments.example"}
  orders-db: {protocol: postgres, upstream: "localhost:5432", listen: 15432}
  otel:      {role: telemetry}         # answered, not recorded, not compared; well-known ones are listed by default
mocks: {latency: none}
replay: {pace: auto, concurrency: 1, workers: 1, settle: 500ms, timeout: 10s, set: {headers: {Authorization: "Bearer ${env.TEST_TOKEN:-test}"}}}
gate:
  fail_if: ["requests.failed > 0", {route: "GET /orders/{id}", if: "latency.p99 > 200"}]
  warn_if: ["latency.p95 > 50"]
  protect: []                          # keys taken from the base branch, for teams that want it
rules:
  - {where: {route: "GET /orders/{id}"}, at: "response.body.$.updated_at", allow: timestamp, reason: "server clock", owner: "@orders", until: 2027-06-30}
  - {where: {dependency: orders-db}, calls: [reordered], effect: read, reason: "loader runs in parallel", owner: "@orders"}
report: {comment: changes}             # changes | always | never
"""
"""The block of the design, word for word."""

Around = Callable[..., Surroundings]


@pytest.fixture
def everything() -> str:
    """The text of a configuration that uses every part of the format."""
    return EVERYTHING


@pytest.fixture
def around() -> Around:
    """`around(text, env, folder)`: surroundings with that configuration; "" = none."""

    def make(
        text: str = "", env: Mapping[str, str] | None = None, folder: str = "."
    ) -> Surroundings:
        config = load(text) if text else None
        return Surroundings(config=config, folder=folder, folder_name="shop", env=env or {})

    return make

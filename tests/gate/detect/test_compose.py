"""Compose files, as far as detection needs them."""

from __future__ import annotations

import pytest

from ci_gate.gate.detect.compose import Compose, Service, read_compose

TEXT = """\
services:
  shop:
    build: .
    command: [node, server.js]
    environment: [PAYMENTS_URL=http://payments:9000/v1, EMPTY]
    ports: ["127.0.0.1:3001:3000", "9229", {published: "80", target: 8000}, "1-5:1-5", "53:53/udp"]
  worker: {build: ., environment: {A: 1, B: null}}
  payments: {image: pay, ports: ["9100:9000"]}
  odd: text
"""


def test_services() -> None:
    """Images, commands, variables and ports in their long and short forms."""
    found = read_compose({"docker-compose.yml": TEXT})
    assert found == Compose(
        path="docker-compose.yml",
        own="shop",
        services={
            "shop": Service(
                name="shop",
                builds=True,
                command=("node", "server.js"),
                env={"PAYMENTS_URL": "http://payments:9000/v1", "EMPTY": ""},
                ports=((3001, 3000), (0, 9229), (80, 8000)),
            ),
            "worker": Service(name="worker", builds=True, env={"A": "1", "B": ""}),
            "payments": Service(name="payments", image="pay", ports=((9100, 9000),)),
        },
    )


def test_the_folders_name_decides_between_built_services() -> None:
    """The service called as the folder is ours."""
    found = read_compose({"compose.yaml": TEXT}, folder_name="worker")
    assert found is not None
    assert found.own == "worker"


@pytest.mark.parametrize(
    "text", ["", "a: b: c", "[]", "services: []", "services: {a: &x [*x]}", "*a" * 200, "\x00"]
)
def test_what_is_no_compose_file(text: str) -> None:
    """Broken files are as good as none; aliases are not followed into the thousands."""
    found = read_compose({"compose.yml": text})
    assert found is None or found.services == {}

"""The hooks, tried with real clients against a proxy that answers every host by itself."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Environment = Callable[..., dict[str, str]]


def needs(tool: str) -> pytest.MarkDecorator:
    """Skip, visibly, where `tool` is not installed."""
    return pytest.mark.skipif(shutil.which(tool) is None, reason=f"{tool} is not installed")


def run(
    command: list[str], env: dict[str, str], folder: Path | None = None, timeout: float = 60
) -> str:
    """What the command prints; it must end well."""
    done = subprocess.run(
        command, env=env, cwd=folder, capture_output=True, text=True, timeout=timeout
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def answers(output: str) -> list[dict[str, Any]]:
    """The proxy's answers among the printed lines."""
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def expect_http_and_https(facts: list[dict[str, Any]], host: str = "api.example") -> None:
    """Two calls arrived, one plain and one through TLS, for the right host."""
    assert [(fact["host"].removesuffix(":80"), fact["tls"]) for fact in facts] == [
        (host, False),
        (host, True),
    ]
    assert facts[1]["tunnel"] == f"{host}:443"


@needs("curl")
def test_curl(hooked: Environment) -> None:
    """curl reaches both schemes, and a dependency on localhost too."""
    out = run(
        ["curl", "-sS", "-w", "\\n", "http://api.example/a", "https://api.example/b"], hooked()
    )
    expect_http_and_https(answers(out))
    out = run(["curl", "-sS", "-w", "\\n", "http://localhost:9/a"], hooked())
    assert answers(out)[0]["target"] == "http://localhost:9/a"


PYTHON = """
import json, sys, urllib.request
for url in sys.argv[1:]:
    print(urllib.request.urlopen(url, timeout=20).read().decode())
"""

HTTPX = """
import sys, httpx
with httpx.Client() as client:
    for url in sys.argv[1:]:
        print(client.get(url).text)
"""

REQUESTS = """
import sys, requests
for url in sys.argv[1:]:
    print(requests.get(url, timeout=20).text)
"""


@pytest.mark.parametrize("program", [PYTHON, HTTPX, REQUESTS], ids=["urllib", "httpx", "requests"])
def test_python(hooked: Environment, program: str) -> None:
    """Three Python clients reach both schemes, and a dependency on localhost too."""
    urls = ["http://api.example/a", "https://api.example/b", "http://localhost:9/c"]
    facts = answers(run([sys.executable, "-c", program, *urls], hooked()))
    expect_http_and_https(facts[:2])
    assert facts[2]["host"] == "localhost:9"


NODE = """
const http = require('http'), https = require('https');
const get = (client, url) => new Promise((done, failed) => client.get(url, (answer) => {
  let text = ''; answer.on('data', (data) => { text += data; });
  answer.on('end', () => done(text)); }).on('error', failed));
(async () => {
  console.log(await get(http, 'http://api.example/a'));
  console.log(await get(https, 'https://api.example/b'));
  console.log(await (await fetch('http://api.example/c')).text());
  console.log(await (await fetch('https://api.example/d',
    {method: 'POST', body: 'x'.repeat(200000)})).text());
  console.log(await get(http, 'http://localhost:9/e'));
  await Promise.all(Array.from({length: 20}, () => fetch('https://api.example/many')));
})();
"""


@needs("node")
def test_node(hooked: Environment) -> None:
    """http, https and fetch of Node reach both schemes and localhost, without any package."""
    facts = answers(run(["node", "-e", NODE], hooked()))
    expect_http_and_https(facts[:2])
    expect_http_and_https(facts[2:4])
    assert len(facts[3]["body"]) == 200000
    assert facts[4]["tunnel"] == "localhost:9"

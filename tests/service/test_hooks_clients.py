"""The hooks, tried with real clients against a proxy that answers every host by itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ci_gate.service.ports import free_port

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


@needs("node")
def test_node_alone(hooked: Environment) -> None:
    """What is no HTTP client, what is listed as direct and Unix sockets keep their own way."""
    program = """
const http = require('http'), net = require('net'), fs = require('fs');
const name = process.argv[1];
const get = (url, options) => new Promise((done, failed) => http.get(url, options || {}, (answer) => {
  let text = ''; answer.on('data', (data) => { text += data; });
  answer.on('end', () => done(text)); }).on('error', failed));
const server = http.createServer((request, answer) => answer.end('{"direct": true}\\n'));
server.listen(Number(process.env.PORT), '127.0.0.1', async () => {
  console.log(await get(`http://localhost:${process.env.PORT}/`));
  console.log(await (await fetch(`http://127.0.0.1:${process.env.PORT}/`)).text());
  const socket = net.connect(Number(process.env.PORT), '127.0.0.1', () => {
    console.log(JSON.stringify({direct: socket.remotePort === Number(process.env.PORT)}));
    socket.destroy();
    server.close(); server.closeAllConnections();
    const other = http.createServer((request, answer) => answer.end('{"direct": true}\\n'));
    other.listen('unix.sock', async () => {
      console.log(await get('http://localhost/', {socketPath: 'unix.sock'}));
      other.close();
    });
  });
});
"""
    port = str(free_port())
    with tempfile.TemporaryDirectory() as folder:
        env = {**hooked(direct=(f"127.0.0.1:{port}",)), "PORT": port}
        out = run(["node", "-e", program], env, Path(folder))
    assert answers(out) == [{"direct": True}] * 4


@needs("node")
def test_node_refused(hooked: Environment) -> None:
    """A host that the proxy refuses is an ordinary connection error of each client."""
    program = """
require('https').get('https://new.refused/').on('error', (error) => {
  console.log(JSON.stringify({code: error.code, text: error.message}));
  fetch('http://new.refused/').catch((error) => {
    console.log(JSON.stringify({code: error.cause.code, text: error.cause.message}));
  });
});
"""
    facts = answers(run(["node", "-e", program], hooked()))
    assert [fact["code"] for fact in facts] == ["ECONNREFUSED", "ECONNREFUSED"]
    assert "ci-gate refused a connection to new.refused:443: HTTP/1.1 501" in facts[0]["text"]


PACKAGES = """
const urls = ['http://api.example/a', 'https://api.example/b'];
const undici = require('undici'), axios = require('axios'), got = require('got');
(async () => {
  for (const url of urls) console.log(await (await undici.request(url)).body.text());
  for (const url of urls) {
    const pool = new undici.Pool(new URL(url).origin);
    console.log(await (await pool.request({path: '/', method: 'GET'})).body.text());
    await pool.close();
  }
  for (const url of urls) console.log(JSON.stringify((await axios.get(url)).data));
  for (const url of urls) console.log((await got(url)).body);
  const WebSocket = require('ws');
  for (const url of urls) {
    await new Promise((done) => new WebSocket(url.replace('http', 'ws')).on('error', done));
  }
})();
"""


@pytest.mark.long
@needs("npm")
def test_node_packages(hooked: Environment, proxy: Any, tmp_path: Path) -> None:
    """undici, axios, got and ws as their authors publish them."""
    # Without the proxy variables: npm would wait for the proxy.
    installed = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "undici@6", "axios@1", "got@11", "ws@8"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    if installed.returncode:
        pytest.skip(f"npm cannot install packages here: {installed.stderr[-200:]}")
    facts = answers(run(["node", "-e", PACKAGES], hooked(), tmp_path))
    for number in range(0, 8, 2):
        expect_http_and_https(facts[number : number + 2])
    assert [fact["tls"] for fact in proxy.seen[8:]] == [False, True], "the web sockets"


GO = """
package main

import ("fmt"; "io"; "net/http"; "os")

func main() {
	for _, url := range os.Args[1:] {
		answer, err := http.Get(url)
		if err != nil { fmt.Println(err); os.Exit(1) }
		text, _ := io.ReadAll(answer.Body)
		fmt.Println(string(text))
	}
}
"""


@pytest.mark.long
@needs("go")
def test_go(hooked: Environment, tmp_path: Path) -> None:
    """Go's own client reaches both schemes."""
    (tmp_path / "main.go").write_text(GO)
    run(["go", "build", "-o", "client", "main.go"], dict(os.environ), tmp_path, timeout=300)
    urls = ["http://api.example/a", "https://api.example/b"]
    expect_http_and_https(answers(run([str(tmp_path / "client"), *urls], hooked())))


JAVA = """
import java.net.*;
import java.net.http.*;

public class Client {
  public static void main(String[] urls) throws Exception {
    for (String url : urls) {
      HttpRequest request = HttpRequest.newBuilder(URI.create(url))
        .version(HttpClient.Version.HTTP_1_1).build();
      System.out.println(HttpClient.newHttpClient()
        .send(request, HttpResponse.BodyHandlers.ofString()).body());
    }
    for (String url : urls) {
      System.out.println(new String(new URL(url).openConnection().getInputStream().readAllBytes()));
    }
  }
}
"""


@pytest.mark.long
@needs("java")
def test_java(hooked: Environment, tmp_path: Path) -> None:
    """Java's two clients reach both schemes and localhost, with a trust store that we wrote."""
    (tmp_path / "Client.java").write_text(JAVA)
    urls = ["http://api.example/a", "https://api.example/b", "http://localhost:9/c"]
    command = ["java", "Client.java", *urls]
    facts = answers(run(command, hooked(), tmp_path, timeout=300))
    for start in (0, 3):
        expect_http_and_https(facts[start : start + 2])
        assert facts[start + 2]["host"] == "localhost:9"


RUBY = """
require 'net/http'
ARGV.each { |url| puts Net::HTTP.get(URI(url)) }
"""


@pytest.mark.long
@needs("ruby")
def test_ruby(hooked: Environment) -> None:
    """Ruby's own client reaches both schemes."""
    urls = ["http://api.example/a", "https://api.example/b"]
    expect_http_and_https(answers(run(["ruby", "-e", RUBY, *urls], hooked())))

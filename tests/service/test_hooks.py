"""The environment that the hooks make, as a pure function."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess

import pytest

from ci_gate.net.trust import TrustFiles
from ci_gate.service.hooks import child_environment, node_hook_path

PROXY = "http://127.0.0.1:4140"
TRUST = TrustFiles(bundle="/t/ca-bundle.pem", ca="/t/ca.pem", java_truststore="/t/truststore.jks")


def test_everything_is_set() -> None:
    """Proxy in both spellings, no exemption, and every variable of the clients' table."""
    env = child_environment(PROXY, TRUST, {"HOME": "/home/u", "NO_PROXY": "*", "no_proxy": "x"})
    assert env["HOME"] == "/home/u"
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        assert env[name] == PROXY
    assert env["NO_PROXY"] == env["no_proxy"] == ""
    for name in (
        "SSL_CERT_FILE",
        "CURL_CA_BUNDLE",
        "REQUESTS_CA_BUNDLE",
        "NODE_EXTRA_CA_CERTS",
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
        "AWS_CA_BUNDLE",
        "GIT_SSL_CAINFO",
    ):
        assert env[name] == TRUST.bundle
    assert env["NODE_OPTIONS"] == f"--require {node_hook_path()}"
    assert os.path.isfile(node_hook_path())


def test_the_base_is_not_changed() -> None:
    """The mapping that was passed in stays as it was."""
    base = {"NODE_OPTIONS": "--max-old-space-size=512"}
    child_environment(PROXY, TRUST, base)
    assert base == {"NODE_OPTIONS": "--max-old-space-size=512"}


def test_options_are_appended() -> None:
    """What the user gives Node and Java stays, and a second time adds nothing."""
    base = {"NODE_OPTIONS": "--enable-source-maps", "JAVA_TOOL_OPTIONS": "-Xmx256m"}
    once = child_environment(PROXY, TRUST, base)
    assert once["NODE_OPTIONS"].startswith("--enable-source-maps --require ")
    assert once["JAVA_TOOL_OPTIONS"].startswith("-Xmx256m -Dhttp.proxyHost=127.0.0.1 ")
    assert child_environment(PROXY, TRUST, once) == once


def test_python_sets_keep_their_order() -> None:
    """The same in every boot, unless the user wants another seed."""
    assert child_environment(PROXY, TRUST, {})["PYTHONHASHSEED"] == "0"
    given = {"PYTHONHASHSEED": "random"}
    assert child_environment(PROXY, TRUST, given)["PYTHONHASHSEED"] == "random"


def test_java_options() -> None:
    """Proxy for both schemes, localhost not exempt, and our trust store with its type."""
    trust = TrustFiles(bundle="", ca="", java_truststore="/with space/t.jks")
    options = shlex.split(child_environment(PROXY, trust, {})["JAVA_TOOL_OPTIONS"])
    assert options == [
        "-Dhttp.proxyHost=127.0.0.1",
        "-Dhttp.proxyPort=4140",
        "-Dhttps.proxyHost=127.0.0.1",
        "-Dhttps.proxyPort=4140",
        "-Dhttp.nonProxyHosts=",
        "-Djavax.net.ssl.trustStore=/with space/t.jks",
        "-Djavax.net.ssl.trustStorePassword=changeit",
        "-Djavax.net.ssl.trustStoreType=JKS",
    ]


def test_node_hook_below_a_folder_with_a_space() -> None:
    """A path that Node would take apart is quoted as Node wants it."""
    env = child_environment(PROXY, TRUST, {}, node_hook='/a b/"c"\\d.js')
    assert env["NODE_OPTIONS"] == '--require "/a b/\\"c\\"\\\\d.js"'


def test_direct_addresses() -> None:
    """Our listeners reach the Node hook."""
    env = child_environment(PROXY, TRUST, {}, direct=("127.0.0.1:1", "127.0.0.1:2"))
    assert env["CI_GATE_DIRECT"] == "127.0.0.1:1,127.0.0.1:2"
    assert env["CI_GATE_PROXY"] == PROXY


def test_node_without_the_proxy_is_unchanged() -> None:
    """The hook does nothing in a Node that has the option and not the proxy."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")

    def source(*options: str) -> str:
        program = "console.log(String(require('net').connect))"
        command = ["node", *options, "-e", program]
        env = {"PATH": os.environ["PATH"]}
        return subprocess.run(
            command, capture_output=True, env=env, timeout=60, check=True, text=True
        ).stdout

    assert source("--require", node_hook_path()) == source()

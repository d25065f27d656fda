"""The environment that makes a service's HTTP clients use our proxy and trust our authority. Pure.

What each client reads (tried unless it says otherwise):

| client | proxy | roots |
|---|---|---|
| curl, libcurl | http_proxy (lower case only), https_proxy | CURL_CA_BUNDLE |
| Python urllib, httpx | HTTP(S)_PROXY | SSL_CERT_FILE |
| Python requests | HTTP(S)_PROXY | REQUESTS_CA_BUNDLE |
| Python aiohttp | only sessions made with trust_env=True | SSL_CERT_FILE |
| Node http, https, fetch, undici, axios | node_hook.js by NODE_OPTIONS | NODE_EXTRA_CA_CERTS |
| Go net/http | HTTP(S)_PROXY | SSL_CERT_FILE |
| Ruby Net::HTTP | http(s)_proxy | SSL_CERT_FILE |
| Java | system properties in JAVA_TOOL_OPTIONS | the same |
| libpq, asyncpg, pgx | none | PGSSLROOTCERT |
| .NET, PHP (not tried) | HTTP(S)_PROXY; http_proxy through libcurl | SSL_CERT_FILE; libcurl's |

Calls to localhost: a dependency may live there, so nothing is exempt (NO_PROXY is empty). Go and
Ruby never use a proxy for a loopback address, whatever the environment says: there a dependency on
localhost needs its plain local URL, `${name.url}`. A client that uses the proxy even for that URL
sends our own listener's address to our proxy, which must know it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources import files
from urllib.parse import urlsplit

from ci_gate.net.trust import TrustFiles

PROXY_VARIABLE = "CI_GATE_PROXY"
"""What node_hook.js reads: URL of our proxy. HTTPS_PROXY may be changed by the program (dotenv)."""

DIRECT_VARIABLE = "CI_GATE_DIRECT"
"""What node_hook.js reads: `host:port,…` that never go through the proxy."""

_BUNDLE_VARIABLES = (
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "AWS_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "HTTPLIB2_CA_CERTS",
    "NODE_EXTRA_CA_CERTS",
    "NIX_SSL_CERT_FILE",
    "PGSSLROOTCERT",
)
_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def child_environment(
    proxy: str,
    trust: TrustFiles,
    base: Mapping[str, str],
    *,
    direct: Iterable[str] = (),
    node_hook: str = "",
) -> dict[str, str]:
    """`base` changed so that HTTP clients call through `proxy` and trust `trust`.

    `proxy` is "http://127.0.0.1:4140". `direct` are "host:port" addresses that the Node hook leaves
    alone: our own listeners and the service's port. SSL_CERT_DIR stays as it is: clients that read
    it also read SSL_CERT_FILE, or CURL_CA_BUNDLE first. `node_hook` replaces the path of our hook.
    """
    env = dict(base)
    for name in _PROXY_VARIABLES:
        env[name] = env[name.lower()] = proxy
    # Empty rather than absent, so that no default list of a client takes its place.
    env["NO_PROXY"] = env["no_proxy"] = ""
    for name in _BUNDLE_VARIABLES:
        env[name] = trust.bundle
    env[PROXY_VARIABLE] = proxy
    env[DIRECT_VARIABLE] = ",".join(direct)
    hook = _node_quoted(node_hook or node_hook_path())
    # The order of a Python set is that of every other boot.
    env.setdefault("PYTHONHASHSEED", "0")
    env["NODE_OPTIONS"] = _appended(env.get("NODE_OPTIONS", ""), f"--require {hook}")
    env["JAVA_TOOL_OPTIONS"] = _appended(
        env.get("JAVA_TOOL_OPTIONS", ""), java_options(proxy, trust)
    )
    return env


def java_options(proxy: str, trust: TrustFiles) -> str:
    """System properties for a Java process, as JAVA_TOOL_OPTIONS wants them.

    An empty http.nonProxyHosts (it holds for https too) ends Java's own exemption of localhost.
    """
    address = urlsplit(proxy)
    options = [
        f"-D{scheme}.proxy{what}"
        for scheme in ("http", "https")
        for what in (f"Host={address.hostname}", f"Port={address.port}")
    ]
    options += [
        "-Dhttp.nonProxyHosts=",
        f"-Djavax.net.ssl.trustStore={trust.java_truststore}",
        f"-Djavax.net.ssl.trustStorePassword={trust.java_password}",
        "-Djavax.net.ssl.trustStoreType=JKS",
    ]
    return " ".join(map(_java_quoted, options))


def node_hook_path() -> str:
    """Where our Node hook lies."""
    return str(files("ci_gate.service").joinpath("node_hook.js"))


def _appended(existing: str, addition: str) -> str:
    # A run inside a run must not add the same thing twice.
    return existing if addition in existing else f"{existing} {addition}".strip()


def _node_quoted(path: str) -> str:
    if not any(letter in path for letter in ' "\\'):
        return path
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _java_quoted(option: str) -> str:
    if not any(letter.isspace() for letter in option):
        return option
    quote = "'" if '"' in option else '"'
    return f"{quote}{option}{quote}"

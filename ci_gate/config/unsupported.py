"""Settings that the format has and this version cannot honour: refused, never ignored."""

from __future__ import annotations

from ci_gate.codecs.registry import PROTOCOLS
from ci_gate.config.lines import Path
from ci_gate.config.problems import Problems
from ci_gate.config.schema import Configuration, DependencySection, TlsSection

_NO_TLS = {
    "http": "take it out: an https:// upstream is called with TLS, and so is its host by a service "
    "that goes through the proxy",
    "raw": "not supported yet; take it out",
}


def check_supported(settings: Configuration, problems: Problems) -> None:
    """Complain about every setting in use whose feature does not exist yet."""
    service = settings.service
    wanted: list[tuple[Path, bool]] = [
        (("service", "isolate"), bool(service.isolate)),
        (("replay", "workers"), settings.replay.workers > 1),
    ]
    for path, used in wanted:
        if used:
            problems.add(path, "not supported yet; take it out")
    for name, dependency in settings.dependencies.items():
        _check_dependency(("dependencies", name), dependency, problems)


def _check_dependency(path: Path, dependency: DependencySection, problems: Problems) -> None:
    wanted = {
        "raw": bool(dependency.raw),
        "latency": bool(dependency.latency),
    }
    for key, used in wanted.items():
        if used:
            problems.add((*path, key), "not supported yet; take it out")
    if dependency.mode and dependency.protocol != "redis":
        problems.add((*path, "mode"), "stateful is for redis alone; take it out")
    if dependency.tls != TlsSection() and dependency.protocol in ("http", "raw"):
        problems.add((*path, "tls"), _NO_TLS[dependency.protocol])
    if dependency.role != "telemetry" and dependency.protocol not in PROTOCOLS:
        text = f"{dependency.protocol} is not supported yet; supported: {', '.join(PROTOCOLS)}"
        problems.add((*path, "protocol"), text)

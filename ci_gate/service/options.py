"""What the service under test is and how it is started; resolved, nothing optional left to guess."""

from __future__ import annotations

import msgspec

from ci_gate.values.webhooks import Signing


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """When the service counts as up: `how` "path" (an HTTP answer below 500), "port" (TCP accept)
    or "log" (a line matching the regular expression `what`); `timeout` in seconds."""

    how: str = "port"
    what: str = ""
    timeout: float = 30.0


class ServiceOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Exactly one of `command`, `image`, `url` is set, or none (a service run by somebody else)."""

    name: str
    command: tuple[str, ...] = ()
    shell: bool = False
    """True: `command` has one element, a shell line; only when the user wrote a string."""
    image: str = ""
    url: str = ""
    port: int = 0
    """0 with `auto_port` False: nothing inbound."""
    auto_port: bool = False
    """A free port is chosen and given as ${service.port}."""
    env: dict[str, str] = {}
    """With ${…} references still in; see config.references."""
    signing: tuple[Signing, ...] = ()
    """What the secrets in `env` sign."""
    keep_env: tuple[str, ...] = ()
    """CI token variables that the service may keep."""
    ready: Ready = Ready()
    clock: str = "auto"
    """What `run` lets the service take for the wall clock: "recorded", "auto" or "real"."""
    folder: str = "."
    """Working directory: that of the config file."""
    stop_timeout: float = 10.0

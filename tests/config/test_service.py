"""The service under test, from the file and from `-- CMD`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ci_gate.config.flags import Surroundings
from ci_gate.config.service import given_service, resolve_service, service_name
from ci_gate.errors import UsageError
from ci_gate.recorder.options import Upstream
from ci_gate.service.options import Ready

Around = Callable[..., Surroundings]
PAYMENTS = (Upstream(name="payments"),)


def test_a_list_is_run_as_it_is_and_text_by_a_shell(around: Around) -> None:
    """A shell only if the user wrote a string."""
    service = resolve_service((), around("version: 1\nservice: {command: [a, b]}"), (), 0)
    assert (service.command, service.shell) == (("a", "b"), False)
    service = resolve_service((), around("version: 1\nservice: {command: 'a b ${HOME}'}"), (), 0)
    assert (service.command, service.shell) == (("a b ${HOME}",), True)


def test_cmd_takes_the_place_of_where_the_service_comes_from(around: Around) -> None:
    """-- CMD replaces command, image and url, and keeps environment, port and readiness."""
    text = (
        "version: 1\nservice: {image: x, port: 1, env: {A: b}, keep_env: [GITHUB_TOKEN], "
        "ready: {log: up}, stop_timeout: 3s}"
    )
    service = resolve_service(("c",), around(text), (), 0)
    assert (service.command, service.image, service.url, service.shell) == (("c",), "", "", False)
    assert (service.port, service.env, service.keep_env) == (1, {"A": "b"}, ("GITHUB_TOKEN",))
    assert (service.ready, service.stop_timeout) == (Ready(how="log", what="up"), 3.0)


def test_the_shells_own_references_in_cmd_stay(around: Around) -> None:
    """`-- sh -c 'echo ${HOME}'` reaches the shell as it is, after expansion of ours."""
    service = resolve_service(("sh", "-c", "echo ${HOME} ${service.port}"), around(), (), 0)
    assert service.command[2] == "echo $${HOME} ${service.port}"


@pytest.mark.parametrize(
    ("text", "ready"),
    [
        ("{}", Ready()),
        ("{path: /up, timeout: 5s}", Ready(how="path", what="/up", timeout=5.0)),
        ("{port: 9}", Ready(how="port", what="9")),
    ],
)
def test_readiness(around: Around, text: str, ready: Ready) -> None:
    """A path, a port, or the service's own port."""
    here = around(f"version: 1\nservice: {{command: [a], ready: {text}}}")
    assert resolve_service((), here, (), 0).ready == ready


@pytest.mark.parametrize(
    ("service", "complaint"),
    [
        ('env: {A: "${paymets.url}"}', "ci-gate.yml:3: service.env.A: unknown reference"),
        ('env: {A: "${env.NONE}"}', "ci-gate.yml:3: service.env.A: the variable NONE is not set"),
        ('command: [a, "${x.url}"]', "ci-gate.yml:3: service.command[2]: unknown reference"),
        ('command: "a ${x.url}"', "ci-gate.yml:3: service.command: unknown reference"),
        ('image: "a:${env.NONE}"', "ci-gate.yml:3: service.image: the variable NONE is not set"),
    ],
)
def test_bad_references_are_found_before_anything_starts(
    around: Around, service: str, complaint: str
) -> None:
    """With the line they stand on."""
    with pytest.raises(UsageError) as caught:
        resolve_service((), around(f"version: 1\nservice:\n  {service}"), PAYMENTS, 0)
    assert str(caught.value).startswith(complaint)


def test_good_references_are_left_for_the_gate(around: Around) -> None:
    """Addresses are not known yet: the text keeps its references; an image's are resolved."""
    text = (
        'version: 1\nservice: {image: "a:${env.TAG}", env: {A: "${payments.url} ${service.port}"}}'
    )
    service = resolve_service((), around(text, env={"TAG": "v1"}), PAYMENTS, 0)
    assert (service.image, service.env["A"]) == ("a:v1", "${payments.url} ${service.port}")


def test_given_port_wins(around: Around) -> None:
    """A flag replaces the file's port and its auto."""
    here = around("version: 1\nservice: {command: [a], port: auto}")
    service = resolve_service((), here, (), 7)
    assert (service.port, service.auto_port) == (7, False)
    assert resolve_service((), here, (), 0).auto_port


@pytest.mark.parametrize(
    ("folder", "name"),
    [("shop", "shop"), ("my shop!", "my-shop"), ("..", "service"), ("", "service")],
)
def test_names(folder: str, name: str) -> None:
    """The folder's name in letters that a folder of ours may have."""
    assert service_name(Surroundings(folder_name=folder, env={})) == name


def test_nothing_given_nothing_started(around: Around) -> None:
    """Without CMD, replay has no service of its own."""
    assert given_service((), around("version: 1\nservice: {command: [a]}")).command == ()

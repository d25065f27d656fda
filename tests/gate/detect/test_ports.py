"""The service's port, by what says it."""

from __future__ import annotations

import pytest

from ci_gate.gate.detect.compose import Compose, Service
from ci_gate.gate.detect.findings import Command, Found
from ci_gate.gate.detect.ports import find_port, reads_port_variable


@pytest.mark.parametrize(
    ("texts", "port"),
    [
        ({"Dockerfile": "EXPOSE 8081/tcp"}, "8081"),
        ({"application.properties": "x=1\nserver.port = 8082"}, "8082"),
        ({"src/main/resources/application.yml": "server:\n  port: 8083\n"}, "8083"),
        ({"a.js": "app.listen(process.env.PORT || 3000)"}, "3000"),
        ({"a.py": 'int(os.environ.get("PORT", "8000"))'}, "8000"),
        ({"a.go": 'http.ListenAndServe(":8084", nil)'}, "8084"),
        ({"a.py": "uvicorn.run(app, port=8085)"}, "8085"),
        ({"a.py": 'HTTPServer(("", 8086), H)'}, "8086"),
    ],
)
def test_files(texts: dict[str, str], port: str) -> None:
    """Container files, properties and the usual lines of code."""
    found = find_port(texts, {}, None, None)
    assert found is not None
    assert (found.value, found.source) == (port, next(iter(texts)))


def test_the_variable_wins_then_the_command() -> None:
    """PORT in an .env file is the most certain; then what the start command says."""
    texts = {"Dockerfile": "EXPOSE 1111"}
    command = Command(("x", "--port", "2222"), "Procfile")
    assert find_port(texts, {"PORT": Found("3333", ".env")}, command, None) == Found("3333", ".env")
    assert find_port(texts, {}, command, None) == Found("2222", "Procfile")


def test_compose_and_the_usual_ports() -> None:
    """The port inside the container; else what the framework always takes."""
    service = Service(name="a", builds=True, ports=((80, 4444),))
    compose = Compose(path="c.yml", services={"a": service}, own="a")
    assert find_port({}, {}, None, compose) == Found("4444", "c.yml")
    flask = Command(("flask", "run"), "app.py")
    assert find_port({}, {}, flask, None) == Found("5000", "the usual port of flask")


def test_nothing_found() -> None:
    """No port is no guess, and impossible ones are not taken."""
    assert find_port({"Dockerfile": "EXPOSE 99999"}, {}, None, None) is None


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("process.env.PORT", True),
        ("os.environ['PORT']", True),
        ('os.Getenv("PORT")', True),
        ("process.env.PORTAL", False),
        ("PORT = 1", False),
    ],
)
def test_reads_port_variable(text: str, reads: bool) -> None:
    """Only a read of PORT itself counts."""
    assert reads_port_variable({"a.js": text}, None) is reads


def test_a_command_may_read_it() -> None:
    """A Procfile's line with $PORT takes it too."""
    assert reads_port_variable({}, Command(("x -b :$PORT",), "Procfile", shell=True))

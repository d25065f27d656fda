"""Variables that say where other services are."""

from __future__ import annotations

import pytest

from ci_gate.gate.detect.compose import Compose, Service
from ci_gate.gate.detect.findings import Found
from ci_gate.gate.detect.variables import find_variables


@pytest.mark.parametrize(
    ("path", "text", "name", "value"),
    [
        (".env", "export A_URL='http://a' # x", "A_URL", "'http://a'"),
        (".env", 'A_URL="http://a#b"', "A_URL", "http://a#b"),
        (".env.example", "A_HOST=a # the host", "A_HOST", "a"),
        ("Dockerfile", "ENV A_URL=http://a", "A_URL", "http://a"),
        ("x.py", "os.environ.get('A_URL', 'http://a')", "A_URL", "http://a"),
        ("x.py", 'os.environ["A_URL"]', "A_URL", ""),
        ("x.py", 'os.getenv("A_URL")', "A_URL", ""),
        ("x.js", "process.env.A_URL || 'http://a'", "A_URL", "http://a"),
        ("x.ts", "process.env['A_URL'] ?? \"http://a\"", "A_URL", "http://a"),
        ("x.go", 'os.Getenv("A_HOST")', "A_HOST", ""),
        ("x.rb", "ENV.fetch('A_URL', 'http://a')", "A_URL", "http://a"),
        ("x.rs", 'env::var("A_URL")', "A_URL", ""),
        ("X.java", 'System.getenv("A_URL")', "A_URL", ""),
        ("x.cs", 'Environment.GetEnvironmentVariable("A_ENDPOINT")', "A_ENDPOINT", ""),
    ],
)
def test_sources(path: str, text: str, name: str, value: str) -> None:
    """Each kind of file that names a variable."""
    assert find_variables({path: text}, None) == {name: Found(value, path)}


def test_a_value_wins_over_a_name() -> None:
    """Code that only reads a variable does not hide the file that sets it, whatever the order."""
    texts = {"a.py": "os.environ['A_URL']", "b.py": "os.environ.get('A_URL', 'http://b')"}
    assert find_variables(texts, None)["A_URL"] == Found("http://b", "b.py")
    assert find_variables({".env": "A_URL=http://e", **texts}, None)["A_URL"].source == ".env"


def test_compose_variables() -> None:
    """The compose file's environment of our own service counts."""
    service = Service(name="a", builds=True, env={"A_URL": "http://x", "KEY": "secret"})
    compose = Compose(path="c.yml", services={"a": service}, own="a")
    assert find_variables({}, compose) == {"A_URL": Found("http://x", "c.yml")}


def test_other_variables_are_not_looked_at() -> None:
    """Keys and passwords are never collected."""
    assert find_variables({".env": "API_KEY=x\nURL=y\nURL_X=z\nCURL=a\nHOST=b"}, None) == {}

"""Files that a stack trace names: of the repository, and nothing else of the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_gate.diff.causes.traces import Frame
from ci_gate.gate.judging.sources import SHOWN, Sources


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a service in a folder of its own; a file beside it is not its own."""
    for name in (
        "repo/services/orders/orders/shop.py",
        "repo/services/orders/orders/__init__.py",
        "repo/services/users/users/__init__.py",
        "repo/src/main/java/com/acme/shop/Shop.java",
        "repo/src/main/java/com/acme/Main.java",
        "repo/node_modules/express/layer.js",
        "repo/.venv/lib/site.py",
        "repo/web/app.js",
        "outside/secret.py",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "repo/.git").mkdir()
    (tmp_path / "repo/link.py").symlink_to(tmp_path / "outside/secret.py")
    return tmp_path / "repo"


def files(repository: Path, *paths: str) -> tuple[str, ...]:
    """What the frames of these paths come to."""
    sources = Sources(str(repository / "services/orders"))
    return sources.files(Frame(path.replace("REPO", str(repository)), 7, "f") for path in paths)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("REPO/services/orders/orders/shop.py", "services/orders/orders/shop.py:7 f"),
        ("orders/shop.py", "services/orders/orders/shop.py:7 f"),
        ("./orders/shop.py", "services/orders/orders/shop.py:7 f"),
        ("/app/orders/shop.py", "services/orders/orders/shop.py:7 f"),
        ("/app/web/app.js", "web/app.js:7 f"),
        ("com/acme/shop/Shop.java", "src/main/java/com/acme/shop/Shop.java:7 f"),
    ],
)
def test_files_of_the_repository(repository: Path, path: str, found: str) -> None:
    """Absolute, relative, inside a container, by package: relative to the repository."""
    assert files(repository, path) == (found,)


@pytest.mark.parametrize(
    "path",
    [
        "REPO/../outside/secret.py",
        "REPO/link.py",
        "../../../outside/secret.py",
        "/usr/lib/python3.11/shop.py",
        "/app/node_modules/express/layer.js",
        "REPO/node_modules/express/layer.js",
        "/app/other/__init__.py",
        "/srv/elsewhere/shop.py",
        "org/other/Main.java",
        "nowhere.py",
        "",
        "/",
        "a\0b",
    ],
)
def test_nothing_else(repository: Path, path: str) -> None:
    """Outside, installed, ambiguous, unknown: no file is named."""
    assert files(repository, path) == ()


def test_a_few_are_enough(repository: Path) -> None:
    """Deep recursion is one line, and no more than a few frames are named."""
    sources = Sources(str(repository))
    frames = [Frame("services/orders/orders/shop.py", n // 3, "f") for n in range(90)]
    assert len(sources.files(frames)) == SHOWN


def test_a_folder_without_a_repository(tmp_path: Path) -> None:
    """Where git has none, the service's folder is what counts."""
    (tmp_path / "shop.rb").touch()
    assert Sources(str(tmp_path)).files([Frame("shop.rb", 3)]) == ("shop.rb:3",)

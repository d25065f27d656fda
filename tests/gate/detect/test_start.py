"""Start commands by the files that say them."""

from __future__ import annotations

import pytest

from ci_gate.gate.detect.compose import Compose, Service
from ci_gate.gate.detect.start import start_command

PORT = "${service.port}"


@pytest.mark.parametrize(
    ("texts", "words", "shell"),
    [
        ({"Procfile": "release: x\nweb: gunicorn app:app\n"}, ("gunicorn app:app",), True),
        ({"package.json": '{"scripts": {"start": "node x"}}'}, ("npm", "start"), False),
        ({"package.json": '{"main": "x.js"}', "x.js": ""}, ("node", "x.js"), False),
        ({"manage.py": ""}, ("python", "manage.py", "runserver", "--noreload", f"127.0.0.1:{PORT}"), False),
        (
            {"main.py": "from fastapi import FastAPI\napi: FastAPI = FastAPI()\n"},
            ("python", "-m", "uvicorn", "main:api", "--port", PORT),
            False,
        ),
        (
            {"src/app.py": "app = Flask(__name__)\n"},
            ("python", "-m", "flask", "--app", "src.app:app", "run", "--port", PORT),
            False,
        ),
        ({"app.py": "app = Flask(x)\nif __name__ == '__main__': app.run()"}, ("python", "app.py"), False),
        (
            {"pyproject.toml": '[project]\nname = "my-shop"', "src/my_shop/__main__.py": ""},
            ("python", "-m", "my_shop"),
            False,
        ),
        ({"orders/__main__.py": ""}, ("python", "-m", "orders"), False),
        ({"go.mod": "", "main.go": ""}, ("go", "run", "."), False),
        ({"go.mod": "", "cmd/shop/main.go": ""}, ("go", "run", "./cmd/shop"), False),
        ({"pom.xml": "spring-boot", "mvnw": ""}, ("./mvnw", "-q", "spring-boot:run"), False),
        ({"build.gradle.kts": 'id("org.springframework.boot")'}, ("gradle", "--quiet", "bootRun"), False),
        ({"build.gradle": "application", "gradlew": ""}, ("./gradlew", "--quiet", "run"), False),
        ({"Cargo.toml": "[package]"}, ("cargo", "run", "--quiet", "--locked"), False),
        ({"Dockerfile": 'FROM x\nCMD ["node", \\\n "s.js"]\n'}, ("node", "s.js"), False),
        ({"Dockerfile": "FROM x\nENTRYPOINT ./run --x\n"}, ("./run --x",), True),
    ],
)  # fmt: skip
def test_start_command(texts: dict[str, str], words: tuple[str, ...], shell: bool) -> None:
    """Each kind of project is started as its people do."""
    found = start_command(texts, None)
    assert found is not None
    assert (found.words, found.shell) == (words, shell)


def test_a_compose_command_is_the_last_resort() -> None:
    """What the compose file says counts when nothing else does."""
    service = Service(name="shop", builds=True, command="run me")
    compose = Compose(path="compose.yml", services={"shop": service}, own="shop")
    found = start_command({}, compose)
    assert found is not None
    assert (found.words, found.shell, found.source) == (("run me",), True, "compose.yml")


@pytest.mark.parametrize(
    "texts",
    [{}, {"package.json": "{"}, {"package.json": "[1]"}, {"pyproject.toml": "= x"}, {"Dockerfile": "CMD []"}],
)  # fmt: skip
def test_nothing_found(texts: dict[str, str]) -> None:
    """Broken files say nothing."""
    assert start_command(texts, None) is None

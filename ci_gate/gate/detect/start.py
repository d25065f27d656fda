"""How the service is started, by the files that say so; the first that does wins."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

from ci_gate.gate.detect.compose import Compose
from ci_gate.gate.detect.findings import Command
from ci_gate.gate.detect.folder import Texts

PORT = "${service.port}"
_PROCFILE = re.compile(r"^web:[ \t]*(\S.*)$", re.MULTILINE)
_CMD = re.compile(r"^(?:CMD|ENTRYPOINT)[ \t]+(\S.*)$", re.MULTILINE)
_FASTAPI = re.compile(
    r"^(\w+)\s*(?::\s*\w+\s*)?=\s*(?:fastapi\.)?(?:FastAPI|Starlette)\(", re.MULTILINE
)
_FLASK = re.compile(r"^(\w+)\s*=\s*(?:flask\.)?Flask\(", re.MULTILINE)
_PYTHON = ("app.py", "main.py", "server.py", "wsgi.py", "src/app.py", "src/main.py")


def start_command(texts: Texts, compose: Compose | None) -> Command | None:
    """The most likely start command, or None."""
    return next(_candidates(texts, compose), None)


def _candidates(texts: Texts, compose: Compose | None) -> Iterator[Command]:
    yield from _procfile(texts)
    yield from _package_json(texts)
    yield from _python(texts)
    yield from _compiled(texts)
    yield from _dockerfile(texts)
    own = compose.services.get(compose.own) if compose else None
    if compose and own and own.command:
        shell = isinstance(own.command, str)
        words = (own.command,) if isinstance(own.command, str) else own.command
        yield Command(words, compose.path, shell)


def _procfile(texts: Texts) -> Iterator[Command]:
    found = _PROCFILE.search(texts.get("Procfile", ""))
    if found:
        yield Command((found[1].strip(),), "Procfile", shell=True)


def _package_json(texts: Texts) -> Iterator[Command]:
    try:
        data: Any = json.loads(texts.get("package.json", "null"))
    except (ValueError, RecursionError):
        return
    if not isinstance(data, dict):
        return
    scripts = data.get("scripts")
    start = scripts.get("start") if isinstance(scripts, dict) else None
    if isinstance(start, str) and start:
        yield Command(("npm", "start"), "scripts.start in package.json")
    elif isinstance(data.get("main"), str) and data["main"] in texts:
        yield Command(("node", data["main"]), "main in package.json")


def _python(texts: Texts) -> Iterator[Command]:
    if "manage.py" in texts:
        words = ("python", "manage.py", "runserver", "--noreload", f"127.0.0.1:{PORT}")
        yield Command(words, "manage.py")
    try:
        project = tomllib.loads(texts.get("pyproject.toml", "")).get("project", {})
    except (tomllib.TOMLDecodeError, RecursionError):
        project = {}
    name = project.get("name", "") if isinstance(project, dict) else ""
    package = re.sub(r"\W", "_", name) if isinstance(name, str) else ""
    for path in (f"{package}/__main__.py", f"src/{package}/__main__.py"):
        if package and path in texts:
            yield Command(("python", "-m", package), path)
    for path in _PYTHON:
        yield from _python_file(path, texts.get(path, ""))
    for path in texts:
        folder, _, file = path.rpartition("/")
        if file == "__main__.py" and folder and "/" not in folder:
            yield Command(("python", "-m", folder), path)


def _python_file(path: str, text: str) -> Iterator[Command]:
    module = path.removesuffix(".py").replace("/", ".")
    asgi, flask = _FASTAPI.search(text), _FLASK.search(text)
    if asgi:
        yield Command(("python", "-m", "uvicorn", f"{module}:{asgi[1]}", "--port", PORT), path)
    elif flask and "__main__" not in text:
        app = f"{module}:{flask[1]}"
        yield Command(("python", "-m", "flask", "--app", app, "run", "--port", PORT), path)
    elif "__main__" in text:
        yield Command(("python", path), path)


def _compiled(texts: Texts) -> Iterator[Command]:
    if "go.mod" in texts:
        mains = [path for path in texts if path.endswith("/main.go") or path == "main.go"]
        if mains:
            package = "./" + mains[0].removesuffix("main.go").rstrip("/")
            yield Command(("go", "run", package if package != "./" else "."), "go.mod")
    if "spring-boot" in texts.get("pom.xml", ""):
        maven = "./mvnw" if "mvnw" in texts else "mvn"
        yield Command((maven, "-q", "spring-boot:run"), "pom.xml")
    for path in ("build.gradle", "build.gradle.kts"):
        text = texts.get(path, "")
        gradle = "./gradlew" if "gradlew" in texts else "gradle"
        if "org.springframework.boot" in text:
            yield Command((gradle, "--quiet", "bootRun"), path)
        elif "application" in text:
            yield Command((gradle, "--quiet", "run"), path)
    if "[package]" in texts.get("Cargo.toml", ""):
        yield Command(("cargo", "run", "--quiet", "--locked"), "Cargo.toml")


def _dockerfile(texts: Texts) -> Iterator[Command]:
    lines = _CMD.findall(texts.get("Dockerfile", "").replace("\\\n", " "))
    if not lines:
        return
    last = lines[-1].strip()
    try:
        words = json.loads(last)
    except ValueError:
        yield Command((last,), "Dockerfile", shell=True)
        return
    if isinstance(words, list) and words:
        yield Command(tuple(map(str, words)), "Dockerfile")

"""Requests and responses held against GitHub's own OpenAPI description."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

TOP = Path(__file__).resolve().parent.parent.parent
CACHE = TOP / ".venv" / "cache"


class OpenApi:
    """The description; `problems` says what is wrong with one message."""

    def __init__(self, document: dict[str, Any]) -> None:
        _spell_nullable(document)
        self.document = document
        resource = Resource.from_contents(document, default_specification=DRAFT4)
        self.registry: Registry[Any] = Registry().with_resource("gh", resource)
        self.paths = [
            (re.compile(re.sub(r"\\{[^/]+?\\}", "[^/]+", re.escape(path))), path)
            for path in document["paths"]
        ]

    def request(self, method: str, path: str, body: Any) -> list[str]:
        """What is wrong with a request; [] for what is right."""
        found = self.operation(method, path)
        if found is None:
            return [f"{method} {path}: no such call in GitHub's description"]
        where, operation = found
        if "requestBody" not in operation:
            return [] if body is None else [f"{method} {path}: takes no body"]
        if body is None:
            required = operation["requestBody"].get("required", False)
            return [f"{method} {path}: needs a body"] if required else []
        return self.check(f"{where}/requestBody/content/application~1json/schema", body)

    def response(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """What is wrong with a response of the fake itself.

        A refusal that the description does not list for a call, such as 429 and 502, may come
        all the same; one that it lists has its form.
        """
        found = self.operation(method, path)
        if found is None:
            return [f"{method} {path}: no such call in GitHub's description"]
        where, operation = found
        answer = operation["responses"].get(str(status))
        if answer is None:
            return [] if status >= 400 else [f"{method} {path}: {status} is not one of its answers"]
        place = f"{where}/responses/{status}"
        if "$ref" in answer:
            place = f"gh{answer['$ref']}"
            answer = self.document["components"]["responses"][place.rpartition("/")[2]]
        if "application/json" not in answer.get("content", {}):
            return [] if body is None else [f"{method} {path}: {status} has no body"]
        return self.check(f"{place}/content/application~1json/schema", body)

    def operation(self, method: str, path: str) -> tuple[str, dict[str, Any]] | None:
        """The place and the text of the operation for a path."""
        for pattern, name in self.paths:
            operation = self.document["paths"][name].get(method.lower())
            if pattern.fullmatch(path) and operation:
                return f"gh#/paths/{name.replace('/', '~1')}/{method.lower()}", operation
        return None

    def check(self, place: str, body: Any) -> list[str]:
        """Errors of `body` against the schema at `place`."""
        validator = Draft4Validator({"$ref": place}, registry=self.registry)
        return [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
            for error in validator.iter_errors(body)
        ]


def _spell_nullable(value: Any) -> None:
    """OpenAPI 3.0 says `nullable: true` where JSON Schema says it among the types."""
    if isinstance(value, list):
        for one in value:
            _spell_nullable(one)
    elif isinstance(value, dict):
        for one in value.values():
            _spell_nullable(one)
        if value.get("nullable") is True:
            whole = {name: value.pop(name) for name in list(value)}
            whole.pop("nullable")
            value["anyOf"] = [{"type": "null"}, whole]


@cache
def description() -> OpenApi | None:
    """The description, fetched at set-up or now; None where npm cannot."""
    script = TOP / "scripts" / "github-openapi.py"
    subprocess.run([sys.executable, str(script), str(CACHE)], check=False, timeout=300)
    path = CACHE / "github-openapi.json"
    return OpenApi(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None

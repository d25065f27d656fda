"""Jupyter Server: a Python web application with a login form, cookies, XSRF tokens, uploads,
checkpoints and conditional requests."""

from __future__ import annotations

import base64
from typing import Any

from harness import Regression, Service
from session import Answer, Session

PASSWORD = "correct horse"
HASHED = "sha1:57e8d558ee96:87faa19f6c127119b7071f0de5d032ea5f67129c"
CONFIG = """
version: 1
snapshot: snapshots/jupyter
service:
  name: jupyter
  command: |-
    rm -rf state; mkdir -p state/files
    exec @INSTALL@/venv/bin/jupyter-server --config=settings.py --ServerApp.port=${service.port}
  port: auto
  env:
    HOME: state
    JUPYTER_PLATFORM_DIRS: "0"
    JUPYTER_CONFIG_DIR: state/config
    JUPYTER_DATA_DIR: state/data
    JUPYTER_RUNTIME_DIR: state/runtime
    PYTHONPATH: patch
  ready: {path: /api, timeout: 60s}
replay: {set: {values: {password: "${env.JUPYTER_PASSWORD:-correct horse}"}}}
"""
SETTINGS = f"""
c = get_config()
c.ServerApp.root_dir = "state/files"
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.allow_root = True
c.ServerApp.port_retries = 0
c.PasswordIdentityProvider.hashed_password = "{HASHED}"
"""
SERVICE = Service(
    name="jupyter",
    pip=("jupyter-server==2.21.1",),
    config=CONFIG,
    files={"settings.py": SETTINGS},
    regressions=(
        Regression(
            name="logging out leaves the session open",
            file="auth/identity.py",
            old="handler.clear_cookie(cookie_name, path=path)",
            new="None",
            where="GET /logout",
        ),
        Regression(
            name="a file is one byte longer than it is",
            file="contents/filemanager.py",
            old='model["size"] = size',
            new='model["size"] = size + 1',
            where="PUT /api/contents/notes/todo.txt",
        ),
        Regression(
            name="renaming overwrites what is there",
            file="contents/filemanager.py",
            old='raise web.HTTPError(409, "File already exists: %s" % new_path)',
            new="pass",
            where="PATCH /api/contents/notes/first-Copy1.ipynb",
        ),
    ),
)


class Client:
    """A browser with the page open."""

    def __init__(self) -> None:
        self._session = Session()

    def get(self, path: str, expect: int = 200, **headers: str) -> Answer:
        """Read, from a page of the service."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named["Referer"] = self._session.base + "/lab"
        return self._session("GET", path, expect, headers=named)

    def write(self, method: str, path: str, expect: int, data: Any = None) -> Answer:
        """Write, with the token of the page."""
        token = {"X-XSRFToken": self._session.cookies["_xsrf"]}
        return self._session(method, path, expect, data=data, headers=token)

    def log_in(self) -> None:
        """Without the token, with a wrong password, and as it should be."""
        where = "/login?next=%2Fapi%2Fstatus"
        self.get("/api/contents", 403)
        self.get(where)
        self._session("POST", where, 403, form={"password": "wrong"})
        token = {"_xsrf": self._session.cookies["_xsrf"]}
        self._session("POST", where, 401, form={**token, "password": "wrong"})
        self._session("POST", where, 302, form={**token, "password": PASSWORD})

    def without_token(self, method: str, path: str) -> None:
        """What a page of somebody else would send."""
        self._session(method, path, 403)


def text(content: str) -> dict[str, str]:
    """A text file."""
    return {"type": "file", "format": "text", "content": content}


def notes(client: Client) -> None:
    """Folders, files, checkpoints."""
    client.get("/api/contents/notes", 404)
    client.write("POST", "/api/contents", 201, {"type": "directory"})
    client.write("PATCH", "/api/contents/Untitled%20Folder", 200, {"path": "notes"})
    todo = "/api/contents/notes/todo.txt"
    client.write("PUT", todo, 201, text("buy milk\n"))
    client.write("PUT", todo, 200, text("buy milk\nand bread\n"))
    client.get(todo)
    client.get(todo + "?content=0&hash=1")
    client.write("POST", todo + "/checkpoints", 201)
    client.get(todo + "/checkpoints")
    client.write("PUT", todo, 200, text("nothing"))
    client.write("POST", todo + "/checkpoints/checkpoint", 204)
    client.get(todo)
    download = client.get("/files/notes/todo.txt")
    client.get("/files/notes/todo.txt", If_Modified_Since="Thu, 01 Jan 2015 00:00:00 GMT")
    known = download.headers["Last-Modified"]
    client.get("/files/notes/todo.txt", 304, If_Modified_Since=known)
    client.get("/files/notes/todo.txt", 206, Range="bytes=0-3")
    dots = base64.b64encode(bytes(range(200))).decode()
    upload = {"type": "file", "format": "base64", "content": dots}
    client.write("PUT", "/api/contents/notes/dot.bin", 201, upload)
    client.get("/api/contents/notes/dot.bin")
    client.get("/files/notes/dot.bin?download=1")


def notebooks(client: Client) -> None:
    """Made, copied, renamed, deleted."""
    cell: dict[str, Any] = {"cell_type": "code", "id": "aa11", "source": "1+1", "metadata": {}, "outputs": [],
            "execution_count": None}  # fmt: skip
    content = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    first = {"type": "notebook", "content": content}
    client.write("PUT", "/api/contents/notes/first.ipynb", 201, first)
    client.get("/api/contents/notes/first.ipynb")
    client.write("POST", "/api/contents/notes", 201, {"copy_from": "notes/first.ipynb"})
    client.write("POST", "/api/contents/notes", 201, {"type": "notebook"})
    client.get("/api/contents/notes")
    client.get("/api/contents/notes/first.ipynb?content=0")
    copy = "/api/contents/notes/first-Copy1.ipynb"
    client.write("PATCH", copy, 409, {"path": "notes/first.ipynb"})
    client.write("PATCH", copy, 200, {"path": "notes/second.ipynb"})
    client.write("DELETE", "/api/contents/notes/second.ipynb", 204)
    client.write("DELETE", "/api/contents/notes/second.ipynb", 404)
    client.without_token("DELETE", "/api/contents/notes/dot.bin")
    client.write("DELETE", "/api/contents/notes/dot.bin", 204)
    client.write("PUT", "/api/contents/..%2f..%2fetc%2fx", 404, text("x"))


def drive() -> None:
    """Somebody's morning."""
    client = Client()
    client.get("/api")
    client.log_in()
    client.get("/api/status")
    # Who has no name is drawn one: what the list holds, no number of replays can tell.
    client.write("PATCH", "/api/me", 200, {"name": "ada", "display_name": "Ada", "initials": "AL"})
    client.get("/api/me")
    client.get("/api/contents")
    notes(client)
    notebooks(client)
    for path in ("kernelspecs", "config/notebook", "sessions", "kernels", "terminals", "spec.yaml"):
        client.get(f"/api/{path}")
    client.write("PATCH", "/api/config/notebook", 200, {"Cell": {"autosave": 5}})
    client.get("/api/config/notebook")
    client.get("/custom/custom.css", 404)
    client.get("/static/style/bootstrap.min.css")
    client.get("/api/nothing", 404)
    client.get("/logout")
    client.get("/api/status", 403)


if __name__ == "__main__":
    drive()

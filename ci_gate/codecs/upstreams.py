"""What whoever asks a real server has to know of its protocol."""

from __future__ import annotations

from ci_gate.model.message import Message, RedisReply

_LOCKED = (b"-NOAUTH", b"-WRONGPASS", b"-NOPERM")


def speaks_tls_first(protocol: str) -> bool:
    """True where TLS, if there is any, begins with the connection; PostgreSQL is asked for it, which
    its conversation does."""
    return protocol != "postgres"


def locked_out(answer: Message) -> str:
    """Why an answer is none to what was asked: Redis says the same to every command when a login is
    wrong, or there was none. "" = it is one."""
    body = answer.body
    if isinstance(answer, RedisReply) and isinstance(body, bytes) and body.startswith(_LOCKED):
        return body[1:200].decode("utf-8", "replace").strip()
    return ""

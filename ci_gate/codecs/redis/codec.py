"""The Redis codec: conversations, and pure functions over commands and replies."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from ci_gate.codecs.base import Conversation, Role
from ci_gate.codecs.http1.routes import is_variable
from ci_gate.codecs.redis import form
from ci_gate.codecs.redis.commands import effect, keys
from ci_gate.codecs.redis.conversation import Mocking, Recording
from ci_gate.codecs.redis.replaying import Replaying
from ci_gate.codecs.redis.reply import as_asked
from ci_gate.codecs.redis.resp import Malformed, Reader, arguments, error_line
from ci_gate.codecs.redis.sameness import in_one_order
from ci_gate.model.exchange import Exchange, Facts
from ci_gate.model.message import Key, Message, Part, RedisCommand, RedisReply

LABEL_LENGTH = 120
_SEPARATED = re.compile(rb"([:/.|{}]+)")


class Redis:
    """RESP2 and RESP3. See `codecs.base.Codec` for what each does."""

    name = "redis"
    alpn: tuple[str, ...] = ()

    def converse(self, role: Role, session: dict[str, str] | None = None) -> Conversation:
        """A conversation for one new connection; `session` may say `version` and `mode`."""
        if role is Role.MOCK:
            return Mocking(session or {})
        if role is Role.REPLAY:
            return Replaying(session)
        return Recording(session)

    def refusal(self, reason: str) -> bytes:
        """An error reply."""
        return error_line(f"ci-gate: {reason}")

    def full(self, request: Message) -> tuple[object, ...]:
        """Database and commands, byte for byte but for the case of names and for the order of what
        has none."""
        command = _command(request)
        body = command.body
        text = in_one_order(body) if isinstance(body, bytes) else body
        return ("redis queued" if command.queued else "redis", command.database, text)

    def key(self, request: Message) -> Key:
        """coarse: ("redis", database, name, folded first key)."""
        command, full = _command(request), self.full(request)
        return Key((str(full[0]), str(command.database), *_named(_parsed(command))), full)

    def local(self, request: Message, shared: dict[str, object]) -> Message | None:
        """Nothing: what a mock says by itself, the conversation says."""
        return None

    def about_session(self, request: Message) -> bool:
        """Whether a command is refused that a transaction queues is."""
        return _command(request).queued

    def miss(self, request: Message, reason: str) -> Message:
        """An error reply; the connection stays usable."""
        return RedisReply(
            error_line(f"ci-gate: no recorded exchange for {self.label(request)}: {reason}")
        )

    def fit(self, recorded: Message, request: Message) -> Message:
        """As recorded: the RESP version is the connection's, and `say` goes by it."""
        return recorded

    def places(self, message: Message) -> tuple[Part, ...]:
        """One part, read as JSON (see `redis.form`): `command` or `reply`."""
        try:
            if isinstance(message, RedisCommand) and isinstance(message.body, bytes):
                return (
                    Part("database", message.database),
                    Part("command", form.command_form(message.body), "json"),
                )
            if isinstance(message, RedisReply) and isinstance(message.body, bytes):
                text = form.reply_form(message.body, paired=message.paired)
                return (Part("reply", text, "json"),)
        except Malformed:
            pass
        place = "command" if isinstance(message, RedisCommand) else "reply"
        return (Part(place, message.body, "binary"),)

    def with_places(self, message: Message, parts: dict[str, Part]) -> Message:
        """The message with another command or reply."""
        changed = {name: part.value for name, part in parts.items()}
        if isinstance(message, RedisCommand):
            value = changed.get("command")
            body = form.command_body(value) if isinstance(value, bytes) else message.body
            database = changed.get("database")
            number = database if isinstance(database, int) else message.database
            return RedisCommand(body, number, message.queued)
        assert isinstance(message, RedisReply)
        value = changed.get("reply")
        if not isinstance(value, bytes):
            return message
        return RedisReply(form.reply_body(value, paired=message.paired), message.paired)

    def route(self, request: Message) -> str:
        """ "GET user:{id}:profile"."""
        return " ".join(_named(_parsed(_command(request)))).rstrip()

    def label(self, request: Message) -> str:
        """ "SET user:17 Ada", a transaction as "MULTI; SET a 1; EXEC"."""
        commands = _parsed(_command(request))
        text = "; ".join(" ".join(map(_shown, args)) for args in commands)
        return text if len(text) <= LABEL_LENGTH else text[: LABEL_LENGTH - 3] + "..."

    def facts(self, exchange: Exchange) -> Facts:
        """Effect and keys; a transaction writes when one of its commands does, and what it queues
        does nothing before."""
        commands = _parsed(_command(exchange.request))
        effects = {effect(args[0]) for args in commands} - {"session"}
        named = dict.fromkeys(_shown(key) for args in commands for key in keys(args))
        known = "read" if effects <= {"read"} else "write"
        return Facts(
            effect="session" if _command(exchange.request).queued else known,
            targets=tuple(named) or (exchange.dependency,),
        )

    def prepare(self, message: Message) -> bytes:
        """In RESP2, the version that every connection begins with."""
        if isinstance(message, RedisReply):
            return as_asked(message, 2)
        body = message.body
        assert isinstance(body, bytes)
        return body


def _command(message: Message) -> RedisCommand:
    assert isinstance(message, RedisCommand)
    return message


def _parsed(message: RedisCommand) -> tuple[tuple[bytes, ...], ...]:
    body = message.body
    return _commands(body) if isinstance(body, bytes) else ((b"",),)


@lru_cache(maxsize=4096)
def _commands(body: bytes) -> tuple[tuple[bytes, ...], ...]:
    try:
        return tuple(arguments(one) or (b"",) for one in Reader(inline=False).feed(body)) or (
            (b"",),
        )
    except Malformed:
        return ((b"",),)


def _named(commands: Sequence[Sequence[bytes]]) -> tuple[str, str]:
    """Name and folded first key; of a transaction the names of its commands."""
    if len(commands) > 1:
        inner = [args[0] for args in commands[1:-1]]
        return "MULTI", " ".join(dict.fromkeys(_shown(name) for name in inner))
    args = commands[0]
    found = keys(args)
    return _shown(args[0]), fold_key(found[0]) if found else ""


def fold_key(key: bytes) -> str:
    """A key with its variable segments folded: "user:{id}:profile"."""
    return "".join(
        "{id}" if index % 2 == 0 and is_variable(piece) else _shown(piece)
        for index, piece in enumerate(_SEPARATED.split(key))
    )


def _shown(data: bytes) -> str:
    text = data.decode("ascii", "backslashreplace")
    return text if text.isprintable() and " " not in text else ascii(text)

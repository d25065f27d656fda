"""The one exception to failing closed: migrations that a new version of a service makes at start."""

from __future__ import annotations

from ci_gate.codecs.postgres.migrations import migration
from ci_gate.model.message import Message, PgStatement


def migrated(request: Message) -> Message | None:
    """The answer by which a migration is done; None for any other request."""
    return migration(request) if isinstance(request, PgStatement) else None

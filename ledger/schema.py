"""The ledger's tables."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    null,
)

VERSION = 2
"""Of the tables below; a ledger with another number is refused."""

metadata = MetaData()

facts = Table(
    "facts",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)
"""What the ledger knows of itself: the schema's version."""

mailboxes = Table(
    "mailboxes",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("adopted", Float, nullable=False),
)
"""Mailboxes that voxpost has begun with: what lay there before was recorded, not mailed."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    # What it came of. Unique: the same thing handed over twice is one entry.
    Column("source", String(255), nullable=False, unique=True),
    Column("kind", String(20), nullable=False),
    Column("extension", String(20), nullable=False),
    Column("recipient", String(254), nullable=False),
    Column("message_id", String(255), nullable=False),
    Column("payload", Text, nullable=False),
    Column("audio", String(255)),
    Column("created", Float, nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    # When it may be tried next. A lease moves it ahead, so that one index finds all that is due.
    Column("due", Float, nullable=False),
    Column("leased_by", String(80)),
    Column("last_error", Text),
    Column("settled", Float),
    # What the mailbox still asks for once delivered: "heard" or "delete"; None when done.
    Column("aftercare", String(8)),
    Index("outbox_due", "state", "due"),
    Index("outbox_of_person", "extension", "kind", "created"),
    Index("outbox_aftercare", "aftercare"),
    Index("outbox_message_id", "message_id"),
)

_kept = outbox.c.audio.is_not(None)
# Few entries keep a recording; they are looked for with every sweep.
Index(
    "outbox_kept_audio",
    *(outbox.c.state, outbox.c.settled),
    sqlite_where=_kept,
    postgresql_where=_kept,
)

in_step = Table(
    "in_step",
    metadata,
    # The outbox's entry. The mail that it became and the message on the telephone are a pair.
    Column("entry", Integer, primary_key=True, autoincrement=False),
    Column("extension", String(20), nullable=False),
    Column("mailbox", String(255), nullable=False),
    Column("msg_id", String(255), nullable=False),
    Column("message_id", String(255), nullable=False),
    # What both sides last agreed on.
    Column("read", Boolean, nullable=False),
    # Whether the mail carries the recording.
    Column("whole", Boolean, nullable=False),
    # Where the mail was seen last; all None until it was seen.
    Column("account", String(600)),
    Column("folder", Text),
    Column("uid_validity", BigInteger),
    Column("uid", BigInteger),
    Column("opened", Float, nullable=False),
    Column("closed", Float),
    # Why nothing is kept in step any more.
    Column("reason", Text),
)
"""Mails and telephone messages that are kept in step: read is heard."""

_open = in_step.c.closed.is_(null())
# Of the open ones alone: those that are done with cost nothing, however many they are.
Index("in_step_open", in_step.c.extension, sqlite_where=_open, postgresql_where=_open)

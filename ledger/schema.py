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
    literal_column,
    null,
)

VERSION = 4
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
Index("in_step_open", in_step.c.extension, sqlite_where=_open)

texts = Table(
    "texts",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    # What it came of. Unique: asked for twice it is one text.
    Column("source", String(255), nullable=False, unique=True),
    Column("origin", String(12), nullable=False),
    # The other side: E.164, or the name that a sender has instead of a number.
    Column("number", String(40), nullable=False),
    Column("own_number", String(40)),
    Column("gateway", String(80), nullable=False),
    # Who wrote it, or whose it is; empty for nobody.
    Column("extension", String(20), nullable=False),
    Column("account", String(80), nullable=False),
    Column("author", String(254), nullable=False),
    Column("body", Text, nullable=False),
    # The e-mail that it came of, or that it became.
    Column("message_id", String(255)),
    Column("created", Float, nullable=False),
    Column("state", String(12), nullable=False),
    Column("due", Float, nullable=False),
    # What one person writes goes before what goes to a thousand.
    Column("rank", Integer, nullable=False),
    # As the network counts them, and as the gateway is given them.
    Column("parts", Integer, nullable=False),
    Column("pieces", Integer, nullable=False),
    Column("price", Float, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("claimed_by", String(80)),
    Column("words", Text),
    Column("settled", Float),
    Column("broadcast", Integer),
    Index("texts_due", "gateway", "state", "rank", "due"),
    Index("texts_of_number", "number", "id"),
    Index("texts_by_state", "state", "id"),
    # The id of one that was forgotten is not given again: gateways and programs name texts by it.
    sqlite_autoincrement=True,
)
"""Every text, in and out."""

_single = texts.c.broadcast.is_(null())
# What the caps are counted by; a broadcast of thousands is not looked through for that.
Index(
    "texts_by_day",
    *(texts.c.created, texts.c.origin),
    sqlite_where=_single,
)

_of_broadcast = texts.c.broadcast.is_not(None)
Index(
    "texts_of_broadcast",
    *(texts.c.broadcast, texts.c.state, texts.c.gateway),
    sqlite_where=_of_broadcast,
)

by_a_program = texts.c.account != literal_column("''")
# SQLite takes the index only where the question says the same.
Index(
    "texts_of_account",
    *(texts.c.account, texts.c.id),
    sqlite_where=by_a_program,
)

text_pieces = Table(
    "text_pieces",
    metadata,
    Column("text", Integer, primary_key=True, autoincrement=False),
    Column("at", Integer, primary_key=True, autoincrement=False),
    Column("gateway", String(80), nullable=False),
    Column("state", String(12), nullable=False),
    # What the gateway's report will name.
    Column("reference", String(80)),
    Column("words", Text),
    Column("begun", Float, nullable=False),
    Column("moved", Float, nullable=False),
    Index("text_pieces_reference", "gateway", "reference"),
    Index("text_pieces_by_day", "begun", "gateway"),
)
"""What was handed to a gateway, and what became of it."""

text_reports = Table(
    "text_reports",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("gateway", String(80), nullable=False),
    Column("reference", String(80), nullable=False),
    # Who the piece was for, where references come again.
    Column("number", String(40)),
    Column("state", String(12), nullable=False),
    Column("words", Text, nullable=False),
    Column("came", Float, nullable=False),
    Index("text_reports_reference", "gateway", "reference"),
    Index("text_reports_came", "came"),
)
"""Reports that came before it was recorded what they report of."""

text_parts = Table(
    "text_parts",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("gateway", String(80), nullable=False),
    # The gateway's own name of it: what is brought again is known by it.
    Column("key", String(128), nullable=False),
    Column("raw", Text, nullable=False),
    Column("sender", String(40), nullable=False),
    Column("own_number", String(40)),
    Column("sent_at", Float, nullable=False),
    Column("came", Float, nullable=False),
    Column("body", Text),
    Column("trouble", Text),
    Column("reference", Integer),
    Column("total", Integer),
    Column("number", Integer),
    # The text that it became part of; None while others are missing.
    Column("text", Integer),
    Index("text_parts_key", "gateway", "key", unique=True),
    Index("text_parts_of_text", "text"),
)
"""What came in, as it came."""

_unjoined = text_parts.c.text.is_(null())
Index(
    "text_parts_unjoined",
    *(text_parts.c.came,),
    sqlite_where=_unjoined,
)

keyword_calls = Table(
    "keyword_calls",
    metadata,
    # The text that came in.
    Column("text", Integer, primary_key=True, autoincrement=False),
    Column("keyword", String(40), nullable=False),
    Column("may_answer", Boolean, nullable=False),
    Column("created", Float, nullable=False),
    # When it may be made next. A lease moves it ahead.
    Column("due", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Index("keyword_calls_due", "due"),
)
"""Programs that are still to be told of a text."""

broadcasts = Table(
    "broadcasts",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("template", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("author", String(254), nullable=False),
    Column("per_minute", Float),
    Column("created", Float, nullable=False),
    Column("starts", Float, nullable=False),
    # What it waits for.
    Column("words", Text),
    Column("ended", Float),
    Column("reported", Float),
)
"""Texts to many."""

stop_list = Table(
    "stop_list",
    metadata,
    Column("number", String(40), primary_key=True),
    Column("since", Float, nullable=False),
    Column("how", Text, nullable=False),
)
"""Numbers that want no texts."""

stop_changes = Table(
    "stop_changes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("number", String(40), nullable=False),
    Column("at", Float, nullable=False),
    Column("stopped", Boolean, nullable=False),
    # The text that said so, or who did and why.
    Column("how", Text, nullable=False),
    Index("stop_changes_of_number", "number", "id"),
)
"""All that ever happened to the stop list."""

group_members = Table(
    "group_members",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("number", String(40), primary_key=True),
    Column("fields", Text, nullable=False),
    Column("since", Float, nullable=False),
    Column("how", Text, nullable=False),
)
"""Groups of numbers, for broadcasts."""


def partial_on_postgresql() -> None:
    """Have PostgreSQL make indexes of some rows alone, too, where SQLite does.

    Not said above: SQLAlchemy would load that dialect, two megabytes that most sites never use.
    """
    for table in metadata.sorted_tables:
        for index in table.indexes:
            where = index.dialect_kwargs.get("sqlite_where")
            if where is not None:
                index.dialect_kwargs["postgresql_where"] = where

"""Which part of Asterisk reads which file, and how a change becomes live."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dialplan_templates.compare import FileChange
from dialplan_templates.sections import split_sections


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a file.

    Arguments:
        module: the name that AMI's Reload takes; None when only a restart makes it live.
        sources: names of Asterisk's C files, by their beginning, that complain in the log about
            this file. Complaints about calls come from others, or carry a call's number.
    """

    module: str | None
    sources: tuple[str, ...]


_OPTIONS = ("config.c", "config_options.c")

# In the order of reloading: the log first, so that it hears the others; what extensions refer
# to before the extensions; the manager last, as it carries our own connection.
READERS: dict[str, Reader] = {
    "asterisk.conf": Reader(None, ()),
    "modules.conf": Reader(None, ()),
    "logger.conf": Reader("logger", (*_OPTIONS, "logger.c")),
    "http.conf": Reader("http", (*_OPTIONS, "http.c", "tcptls.c")),
    "rtp.conf": Reader("res_rtp_asterisk", (*_OPTIONS, "res_rtp_asterisk.c")),
    "features.conf": Reader("features", (*_OPTIONS, "features_config.c", "features.c")),
    "musiconhold.conf": Reader("res_musiconhold", (*_OPTIONS, "res_musiconhold.c")),
    "cdr.conf": Reader("cdr", (*_OPTIONS, "cdr.c", "cdr_csv.c")),
    "queues.conf": Reader("app_queue", (*_OPTIONS, "app_queue.c")),
    "confbridge.conf": Reader(
        "app_confbridge", (*_OPTIONS, "app_confbridge.c", "conf_config_parser.c")
    ),
    "voicemail.conf": Reader("app_voicemail", (*_OPTIONS, "app_voicemail.c")),
    "pjsip.conf": Reader(
        "res_pjsip",
        (
            *_OPTIONS,
            "res_sorcery_config.c",
            "sorcery.c",
            "acl.c",
            "frame.c",
            "format_cap.c",
            "res_pjsip.c",
            "config_",
            "pjsip_",
            "location.c",
            "res_pjsip_outbound_registration.c",
            "res_pjsip_endpoint_identifier_ip.c",
        ),
    ),
    "extensions.conf": Reader("pbx_config", (*_OPTIONS, "pbx_config.c", "pbx.c")),
    "manager.conf": Reader("manager", (*_OPTIONS, "manager.c", "acl.c", "tcptls.c")),
}


def modules_of(files: Iterable[str]) -> tuple[str, ...]:
    """The modules that read these files, each once, in the order of reloading."""
    names = set(files)
    readers = (reader for name, reader in READERS.items() if name in names)
    return tuple(dict.fromkeys(it.module for it in readers if it.module is not None))


def restart_reason(change: FileChange) -> str | None:
    """Why Asterisk must be restarted before the whole change is live; None if a reload does."""
    if READERS[change.name].module is None:
        return f"{change.name} is read at start only"
    if change.name == "pjsip.conf" and change.old is not None:
        old = _transports(change.old.decode(errors="replace"))
        new = _transports(change.new.decode())
        # A new transport starts at once; one that is in use keeps its address.
        touched = sorted(name for name, lines in old.items() if new.get(name) != lines)
        if touched:
            return f"PJSIP keeps its transports until then: {', '.join(touched)}"
    return None


def _transports(text: str) -> dict[str, list[str]]:
    return {
        header: lines
        for header, lines in split_sections(text).items()
        if any(line.replace(" ", "") == "type=transport" for line in lines)
    }

"""Reading Asterisk's log."""

from __future__ import annotations

from pathlib import Path

from dialplan_templates.asterisk_log import AsteriskLog

OLD = "[2026-11-22 08:00:00.000] ERROR[1] pbx_config.c: from before\n"
NEW = """\
[2026-11-22 08:00:01.000] NOTICE[1] pbx_config.c: only a notice
[2026-11-22 08:00:01.000] WARNING[1] pbx_config.c: The use of '_.' is bad at line 3
[Nov 22 08:00:01] ERROR[77]: config.c:1234 process_text_line: parse error: no closing ']'
[2026-11-22 08:00:02.000] WARNING[9][C-00000001] pbx.c: Channel 'x' sent to invalid extension
[2026-11-22 08:00:02.000] WARNING[9] res_pjsip_registrar.c: AOR 'x' not found
[2026-11-22 08:00:03.000] WARNING[1] pbx_config.c: The use of '_.' is bad at line 3
"""
SOURCES = ("pbx_config.c", "pbx.c", "config.c")


def test_only_what_came_since_and_concerns_the_files_is_told_once(tmp_path: Path) -> None:
    file = tmp_path / "messages"
    file.write_text(OLD)
    log = AsteriskLog(tmp_path)
    with file.open("a") as stream:
        stream.write(NEW)
    assert log.complaints(SOURCES) == (
        "pbx_config.c: The use of '_.' is bad at line 3",
        "config.c:1234 process_text_line: parse error: no closing ']'",
    )


def test_a_log_that_was_rotated_or_is_new_is_read_from_its_start(tmp_path: Path) -> None:
    (tmp_path / "messages").write_text(OLD * 50)
    log = AsteriskLog(tmp_path)
    (tmp_path / "messages").write_text(NEW)
    (tmp_path / "full.log").write_text("[x] ERROR[1] config.c: only here\n")
    assert "config.c: only here" in log.complaints(SOURCES)
    assert len(log.complaints(SOURCES)) == 3


def test_without_a_log_it_says_so(tmp_path: Path) -> None:
    log = AsteriskLog(tmp_path)
    assert not log.readable
    assert log.complaints(SOURCES) == ()

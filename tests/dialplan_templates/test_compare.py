"""Comparing: by file and section, with nothing secret in it."""

from __future__ import annotations

from pathlib import Path

from dialplan_templates.compare import as_data, compare, for_people
from dialplan_templates.mark import State, with_mark
from tests.dialplan_templates.generated import person, render_site, site_of


def write(folder: Path, rendered: dict[str, str]) -> None:
    for name, text in rendered.items():
        (folder / name).write_text(with_mark(text))


def test_nothing_changes_where_the_same_stands(tmp_path: Path) -> None:
    rendered = render_site(site_of([person(1001)]))
    write(tmp_path, rendered)
    changes = compare(rendered, tmp_path)
    assert not any(change.changed for change in changes)
    assert for_people(changes) == ""


def test_a_new_person_is_shown_by_section_and_no_secret_is(tmp_path: Path) -> None:
    write(tmp_path, render_site(site_of([person(1001)])))
    new = site_of([person(1001, phone={"password": "another-password"}), person(777)])
    changes = compare(render_site(new), tmp_path)
    text = for_people(changes)
    assert "[phone-777](phone) added" in text
    assert "[phone-1001](phone-auth) changed" in text
    assert "+ password = (hidden)" in text
    assert "+ 777 => (hidden),Person 777,,,tz=Asia-Jakarta" in text
    assert "+ exten => _XXX,1,Set(VOXPOST_EXTENSION=${EXTEN})" in text
    for secret in ("another-password", "sip-password", "4242", "ami-secret"):
        assert secret not in text
        assert secret not in str(as_data(changes))


def test_as_data_it_names_file_state_and_section(tmp_path: Path) -> None:
    (tmp_path / "rtp.conf").write_text("[general]\nrtpstart = 1\n")
    (change,) = as_data(compare({"rtp.conf": "[general]\nrtpstart = 2\n"}, tmp_path))
    assert change == {
        "file": "rtp.conf",
        "state": "foreign",
        "changed": True,
        "sections": [
            {
                "section": "[general]",
                "change": "changed",
                "removed": ["rtpstart = 1"],
                "added": ["rtpstart = 2"],
            }
        ],
    }


def test_ten_thousand_new_mailboxes_are_compared_and_cut_short_for_people(tmp_path: Path) -> None:
    write(tmp_path, render_site(site_of([person(20_000 + i) for i in range(9_000)])))
    new = site_of([person(20_000 + i) for i in range(10_000)])
    changes = compare({"voicemail.conf": render_site(new)["voicemail.conf"]}, tmp_path)
    text = for_people(changes)
    assert "and 980 lines more" in text
    assert len(text.splitlines()) < 30


def test_a_hand_edit_of_a_comment_is_an_edit(tmp_path: Path) -> None:
    rendered = {"rtp.conf": "[general]\n"}
    (tmp_path / "rtp.conf").write_text(with_mark("[general]\n") + "; note\n")
    (change,) = compare(rendered, tmp_path)
    assert change.state is State.EDITED
    assert not change.safe_to_write
    assert "comments and blank lines only" in for_people((change,))

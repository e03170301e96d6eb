"""Rendering: fixed size, every secret once, own templates, clear refusals."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest

from dialplan_templates.errors import TemplateFailed, UnsafeValue
from dialplan_templates.render import FILES, render
from pbx.secret import Secret, SecretUnusable
from tests.dialplan_templates.generated import person, render_site, site_of


def test_the_dialplan_has_one_size_for_ten_people_and_for_ten_thousand() -> None:
    few = render_site(site_of([person(20_000 + i) for i in range(10)]))
    many = render_site(site_of([person(20_000 + i) for i in range(10_000)]))
    assert few["extensions.conf"] == many["extensions.conf"]
    assert many["pjsip.conf"].count("](phone)") == 10_000
    assert many["voicemail.conf"].count(" => ") == 10_000


def test_no_pattern_of_the_dialplan_takes_anything_at_all() -> None:
    text = render_site(site_of([person(1001)]))["extensions.conf"]
    assert "_." not in text.replace("[-A-Za-z0-9:.@=/_~%+*\\;]", "").replace("9_.", "")
    assert "_!" not in text
    assert "exten => _XXXX,1," in text


def test_every_secret_is_read_once(tmp_path: Path) -> None:
    pin, password = tmp_path / "pin", tmp_path / "password"
    pin.write_text("9753\n")
    password.write_text("from-the-file\n")
    site = site_of([person(1001, voicemail={"pin_file": pin}, phone={"password_file": password})])
    read: list[str] = []
    original = Secret.read

    def counted(secret: Secret) -> str:
        read.append(secret.key)
        return original(secret)

    with mock.patch.object(Secret, "read", counted):
        rendered = render_site(site)
    assert len(read) == len(set(read)) == 4
    assert "1001 => 9753,Person 1001," in rendered["voicemail.conf"]
    assert "password = from-the-file\n" in rendered["pjsip.conf"]


def test_a_missing_secret_is_named() -> None:
    with pytest.raises(SecretUnusable, match=r"people\.1001\.phone\.password"):
        render_site(site_of([person(1001, phone={})]))


@pytest.mark.parametrize(
    ("file", "secret", "key"),
    [("phone", "abcdef\nb = c", "phone.password"), ("voicemail", "12,34", "voicemail.pin")],
)
def test_a_hostile_secret_in_a_file_is_refused_by_its_key(
    tmp_path: Path, file: str, secret: str, key: str
) -> None:
    path = tmp_path / "secret"
    path.write_text(secret)
    name = key.partition(".")[2]
    with pytest.raises((UnsafeValue, SecretUnusable), match=f"people.1001.{key}(_file)?: "):
        render_site(site_of([person(1001, **{file: {f"{name}_file": path}})]))


def test_without_a_pin_a_mailbox_cannot_be_opened_by_telephone() -> None:
    text = render_site(site_of([person(1001, voicemail={})]))["voicemail.conf"]
    assert "1001 => locked," in text


def test_no_mailbox_has_an_address_as_asterisk_itself_must_not_mail() -> None:
    text = render_site(site_of([person(1001, email="sari@klinik.example")]))["voicemail.conf"]
    assert "@" not in text
    assert "attach = no\n" in text


@pytest.mark.parametrize(("version", "polls"), [(16, "yes"), (18, "no"), (22, "no")])
def test_asterisk_16_alone_polls_as_its_lamps_do_not_follow_otherwise(
    version: int, polls: str
) -> None:
    text = render_site(site_of([person(1001)], asterisk={"version": version}))["voicemail.conf"]
    assert f"pollmailboxes = {polls}\n" in text


def test_a_person_who_may_not_dial_inside_reaches_the_services_alone() -> None:
    text = render_site(site_of([person(1001, may_dial=[])]))["pjsip.conf"]
    assert "context = voxpost-services\n" in text


def test_the_second_account_stands_only_with_a_secret() -> None:
    rendered = render_site(site_of([], asterisk={"ami": {"secret": "only-secret"}}))
    assert "voxpost-apply" not in rendered["manager.conf"]


def test_the_daemons_account_may_neither_command_nor_configure() -> None:
    account = render_site(site_of([]))["manager.conf"].split("[voxpost]")[1].split("[")[0]
    rights = next(line for line in account.splitlines() if line.startswith("write = "))
    assert {"command", "config", "system", "originate", "all"}.isdisjoint(
        rights.removeprefix("write = ").split(",")
    )


@pytest.mark.parametrize(
    ("host", "lines"),
    [
        ("127.0.0.1", "deny = 0.0.0.0/0.0.0.0\npermit = 127.0.0.1/32\n"),
        ("localhost", "deny = 0.0.0.0/0.0.0.0\npermit = 127.0.0.1/32\n"),
        ("10.0.0.5", "deny = 0.0.0.0/0.0.0.0\npermit = 10.0.0.5/32\n"),
        ("::1", "deny = ::/0\npermit = ::1/128\n"),
    ],
)
def test_the_manager_lets_in_its_own_address_alone(host: str, lines: str) -> None:
    ami = {"host": host, "secret": "only-secret"}
    assert lines in render_site(site_of([], asterisk={"ami": ami}))["manager.conf"]


def test_a_managers_host_name_is_refused_as_asterisk_compares_addresses() -> None:
    ami = {"host": "pbx.example", "secret": "only-secret"}
    with pytest.raises(UnsafeValue, match=r"asterisk\.ami\.host"):
        render_site(site_of([], asterisk={"ami": ami}))


def test_http_and_websocket_are_off_without_a_telephone_in_a_browser() -> None:
    without = render_site(site_of([person(1001)]))
    browser = render_site(
        site_of([person(1001, phone={"password": "p" * 9, "transport": "websocket"})])
    )
    assert "enabled = no" in without["http.conf"]
    assert "protocol = ws" not in without["pjsip.conf"]
    assert "enabled = yes" in browser["http.conf"]
    assert "protocol = ws" in browser["pjsip.conf"]


def test_tls_is_there_with_a_certificate_alone() -> None:
    assert "transport-tls" not in render_site(site_of([]))["pjsip.conf"]
    phones = {"tls_certificate": "/etc/ssl/a.pem", "tls_key": "/etc/ssl/a.key"}
    assert "cert_file = /etc/ssl/a.pem\n" in render_site(site_of([], phones=phones))["pjsip.conf"]


def test_an_administrators_template_replaces_one_of_ours_and_may_include_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "rtp.conf.j2").write_text('{% include "ours/rtp.conf.j2" %}\nstunaddr = x\n')
    rendered = render_site(site_of([], service={"templates_dir": tmp_path}))
    assert rendered["rtp.conf"].startswith("[general]\nrtpstart = ")
    assert rendered["rtp.conf"].endswith("stunaddr = x\n")
    assert set(rendered) == set(FILES)


@pytest.mark.parametrize(
    ("text", "words"),
    [("{{ nobody }}", "nobody"), ("{% if %}", "line 1"), ("{{ site.nme }}", "nme")],
)
def test_a_fault_in_an_own_template_is_told_with_its_name(
    tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "rtp.conf.j2").write_text(text)
    with pytest.raises(TemplateFailed, match=rf"rtp\.conf\.j2.*{words}"):
        render_site(site_of([], service={"templates_dir": tmp_path}))


def test_a_private_instance_has_an_asterisk_conf_with_its_folders() -> None:
    site = site_of([], asterisk={"private": True, "ami": {"secret": "only-secret"}})
    text = render(
        site,
        site_file=Path("/s.toml"),
        command=Path("/bin/voxpost"),
        directories={"astmoddir": Path("/opt/modules")},
    )["asterisk.conf"]
    assert "astetcdir => /nowhere/etc\n" in text
    assert "astmoddir => /opt/modules\n" in text
    assert "live_dangerously = no\n" in text


@pytest.mark.parametrize("version", [16, 18, 20, 22])
def test_every_version_is_rendered(version: int) -> None:
    site = site_of([person(1001)], asterisk={"version": version, "ami": {"secret": "only-secret"}})
    assert set(render_site(site)) == set(FILES)


def test_a_slip_in_templates_dir_does_not_render_a_configuration_without_the_own_trunk(
    tmp_path: Path,
) -> None:
    site = site_of([person(1001)], service={"templates_dir": tmp_path / "templats"})
    with pytest.raises(TemplateFailed, match=r"service\.templates_dir: .*templats is no folder"):
        render_site(site)

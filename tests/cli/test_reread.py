"""What a running voxpost takes of a site file that changed."""

from __future__ import annotations

import signal
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from cli.reread import AT_START, refusal, wants_restart
from lab.ports import PortFinder
from pbx.model import Site
from tests.cli.daemon_process import running
from tests.cli.sms_site import SmsSite

MODEM = {"name": "stick", "kind": "modem", "device": "/dev/ttyUSB0", "number": "+62811000111"}
SMS: dict[str, Any] = {"desk": "info@klinik.example", "gateways": [MODEM]}
INTAKE = {"domain": "sms.klinik.example"}


def site(**sections: Any) -> Site:
    mail = {"smtp": {"host": "localhost"}, "from": "v@klinik.example"} | sections.pop("mail", {})
    return Site.model_validate(
        {"site": {"name": "Klinik", "domain": "klinik.example"}, "mail": mail, **sections}
    )


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [
        ({}, {"people": [{"extension": "1001", "name": "Sari"}]}, []),
        ({}, {"mail": {"smtp": {"host": "mail.klinik.example"}}}, []),
        ({}, {"mail": {"connections": 7}}, ["mail.connections"]),
        ({}, {"service": {"state_dir": "/srv/voxpost"}}, ["service.state_dir"]),
        ({}, {"asterisk": {"agi": {"port": 4574}}}, ["asterisk.agi.port"]),
        ({}, {"sms": SMS}, ["sms"]),
        ({"sms": SMS}, {"sms": SMS | {"per_day": 5, "http_port": 9000}}, ["sms.http_port"]),
        ({"sms": SMS}, {"sms": SMS | {"mail": INTAKE}}, ["sms.mail"]),
        ({"sms": SMS | {"mail": INTAKE}}, {"sms": SMS}, ["sms.mail"]),
        (
            {"sms": SMS | {"mail": INTAKE}},
            {"sms": SMS | {"mail": INTAKE | {"port": 8025, "authserv_id": "mail"}}},
            ["sms.mail.port"],
        ),
    ],
)
def test_keys_that_are_looked_at_only_at_the_start_are_named(
    old: dict[str, Any], new: dict[str, Any], keys: list[str]
) -> None:
    assert wants_restart(site(**old), site(**new)) == keys
    assert refusal(site(**old), site(**new)) is None


def test_each_of_those_keys_is_one_of_the_site_file() -> None:
    whole = site(sms=SMS | {"mail": INTAKE})
    for key in AT_START:
        attrgetter(key)(whole)  # a misspelt one would never be found to have changed


async def test_texts_are_carried_on_when_a_new_site_file_lacks_them(
    tmp_path: Path, ports: PortFinder
) -> None:
    folder = SmsSite(tmp_path, ports)
    async with running(folder.file) as daemon:
        folder.write()
        daemon.signal(signal.SIGHUP)
        (refused,) = await daemon.logged("site file not taken")
        assert "[sms] is gone" in refused["problems"][0]
        daemon.signal(signal.SIGTERM)
        assert await daemon.ended() == 0
    assert "Traceback" not in daemon.log

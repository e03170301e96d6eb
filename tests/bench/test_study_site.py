"""The study's site and plans."""

from pathlib import Path

import pytest

from bench.study.plan import FULL, QUICK, Plan
from bench.study.site import dialplan, site_text
from bench.study.stage import BULK_BOXES, SPOKEN_BOXES
from lab.asterisk import PrivateAsterisk
from lab.mail_ports import MailPorts
from lab.ports import AsteriskPorts
from lab.trees import asterisk22
from lab.zimbra_like import ZimbraLike
from pbx.site import load_site
from tests.free_ports import free_ports


def test_the_site_file_is_one_that_voxpost_takes(tmp_path: Path) -> None:
    ports = free_ports()
    asterisk = PrivateAsterisk(asterisk22(tmp_path), tmp_path, AsteriskPorts.pick(ports))
    asterisk.etc_dir.mkdir()
    mail = ZimbraLike(tmp_path / "mail", MailPorts.pick(ports), [])
    mail.certificates.ca_file.parent.mkdir()
    mail.certificates.ca_file.touch()
    file = tmp_path / "site.toml"
    people = [(box, f"{box}@lab.example") for box in (*SPOKEN_BOXES, *BULK_BOXES)]
    file.write_text(site_text(asterisk, mail, 8080, people))
    site = load_site(file)
    assert len(site.people) == len(people)
    assert site.asterisk.agi.port == asterisk.ports.agi


def test_only_the_question_differs_between_the_ways() -> None:
    ports = AsteriskPorts.pick(free_ports())
    lines = [line for line in dialplan(ports, 4573).splitlines() if "office-hours" in line]
    assert lines == [
        f"exten => 701,1,AGI(agi://127.0.0.1:{ports.agi}/office-hours)",
        "exten => 702,1,AGI(agi://127.0.0.1:4573/office-hours)",
    ]


@pytest.mark.parametrize("plan", [FULL, QUICK])
def test_a_plan_rises_and_shares_its_mails_out_evenly(plan: Plan) -> None:
    assert list(plan.rates) == sorted(set(plan.rates))
    assert list(plan.background) == sorted(set(plan.background))
    assert plan.small % len(BULK_BOXES) == plan.large % len(BULK_BOXES) == 0
    assert plan.voicemails <= len(SPOKEN_BOXES)
    assert plan.calls_at_once >= max(plan.background)

"""The [sms] section: what it takes, and what it contradicts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pbx.errors import Problem
from pbx.gateways import ModemGateway
from pbx.model import Site
from tests.pbx.conftest import HEAD, SARI

Problems = Callable[..., list[Problem]]

DESK = '[sms]\ndesk = "info@klinik.example"\n'
MODEM = '[[sms.gateways]]\nname = "stick"\nkind = "modem"\ndevice = "/dev/ttyUSB0"\n'
KANNEL = '[[sms.gateways]]\nname = "kannel"\nkind = "kannel"\nusername = "voxpost"\n'
PLAYSMS = (
    '[[sms.gateways]]\nname = "play"\nkind = "playsms"\nusername = "voxpost"\n'
    'url = "https://sms.example/index.php"\n'
)
SMPP = '[[sms.gateways]]\nname = "op"\nkind = "smpp"\nhost = "smsc.example"\nsystem_id = "v"\n'
MAIL = '[sms.mail]\ndomain = "sms.klinik.example"\n'
API = '[[sms.api]]\nusername = "shop"\ntoken = "0123456789abcdef"\n'
KEYWORD = '[[sms.keywords]]\nword = "info"\nanswer = "Buka jam 8"\n'

# What is added to a good file; then key, what, remedy.
FAULTS = [
    (DESK, "sms.gateways", "is missing", "Add it"),
    (f"{DESK}{MODEM}{MODEM.replace('USB0', 'USB1')}", "sms.gateways[1].name", "two gateways", ""),
    (
        f"{DESK}{MODEM}{MODEM.replace('stick', 'other')}",
        "sms.gateways[1].device",
        'the modem of "stick"',
        "",
    ),
    (f"{DESK}{MODEM}baud = 1\n", "sms.gateways[0].baud", "It is 1", ""),
    (f"{DESK}{MODEM}bauds = 1\n", "sms.gateways[0].bauds", "not a key", "Is it baud?"),
    (
        f"{DESK}{MODEM.replace('modem', 'modern')}",
        "sms.gateways[0].kind",
        '"modern"',
        "modem, kannel, kannel-box, playsms, smpp",
    ),
    (f"{DESK}[[sms.gateways]]\nname = 'x'\n", "sms.gateways[0].kind", "is missing", ""),
    (f'{DESK}{MODEM}prefixes = ["0811"]\n', "sms.gateways[0].prefixes[0]", "no prefix", ""),
    (f"{DESK}{KANNEL}", "sms.gateways[0].password_file", "is missing", "Add it"),
    (f"{DESK}{PLAYSMS}", "sms.gateways[0].token_file", "is missing", "Add it"),
    (f"{DESK}{SMPP}", "sms.gateways[0]", "needs password_file", ""),
    (
        f"{DESK}{PLAYSMS.replace('https', 'http')}",
        "sms.gateways[0].url",
        "password in clear",
        "",
    ),
    (f"{DESK}{MODEM}prefixes = []\n{MAIL}", "sms.gateways", "nothing can be sent", '["+"]'),
    (f'{DESK}{MODEM}prefixes = ["+44"]\n', "sms.countries", "no gateway carries", "prefix"),
    (
        f'{DESK}countries = ["ID", "MY"]\n{MODEM}prefixes = ["+628"]\n',
        "sms.countries",
        "to MY (+60)",
        "close the country",
    ),
    (
        f'{DESK}numbers = {{ "0811 000 111" = "a@klinik.example" }}\n{MODEM}',
        "sms.numbers.0811 000 111",
        "no number as gateways",
        'Write "+62811000111"',
    ),
    (
        f'{DESK}numbers = {{ "+62811000111" = "1009" }}\n{MODEM}',
        "sms.numbers.+62811000111",
        "nobody has extension 1009",
        "one of the people",
    ),
    (
        f'{DESK}numbers = {{ "9123" = "1001" }}\n{MODEM}',
        "sms.numbers.9123",
        "Sari has no mail account",
        "email",
    ),
    (
        f'{DESK}numbers = {{ "+62811000111" = "sari" }}\n{MODEM}',
        "sms.numbers.+62811000111",
        '"sari" is no extension, and no e-mail address',
        "",
    ),
    (f"{DESK}{MODEM.replace('[[', '[').replace(']]', ']')}", "sms.gateways", "shape", "[[sms.g"),
    (f"{DESK}{MODEM}{API.replace('[[', '[').replace(']]', ']')}", "sms.api", "shape", "[[sms.api"),
    (f"{DESK}{MODEM}{KEYWORD}{KEYWORD}", "sms.keywords[1].word", "INFO is a keyword", "another"),
    (
        f"{DESK}{MODEM}{KEYWORD.replace('info', 'Stop')}",
        "sms.keywords[0].word",
        "STOP is a stop word",
        "another",
    ),
    (f'{DESK}start_words = ["unreg"]\n{MODEM}', "sms.start_words", "UNREG", "one of them"),
    (f'{DESK}{MODEM}[[sms.keywords]]\nword = "a b"\n', "sms.keywords[0].word", "no single", ""),
    (f'{DESK}{MODEM}[[sms.keywords]]\nword = "a"\n', "sms.keywords[0]", "does nothing", ""),
    (
        f"{DESK}{MODEM}{MAIL.replace('sms.klinik', 'klinik')}",
        "sms.mail.domain",
        "the site's own domain",
        "sms.klinik.example",
    ),
    (
        f"{DESK.replace('info@', 'info@sms.')}{MODEM}{MAIL}",
        "sms.desk",
        "whose mail becomes texts",
        "mail account",
    ),
    (
        f'{DESK}numbers = {{ "+62811000111" = "+62812000111@sms.klinik.example" }}\n{MODEM}{MAIL}',
        "sms.numbers.+62811000111",
        "whose mail becomes texts",
        "mail account",
    ),
    (f"{DESK}http_port = 9437\n{MODEM}", "sms.http_port", "also service.http_port", ""),
    (f"{DESK}{MODEM}{MAIL}port = 9438\n", "sms.mail.port", "also sms.http_port", ""),
    (
        f"{DESK}{MODEM}{API}{API}",
        "sms.api[1].username",
        'username "shop"',
        "another",
    ),
    (f'{DESK}quiet = "9-17"\n{MODEM}', "sms.quiet", "right form", "21:00-08:00"),
]


@pytest.mark.parametrize(("added", "key", "what", "remedy"), FAULTS)
def test_a_fault_of_sms_names_its_key_and_remedy(
    problems: Problems, *, added: str, key: str, what: str, remedy: str
) -> None:
    found = problems(HEAD + SARI + added)
    assert [problem.key for problem in found] == [key]
    assert what in found[0].what
    assert remedy in found[0].remedy
    assert found[0].line is not None


def test_a_person_whose_mail_would_become_texts_and_be_swallowed_is_a_fault(
    problems: Problems,
) -> None:
    address = "+62812000111@SMS.klinik.example"
    person = f'[[people]]\nextension = "1002"\nname = "Budi"\nemail = "{address}"\n'
    (problem,) = problems(f"{HEAD}{SARI}{person}{DESK}{MODEM}{MAIL}")
    assert problem.key == "people.1002.email"
    assert "whose mail becomes texts" in problem.what


@pytest.mark.parametrize(
    ("gateway", "key", "what"),
    [
        (f'{PLAYSMS}token = "x"\ntimezone = "Asia/Jakata"\n', "timezone", "no time zone"),
        (MODEM.replace("/dev/ttyUSB0", ""), "device", "no whole path"),
        (MODEM.replace("/dev/ttyUSB0", "/"), "device", "no whole path"),
        (MODEM.replace("/dev/", ""), "device", "no whole path"),
        (f'{SMPP}password = "x"\nnumber = "KLINIK SEHAT"\n', "number", "no name of at most"),
    ],
)
def test_a_slip_that_ended_the_daemon_or_left_a_gateway_out_does_not_pass(
    problems: Problems, *, gateway: str, key: str, what: str
) -> None:
    (problem,) = problems(HEAD + SARI + DESK + gateway)
    assert problem.key == f"sms.gateways[0].{key}"
    assert what in problem.what


@pytest.mark.parametrize("sender", ["+62811000111", "1234", "KLINIK", "Klinik 24"])
def test_what_smpp_can_send_from_passes(load: Callable[..., Site], sender: str) -> None:
    site = load(f'{HEAD}{DESK}{SMPP}password = "x"\nnumber = "{sender}"\n')
    assert site.sms is not None
    assert site.sms.gateways[0].number == sender


def test_a_site_with_all_kinds_of_gateways(load: Callable[..., Site]) -> None:
    secrets = (
        KANNEL + 'password = "kannel-s3cret"\n' + PLAYSMS + 'token = "play-s3cret"\n',
        SMPP + 'password = "s3cret"\n' + MAIL + KEYWORD,
    )
    site = load(HEAD + SARI + DESK + MODEM + "".join(secrets))
    assert site.sms is not None
    assert [it.kind for it in site.sms.gateways] == ["modem", "kannel", "playsms", "smpp"]
    assert isinstance(site.sms.gateways[0], ModemGateway)
    assert site.sms.alarm_address == "info@klinik.example"
    assert site.sms.keywords[0].word == "INFO"
    assert "s3cret" not in repr(site)


def test_a_gateway_for_coming_in_alone_needs_no_prefix(load: Callable[..., Site]) -> None:
    assert load(f"{HEAD}{DESK}{MODEM}prefixes = []\n").sms is not None


def test_a_wrong_secret_is_not_shown(problems: Problems) -> None:
    (problem,) = problems(f'{HEAD}{DESK}{SMPP}password = "much-too-long-s3cret"\n')
    assert "s3cret" not in str(problem)
    added = f'{HEAD}{DESK}{PLAYSMS}token = ["play-s3cret"]\n'
    assert "s3cret" not in str(problems(added))
    added = f'{HEAD}{DESK}{MODEM}[[sms.api]]\nusername = "x"\ntoken = "s3cret"\n'
    assert "s3cret" not in str(problems(added))

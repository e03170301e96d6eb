"""What [sms] contradicts in itself, and in the rest of the site file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import phonenumbers

from pbx.gateways import GatewaySettings, KannelGateway, ModemGateway, PlaySmsGateway
from pbx.model import Site
from pbx.numbers import Extension, is_extension, to_e164
from pbx.sms import Sms

Location = tuple[str | int, ...]
Found = tuple[Location, str, str]
"""Where it stands, what is wrong, and the remedy."""

BECOMES_TEXT = "is in the domain whose mail becomes texts."
MAIL_ACCOUNT = "Write an address of a mail account."
_SHORT_CODE = re.compile(r"[0-9]{3,8}")


def sms_contradictions(site: Site) -> Iterator[Found]:
    """Every contradiction of the SMS centre; none without one."""
    sms = site.sms
    if sms is None:
        return
    yield from _gateways(sms.gateways)
    yield from _reachable(site, sms)
    yield from _numbers(site, sms)
    yield from _words(sms)
    yield from _users(sms)
    yield from _loops(site, sms)


def _gateways(gateways: Sequence[GatewaySettings]) -> Iterator[Found]:
    names: set[str] = set()
    devices: dict[str, str] = {}
    for place, gateway in enumerate(gateways):
        where: Location = ("sms", "gateways", place)
        if gateway.name in names:
            what = f'two gateways have the name "{gateway.name}".'
            yield (*where, "name"), what, "Give one of them another: the ledger knows texts by it."
        names.add(gateway.name)
        if isinstance(gateway, ModemGateway):
            device = str(gateway.device)
            if device in devices:
                what = f'is also the modem of "{devices[device]}".'
                yield (*where, "device"), what, "One modem can be one gateway."
            devices.setdefault(device, gateway.name)
        if isinstance(gateway, KannelGateway) and not gateway.login_secret().given:
            yield (*where, "password_file"), "is missing.", "Add it: sendsms asks for a password."
        if isinstance(gateway, PlaySmsGateway) and not gateway.login_secret().given:
            yield (*where, "token_file"), "is missing.", "Add it: the web service asks for a token."


def _reachable(site: Site, sms: Sms) -> Iterator[Found]:
    """Each country that may be written to needs a gateway that carries texts there."""
    prefixes = [prefix for gateway in sms.gateways for prefix in gateway.prefixes]
    answers = any(keyword.answer for keyword in sms.keywords)
    if not prefixes and (sms.mail is not None or sms.api or answers):
        what = "have no prefixes, so that nothing can be sent or answered."
        yield ("sms", "gateways"), what, 'Leave prefixes out of one, or write ["+"].'
    for country in sms.countries or (site.site.country,):
        code = f"+{phonenumbers.country_code_for_region(country)}"
        if prefixes and not any(it.startswith(code) or code.startswith(it) for it in prefixes):
            what = f"no gateway carries texts to {country} ({code})."
            yield ("sms", "countries"), what, "Add its prefix to a gateway, or close the country."


def _numbers(site: Site, sms: Sms) -> Iterator[Found]:
    for number, whose in sms.numbers.items():
        where: Location = ("sms", "numbers", number)
        meant = to_e164(number, site.site.country)
        if number != meant and _SHORT_CODE.fullmatch(number) is None:
            remedy = f'Write "{meant}".' if meant else "Write it like +62811000111."
            yield where, f'"{number}" is no number as gateways name theirs.', remedy
        if not is_extension(whose):
            continue
        person = site.by_extension.get(Extension(whose))
        if person is None:
            yield where, f"nobody has extension {whose}.", "Name one of the people, or an address."
        elif person.email is None:
            what = f"{person.name} has no mail account to get texts."
            yield where, what, "Give the person an email, or write an address here."


def _words(sms: Sms) -> Iterator[Found]:
    both = sorted({*sms.stop_words} & {*sms.start_words})
    if both:
        what = f"{', '.join(both)} is among the stop_words too."
        yield ("sms", "start_words"), what, "A word can mean one of them."
    taken = dict.fromkeys(sms.stop_words, "a stop word")
    taken |= dict.fromkeys(sms.start_words, "a start word")
    for place, keyword in enumerate(sms.keywords):
        if keyword.word in taken:
            what = f"{keyword.word} is {taken[keyword.word]} already."
            remedy = "Choose another word, or remove it there."
            yield ("sms", "keywords", place, "word"), what, remedy
        taken.setdefault(keyword.word, "a keyword")


def _users(sms: Sms) -> Iterator[Found]:
    names: set[str] = set()
    for place, user in enumerate(sms.api):
        if user.username in names:
            what = f'two programs have the username "{user.username}".'
            yield ("sms", "api", place, "username"), what, "Give one of them another."
        names.add(user.username)


def _loops(site: Site, sms: Sms) -> Iterator[Found]:
    """E-mails about texts must not come back as texts."""
    if sms.mail is None:
        return
    domain = sms.mail.domain
    if domain.casefold() == site.site.domain.casefold():
        what = f"{domain} is the site's own domain: all of its mail would come here."
        yield ("sms", "mail", "domain"), what, f"Choose a sub-domain: sms.{domain}."
        return
    told: list[tuple[Location, str | None]] = [
        (("sms", "desk"), sms.desk),
        (("sms", "alarms_to"), sms.alarms_to),
        (("mail", "from"), site.mail.sender_address),
        (("mail", "envelope_sender"), site.mail.envelope_sender),
    ]
    told += [(("sms", "numbers", number), whose) for number, whose in sms.numbers.items()]
    for place, keyword in enumerate(sms.keywords):
        told += [(("sms", "keywords", place, "to"), address) for address in keyword.to]
    for where, address in told:
        if address is not None and becomes_text(address, sms):
            yield where, f"{address} {BECOMES_TEXT}", MAIL_ACCOUNT


def becomes_text(address: str, sms: Sms) -> bool:
    """Whether e-mails to an address come to us; of those that we wrote no text is made."""
    return sms.mail is not None and address.casefold().endswith(f"@{sms.mail.domain.casefold()}")

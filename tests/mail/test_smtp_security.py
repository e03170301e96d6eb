"""TLS and log-in: what is verified, and what a fault is said to be."""

import pytest

from mail.outcome import Accepted, TryLater

OFFER = "250-lab\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN CRAM-MD5\r\n250 SIZE 10240000"
ACCOUNT = {"username": "voxpost", "password": "rahasia-sekali"}


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_it_sends_over_tls_with_a_certificate_that_ca_file_vouches_for(
    start_server, session_for, message, certificates, security
):
    server = await start_server(
        {"tls": certificates.server, "implicit_tls": security == "tls"}, EHLO=OFFER
    )
    session = session_for(
        server, host="localhost", security=security, ca_file=certificates.ca_file, **ACCOUNT
    )
    assert isinstance(await session.send(message), Accepted)
    assert server.bodies == [message.content]
    assert any(command.startswith("AUTH PLAIN ") for command in server.commands)
    await session.close()


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_bare_certificate_error_of_starttls_is_a_value_that_says_what_to_mend(
    start_server, session_for, message, certificates, security
):
    # aiosmtplib lets ssl.SSLCertVerificationError through bare after STARTTLS.
    server = await start_server(
        {"tls": certificates.server, "implicit_tls": security == "tls"}, EHLO=OFFER
    )
    outcome = await session_for(server, host="localhost", security=security).send(message)
    assert isinstance(outcome, TryLater)
    assert outcome.configuration
    assert outcome.elsewhere
    assert "certificate is not valid" in outcome.words
    assert "ca_file" in outcome.words
    assert "AUTH" not in server.verbs()


async def test_a_certificate_for_another_name_is_not_taken(
    start_server, session_for, message, certificates
):
    server = await start_server({"tls": certificates.server}, EHLO=OFFER)
    outcome = await session_for(
        server, host="127.0.0.1", security="starttls", ca_file=certificates.ca_file
    ).send(message)
    assert isinstance(outcome, TryLater)
    assert outcome.configuration


async def test_a_server_without_starttls_gets_nothing_in_clear(start_server, session_for, message):
    # start_tls=None of aiosmtplib would go on in clear.
    server = await start_server()
    outcome = await session_for(server, security="starttls", **ACCOUNT).send(message)
    assert isinstance(outcome, TryLater)
    assert outcome.configuration
    assert "STARTTLS" in outcome.words
    assert set(server.verbs()) <= {"EHLO"}


async def test_tls_spoken_to_a_plain_port_is_said_to_be_that(start_server, session_for, message):
    server = await start_server()
    outcome = await session_for(server, security="tls").send(message)
    assert isinstance(outcome, TryLater)
    assert "security" in outcome.words


async def test_a_wrong_password_is_configuration_and_is_tried_by_one_method_once(
    start_server, session_for, message
):
    # aiosmtplib's login() would try three methods, and Zimbra suspends after ten failures.
    server = await start_server(AUTH="535 5.7.8 Error: authentication failed")
    outcome = await session_for(server, **ACCOUNT).send(message)
    assert isinstance(outcome, TryLater)
    assert outcome.configuration
    assert outcome.code == 535
    assert "log-in as voxpost refused" in outcome.words
    assert server.verbs().count("AUTH") == 1


async def test_the_password_stands_in_no_words(start_server, session_for, message):
    server = await start_server(AUTH="535 5.7.8 no")
    session = session_for(server, **ACCOUNT)
    outcome = await session.send(message)
    assert "rahasia" not in repr(outcome) + repr(session.server)


async def test_a_log_in_that_fails_for_now_is_not_configuration(start_server, session_for, message):
    server = await start_server(AUTH="454 4.7.0 Temporary authentication failure")
    outcome = await session_for(server, **ACCOUNT).send(message)
    assert isinstance(outcome, TryLater)
    assert not outcome.configuration
    assert outcome.elsewhere


async def test_a_server_without_log_in_is_configuration(start_server, session_for, message):
    server = await start_server(EHLO="250-lab\r\n250 SIZE 10240000")
    outcome = await session_for(server, **ACCOUNT).send(message)
    assert isinstance(outcome, TryLater)
    assert outcome.configuration
    assert "AUTH" in outcome.words


@pytest.mark.parametrize("methods", ["LOGIN", "CRAM-MD5"])
async def test_other_methods_of_log_in_are_spoken(start_server, session_for, message, methods):
    server = await start_server(EHLO=f"250-lab\r\n250 AUTH {methods}", AUTH="334 PDE+")
    session = session_for(server, **ACCOUNT)
    await session.send(message)
    assert f"AUTH {methods}" in server.commands[1]
    await session.close()


async def test_a_password_file_is_read_at_each_connect(
    start_server, session_for, message, tmp_path
):
    secret = tmp_path / "smtp.secret"
    server = await start_server()
    session = session_for(server, username="voxpost", password_file=secret)
    outcome = await session.send(message)
    assert isinstance(outcome, TryLater)
    assert outcome.configuration
    assert str(secret) in outcome.words
    secret.write_text("rahasia\n")
    assert isinstance(await session.send(message), Accepted)
    await session.close()


async def test_a_ca_file_that_is_missing_is_configuration(
    start_server, session_for, message, tmp_path
):
    server = await start_server()
    outcome = await session_for(server, security="starttls", ca_file=tmp_path / "no.pem").send(
        message
    )
    assert isinstance(outcome, TryLater)
    assert outcome.configuration
    assert "no.pem" in outcome.words

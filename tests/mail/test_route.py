"""Several servers: who is asked, who is spared, and the way back to the first."""

import pytest

from mail.outcome import Accepted, Refused, TryLater
from mail.route import SmtpRoute


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def route_for(plain_server, clock):
    routes = []

    def make(*servers, **options):
        route = SmtpRoute(
            [plain_server(server, **options) for server in servers],
            client_name="pbx.klinik.example",
            clock=clock,
            rest=300,
        )
        routes.append(route)
        return route

    yield make
    for route in routes:
        await route.close()


async def test_the_first_server_takes_the_mail(start_server, route_for, message):
    first, second = await start_server(), await start_server()
    assert isinstance(await route_for(first, second).send(message), Accepted)
    assert second.connections == 0


@pytest.mark.parametrize(
    "trouble",
    [
        {"greeting": "554 no service"},
        {"greeting": "drop"},
        {"MAIL": ("421 4.3.2 shutting down", "drop")},
        {"MAIL": "452 4.3.1 Insufficient system storage"},
        {"RCPT": "554 5.7.1 Relay access denied"},
        {"DATA": "drop"},
    ],
)
async def test_the_next_is_asked_when_the_trouble_is_the_servers(
    start_server, route_for, message, trouble
):
    first, second = await start_server(**trouble), await start_server()
    assert isinstance(await route_for(first, second).send(message), Accepted)
    assert second.bodies == [message.content]


@pytest.mark.parametrize(
    "trouble",
    [
        {"RCPT": "450 4.2.0 Greylisted"},
        {"RCPT": "550 5.1.1 no such user"},
        {"CONTENT": "451 4.7.1 later"},
        {"CONTENT": "drop"},
    ],
)
async def test_the_next_is_not_asked_when_the_message_is_meant_or_was_given(
    start_server, route_for, message, trouble
):
    first, second = await start_server(**trouble), await start_server()
    assert isinstance(await route_for(first, second).send(message), TryLater | Refused)
    assert second.connections == 0


async def test_a_failed_server_rests_and_is_then_asked_again(
    start_server, route_for, message, clock
):
    first, second = await start_server(greeting=["drop"]), await start_server()
    route = route_for(first, second)
    await route.send(message)
    clock.now += 299
    await route.send(message)
    assert (len(first.bodies), len(second.bodies)) == (0, 2)
    clock.now += 1
    await route.send(message)
    assert (len(first.bodies), len(second.bodies)) == (1, 2)
    assert second.verbs()[-1] == "QUIT"


async def test_when_all_rest_all_are_asked(start_server, route_for, message):
    first, second = await start_server(greeting=["drop"]), await start_server(greeting=["drop"])
    route = route_for(first, second)
    outcome = await route.send(message)
    assert isinstance(outcome, TryLater)
    assert str(first.port) in outcome.words
    assert isinstance(await route.send(message), Accepted)
    assert len(first.bodies) == 1


async def test_size_is_known_after_sending(start_server, route_for, message):
    first = await start_server(greeting="drop")
    second = await start_server(EHLO="250-lab\r\n250 SIZE 1234")
    route = route_for(first, second)
    assert route.max_size is None
    assert isinstance(await route.send(message), Accepted)
    assert route.max_size == 1234

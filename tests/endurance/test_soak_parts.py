"""What a soak is judged by, without the hour."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from random import Random

import pytest

from endurance.soak_check import unexplained
from endurance.soak_cuts import Cut, Kind, plan_cuts
from endurance.soak_link import Link
from endurance.soak_samples import MEMORY_GROWTH, Sample, lives_of, slope
from lab.ports import LOOPBACK, PortFinder
from tests.free_ports import free_ports

HOUR = 3600.0


def a_life(*, grows: float = 0.0, pid: int = 1, seconds: float = HOUR, leaks: float = 0.0):
    """Samples of a life. grows: MB an hour; leaks: descriptors an hour."""
    random = Random(pid)
    return [
        Sample(
            at=pid * 10 * HOUR + at,
            pid=pid,
            # Warming up, then noise of a megabyte.
            memory=round(1e6 * (60 + min(at, 300) / 30 + grows * at / HOUR + random.random())),
            descriptors=round(18 + leaks * at / HOUR) + random.randrange(3),
            zombies=0,
        )
        for at in range(0, round(seconds), 10)
    ]


def test_warming_up_and_noise_are_no_growth() -> None:
    (life,) = lives_of(a_life())
    assert life.memory_growth == pytest.approx(0, abs=1)
    assert life.faults == []


def test_a_leak_of_memory_is_told() -> None:
    (life,) = lives_of(a_life(grows=2 * MEMORY_GROWTH))
    assert life.memory_growth == pytest.approx(2 * MEMORY_GROWTH, abs=1)
    assert any("memory grew" in fault for fault in life.faults)


def test_a_leak_of_descriptors_is_told() -> None:
    (life,) = lives_of(a_life(leaks=20))
    assert any("descriptors grew" in fault for fault in life.faults)


def test_each_life_is_judged_by_itself_and_a_short_one_not_at_all() -> None:
    short, long = lives_of([*a_life(pid=1, seconds=800, grows=99), *a_life(pid=2)])
    assert short.memory_growth is None
    assert long.memory_growth is not None
    assert (short.pid, long.pid) == (1, 2)


def test_a_single_peak_does_not_move_the_slope() -> None:
    assert slope(range(9), [1, 1, 1, 1, 999, 1, 1, 1, 1]) == 0


def test_the_same_seed_plans_the_same_cuts_and_each_kind_comes() -> None:
    cuts = plan_cuts(Random(5), HOUR)
    assert cuts == plan_cuts(Random(5), HOUR) != plan_cuts(Random(6), HOUR)
    assert {cut.kind for cut in cuts} == set(Kind) == {it.kind for it in plan_cuts(Random(5), 60)}
    assert all(0 < cut.at < HOUR for cut in cuts)
    assert isinstance(cuts[0], Cut)


def test_errors_in_the_log_must_be_explained(tmp_path: Path) -> None:
    log = tmp_path / "voxpost.log"
    stamp = "2026-11-22T03:47:36Z"
    lines = [
        json.dumps({"event": "ledger", "level": "error", "timestamp": stamp}),
        json.dumps({"event": "ledger", "level": "error", "timestamp": stamp}),
        json.dumps({"event": "ami.link_down", "level": "warning", "timestamp": stamp}),
        "Task exception was never retrieved",
    ]
    log.write_text("\n".join(lines))
    first, second = unexplained(log, [])
    assert '"ledger"' in first
    assert "never retrieved" in second


@pytest.fixture
def ports() -> PortFinder:
    return free_ports()


async def test_a_link_passes_on_until_it_is_cut_and_again_afterwards(ports: PortFinder) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    far = ports.one()
    async with await asyncio.start_server(echo, LOOPBACK, far), Link(ports.one(), far) as link:
        for _ in range(2):
            reader, writer = await asyncio.open_connection(LOOPBACK, link.port)
            writer.write(b"ping")
            assert await reader.readexactly(4) == b"ping"
            link.cut()
            with pytest.raises(asyncio.IncompleteReadError):
                await reader.readexactly(1)
            writer.close()
        reader, writer = await asyncio.open_connection(LOOPBACK, link.port)
        quiet = asyncio.create_task(link.silent(0.05))
        await asyncio.sleep(0)
        writer.write(b"lost")
        with pytest.raises(asyncio.IncompleteReadError):
            await reader.readexactly(4)
        await quiet
        writer.close()

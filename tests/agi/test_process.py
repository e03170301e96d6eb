"""The process entry point, and every fault of pyst2's AGI shown not to reach a user."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from asterisk.agi import AGIAppError, AGIDBError

from agi.call import Call
from agi.errors import BadHeader, CallEnded, CommandRefused, ProtocolError, UnsafeArgument
from agi.process import EXIT_DONE, EXIT_FAILED, EXIT_USAGE, answer_as_process
from agi.pyst import SafeAgi
from agi.registry import Script
from agi.services import Services

HEADER = b"agi_request: voxpost\nagi_accountcode: \nagi_arg_1: agi\nagi_arg_2: x\nagi_arg_3: y\n\n"


class Pipes:
    """Asterisk's two pipes to a process, both ends."""

    def __init__(self) -> None:
        to_us, to_asterisk = os.pipe(), os.pipe()
        self.stdin: BinaryIO = os.fdopen(to_us[0], "rb")
        self.say: BinaryIO = os.fdopen(to_us[1], "wb", buffering=0)
        self.hear: BinaryIO = os.fdopen(to_asterisk[0], "rb")
        self.stdout: BinaryIO = os.fdopen(to_asterisk[1], "wb")

    def close(self) -> None:
        for end in (self.stdin, self.say, self.hear, self.stdout):
            try:
                end.close()
            except BrokenPipeError:
                continue

    def agi(self, answers: bytes = b"") -> SafeAgi:
        """A SafeAgi whose header is read and whose answers lie ready."""
        self.say.write(HEADER)
        agi = SafeAgi(self.stdin, self.stdout)
        self.say.write(answers)
        return agi


@pytest.fixture
def pipes() -> Iterator[Pipes]:
    both = Pipes()
    yield both
    both.close()


def test_quote_injection_is_escaped_and_a_newline_refused(pipes: Pipes) -> None:
    agi = pipes.agi(b"200 result=1\n")
    agi.set_variable("A", 'x" "y\\')
    assert pipes.hear.readline() == b'SET VARIABLE "A" "x\\" \\"y\\\\"\n'
    with pytest.raises(UnsafeArgument):
        agi.set_variable("A", 'x"\nHANGUP')
    with pytest.raises(UnsafeArgument):
        agi.set_callerid("1\nHANGUP")  # a verb of pyst2 that does not quote at all


def test_database_get_quotes_once(pipes: Pipes) -> None:
    agi = pipes.agi(b"200 result=1 (a (b))\n")
    assert agi.database_get("cid name", "1") == "a (b)"
    assert pipes.hear.readline() == b'DATABASE GET "cid name" "1"\n'


def test_a_missing_database_key_is_pyst2s_own_error(pipes: Pipes) -> None:
    with pytest.raises(AGIDBError):
        pipes.agi(b"200 result=0\n").database_get("a", "b")


def test_eof_is_call_ended_and_no_value_error(pipes: Pipes) -> None:
    agi = pipes.agi()
    pipes.say.close()
    with pytest.raises(CallEnded):
        agi.get_variable("A")


def test_hangup_is_no_value_error_and_no_reply(pipes: Pipes) -> None:
    agi = pipes.agi(b"HANGUP\n200 result=1 (a)\n")
    assert agi.get_variable("A") == "a"
    assert agi.hung_up


def test_a_520_at_eof_does_not_loop_for_ever(pipes: Pipes) -> None:
    agi = pipes.agi(b"520-Invalid command syntax.\nUsage: x\n")
    pipes.say.close()
    with pytest.raises(CallEnded):
        agi.get_variable("A")


@pytest.mark.parametrize("code", [510, 511, 520])
def test_511_is_known_as_510_and_520_are(pipes: Pipes, code: int) -> None:
    with pytest.raises(CommandRefused) as refused:
        pipes.agi(b"%d Command Not Permitted on a dead channel\n" % code).verbose("x")
    assert refused.value.code == code


def test_minus_one_is_pyst2s_own_error(pipes: Pipes) -> None:
    with pytest.raises(AGIAppError):
        pipes.agi(b"200 result=-1\n").answer()


def test_a_blank_reply_is_a_protocol_error(pipes: Pipes) -> None:
    with pytest.raises(ProtocolError):
        pipes.agi(b"\n").noop()


def test_a_value_that_reads_hangup_is_a_value(pipes: Pipes) -> None:
    agi = pipes.agi()
    for value in ("hangup", "HANGUP"):
        pipes.say.write(f"200 result=1 ({value})\n".encode())
        assert agi.get_variable("A") == value
    assert not agi.hung_up


def test_it_works_outside_the_main_thread_and_sets_no_signal_handler(pipes: Pipes) -> None:
    before = signal.getsignal(signal.SIGHUP)
    made: list[SafeAgi] = []
    thread = threading.Thread(target=lambda: made.append(pipes.agi()))
    thread.start()
    thread.join()
    assert made[0].env["agi_accountcode"] == ""
    assert signal.getsignal(signal.SIGHUP) is before


def test_nothing_is_echoed_to_stderr(pipes: Pipes, capfd: pytest.CaptureFixture[str]) -> None:
    pipes.agi(b"200 result=1 (secret)\n").get_variable("A")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("block", [b"", b"agi_request: x\n", b"agi_arg_1: y\n" * 9000])
def test_a_header_cut_off_or_too_long_is_refused(pipes: Pipes, block: bytes) -> None:
    def talk() -> None:
        try:
            pipes.say.write(block)
        except BrokenPipeError:
            return
        finally:
            pipes.say.close()

    thread = threading.Thread(target=talk)
    thread.start()
    with pytest.raises(BadHeader):
        SafeAgi(pipes.stdin, pipes.stdout)
    pipes.stdin.close()
    thread.join()


async def exchange(pipes: Pipes, services: Any, run: Any, *answers: bytes) -> tuple[int, bytes]:
    """Run a script; each answer goes out when a command has come. What it said is returned."""
    heard = b""

    def asterisk() -> None:
        nonlocal heard
        for answer in answers:
            heard += pipes.hear.readline()
            pipes.say.write(answer)
        heard += pipes.hear.read()

    pipes.say.write(HEADER)
    thread = threading.Thread(target=asterisk)
    thread.start()
    script = Script("x", 0.5, run)
    code = await answer_as_process("x", services, pipes.stdin, pipes.stdout, {"x": script})
    pipes.stdout.close()
    thread.join()
    return code, heard


async def test_the_same_script_function_runs_as_a_process(pipes: Pipes, services: Any) -> None:
    async def run(call: Call, services: Services) -> None:
        assert call.args == ("y",)  # what stands before the script's name is our command line
        assert await call.get_variable("A") is None
        await call.set_variable("B", str(call.hung_up))

    code, said = await exchange(pipes, services, run, b"200 result=0\n", b"200 result=1\n")
    assert (code, said) == (EXIT_DONE, b'GET VARIABLE "A"\nSET VARIABLE "B" "False"\n')


async def test_an_error_in_a_script_is_told_and_makes_the_exit_code(
    pipes: Pipes, services: Any
) -> None:
    async def run(call: Call, services: Services) -> None:
        raise LookupError

    code, said = await exchange(pipes, services, run)
    assert (code, said) == (EXIT_FAILED, b'SET VARIABLE "VOXPOST_RESULT" "failed"\n')


async def test_a_script_over_its_time_limit_is_ended_while_a_read_blocks(
    pipes: Pipes, services: Any
) -> None:
    async def run(call: Call, services: Services) -> None:
        await call.get_variable("A")

    code, said = await exchange(pipes, services, run)
    assert code == EXIT_FAILED
    assert said.endswith(b'SET VARIABLE "VOXPOST_RESULT" "timeout"\n')


async def test_an_unknown_script_is_a_usage_error(pipes: Pipes, services: Any) -> None:
    pipes.say.write(HEADER)
    assert await answer_as_process("y", services, pipes.stdin, pipes.stdout, {}) == EXIT_USAGE
    pipes.stdout.close()
    assert pipes.hear.read() == b'SET VARIABLE "VOXPOST_RESULT" "unknown-script"\n'


async def test_a_start_by_hand_is_a_usage_error(pipes: Pipes, services: Any) -> None:
    pipes.say.close()
    assert await answer_as_process("x", services, pipes.stdin, pipes.stdout, {}) == EXIT_USAGE


async def test_sighup_at_hangup_does_not_kill_a_script_at_work(pipes: Pipes, services: Any) -> None:
    before = signal.getsignal(signal.SIGHUP)
    seen: list[bool] = []

    async def run(call: Call, services: Services) -> None:
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0)
        seen.append(call.hung_up)

    code, _ = await exchange(pipes, services, run)
    assert (code, seen) == (EXIT_DONE, [True])
    assert signal.getsignal(signal.SIGHUP) is before


PROGRAM = """
    import asyncio, sys
    import structlog
    from agi import process
    from agi.registry import Script

    async def run(call, services):
        await call.get_variable("A")

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    process.discover = lambda: {"x": Script("x", 0.2, run)}
    answer = process.answer_as_process("x", None, sys.stdin.buffer, sys.stdout.buffer)
    sys.exit(asyncio.run(answer))
"""


@pytest.fixture
def start() -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    running: list[subprocess.Popen[bytes]] = []

    def begin() -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        root = Path(__file__).parents[2]
        words = [sys.executable, "-c", textwrap.dedent(PROGRAM)]
        running.append(subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, cwd=root))
        return running[-1]

    yield begin
    for one in running:
        one.kill()
        one.communicate()


def test_a_real_process_ends_cleanly_though_asterisk_never_answers(
    start: Callable[[], subprocess.Popen[bytes]],
) -> None:
    process = start()
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdin.write(HEADER)
    process.stdin.flush()  # and stays open, so that the read never returns
    said = process.stdout.read()
    assert process.wait(10) == EXIT_FAILED
    assert said == b'GET VARIABLE "A"\nSET VARIABLE "VOXPOST_RESULT" "timeout"\n'
    assert b"Fatal Python error" not in process.stderr.read()

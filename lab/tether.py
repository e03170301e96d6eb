"""Run a program that ends when its parent ends: `python tether.py PARENT-PID PROGRAM ...`

prctl(2) PR_SET_PDEATHSIG survives execve(2). It is asked for here, in a process of its own,
because Python code between fork and exec may hang where the parent has threads. The signal
comes when the parent's *thread* that started us ends, so that must be a lasting one.

The kernel forgets the wish when a program changes its user, as Postfix does. For those,
`python tether.py --stay PARENT-PID PROGRAM ...` stays as the program's keeper.

Runs with no other module of ours, so that it starts quickly.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys

PR_SET_PDEATHSIG = 1
GRACE = 3000  # milliseconds from SIGTERM to SIGKILL; less than Child.stop() gives us


def main(arguments: list[str]) -> None:
    """Become the program, or its keeper. arguments: the parent's process id, the command."""
    stays = arguments[0] == "--stay"
    parent, *command = arguments[1:] if stays else arguments
    if stays:
        sys.exit(keep(int(parent), command))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    # It may have ended before we asked.
    if os.getppid() != int(parent):
        sys.exit("tether: the parent is gone")
    os.execv(command[0], command)


def keep(parent: int, command: list[str]) -> int:
    """Run the program until it ends, the parent ends, or we are told to end.

    Returns the program's exit code.
    """
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell)
    signal.signal(signal.SIGTERM, lambda *_: None)
    watched = os.pidfd_open(parent)
    if os.getppid() != parent:
        sys.exit("tether: the parent is gone")
    program = os.fork()
    if program == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setpgid(0, 0)
        os.execv(command[0], command)
    ending = os.pidfd_open(program)
    poll = select.poll()
    for descriptor in (told, watched, ending):
        poll.register(descriptor, select.POLLIN)
    if ending not in dict(poll.poll()):
        os.kill(program, signal.SIGTERM)
        poll.unregister(told)
        poll.unregister(watched)
        if not poll.poll(GRACE):
            os.killpg(program, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(program, 0)[1])


if __name__ == "__main__":
    main(sys.argv[1:])

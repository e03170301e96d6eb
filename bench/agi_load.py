"""`python -m bench.agi_load PORT CLIENTS SECONDS`: FastAGI sessions as Asterisk holds them.

Prints how many whole sessions a second the server answered. Bare epoll: the load must cost
less than the server that it measures.
"""

from __future__ import annotations

import select
import socket
import sys
import time

from bench.agi_servers import SCRIPT

_LINES = {
    "network": "yes",
    "network_script": SCRIPT,
    "request": f"agi://127.0.0.1/{SCRIPT}",
    "channel": "PJSIP/phone-1001-00000042",
    "language": "en",
    "type": "PJSIP",
    "uniqueid": "1795297955.337",
    "version": "22.10.1",
    "callerid": "5550007",
    "calleridname": "Caller Seven",
    "callingpres": "0",
    "callingani2": "0",
    "callington": "0",
    "callingtns": "0",
    "dnid": "1001",
    "rdnis": "unknown",
    "context": "voxpost-person",
    "extension": "h",
    "priority": "6",
    "enhanced": "0.0",
    "accountcode": "",
    "threadid": "140046873302720",
}
HEADER = "".join(f"agi_{name}: {value}\n" for name, value in _LINES.items()).encode() + b"\n"
ANSWER = b"200 result=1\n"


def load(port: int, clients: int, seconds: float) -> float:
    """Whole sessions a second, after a tenth of the time to warm up.

    Raises ConnectionError when the server closes before it asked.
    """
    poll = select.epoll()
    asked: dict[int, bool] = {}
    sockets: dict[int, socket.socket] = {}

    def begin() -> None:
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(HEADER)
        number = connection.fileno()
        sockets[number], asked[number] = connection, False
        poll.register(number, select.EPOLLIN)

    for _ in range(clients):
        begin()
    count = 0
    warm = time.monotonic() + seconds / 10
    end = warm + seconds
    began = 0.0
    while (now := time.monotonic()) < end:
        if not began and now >= warm:
            began, count = now, 0
        for number, _ in poll.poll(1):
            connection = sockets[number]
            if data := connection.recv(4096):
                asked[number] = True
                if data.endswith(b"\n"):
                    connection.sendall(ANSWER)
                continue
            if not asked[number]:
                raise ConnectionError("the server closed before it asked anything")
            poll.unregister(number)
            connection.close()
            count += 1
            begin()
    return count / (time.monotonic() - began)


if __name__ == "__main__":
    sys.stdout.write(f"{load(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))}\n")

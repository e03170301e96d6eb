"""An IMAP server that says what a test tells it, over a real socket, in a thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

CAPABILITIES = "IMAP4rev1 AUTH=PLAIN IDLE UIDPLUS"

# What it says to a command by its name; {tag} is put in. DROP hangs up, HOLE says nothing more.
DROP = "drop"
HOLE = "hole"
USUAL: dict[str, str] = {
    "CAPABILITY": "* CAPABILITY {capabilities}\r\n{tag} OK done\r\n",
    "AUTHENTICATE": "+ \r\n{tag} OK logged in\r\n",
    "LOGIN": "{tag} OK logged in\r\n",
    "SELECT": "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] it\r\n* OK [UIDNEXT 9] it\r\n"
    "{tag} OK [READ-WRITE] done\r\n",
    "IDLE": "+ idling\r\n",
    "DONE": "{tag} OK done\r\n",
    "LOGOUT": "* BYE now\r\n{tag} OK done\r\n",
}


class ScriptedImap:
    """Serves connections one after another; `heard` has every line that clients sent."""

    def __init__(self, capabilities: str = CAPABILITIES, **says: str) -> None:
        self.greeting = says.pop("greeting", "* OK lab\r\n")
        self.says = USUAL | says
        self.capabilities = capabilities
        self.heard: list[str] = []
        self.reached: dict[str, threading.Event] = {}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._connections: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def say(self, text: str) -> None:
        """Push something to the last client."""
        self._connections[-1].sendall(text.encode())

    def hang_up(self) -> None:
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def when(self, name: str) -> threading.Event:
        """Set once a command of this name came."""
        return self.reached.setdefault(name, threading.Event())

    def after(self, name: str, do: Callable[[], object]) -> None:
        """Do something, in a thread, once a command came and was answered."""

        def work() -> None:
            assert self.when(name).wait(10)
            do()

        threading.Thread(target=work, daemon=True).start()

    def stop(self) -> None:
        self.hang_up()
        self._listener.close()
        for connection in self._connections:
            connection.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                with suppress(OSError):
                    self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        if self.greeting == HOLE:
            return
        connection.sendall(self.greeting.encode())
        idle_tag = ""
        with connection.makefile("rb") as lines:
            while line := lines.readline():
                text = line.decode().rstrip("\r\n")
                self.heard.append(text)
                tag, _, rest = text.partition(" ")
                name = "DONE" if tag == "DONE" else rest.removeprefix("UID ").split(" ")[0].upper()
                if name not in self.says:
                    continue  # an answer to a continuation
                answer = self.says[name]
                tag = idle_tag if name == "DONE" else tag
                idle_tag = tag
                if answer == DROP:
                    connection.shutdown(socket.SHUT_RDWR)
                    return
                if answer != HOLE:
                    said = answer.format(tag=tag, capabilities=self.capabilities)
                    connection.sendall(said.encode())
                self.when(name).set()

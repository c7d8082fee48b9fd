"""A proxy before a database that can be down, reset connections, hang or be slow."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

Mode = Literal["well", "down", "resetting", "hanging", "slow"]
CHUNK, SLOW_SECONDS = 4096, 0.2
_RESETS = struct.pack("ii", 1, 0)
"""Closing a socket that lingers for no time sends a reset."""


class Proxy:
    """Passes everything on to a port of this machine, as well as its mode says; `mode` may change at any time."""

    def __init__(self, target: int) -> None:
        self.mode: Mode = "well"
        self._target = target
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def become(self, mode: Mode) -> None:
        """Change the mode; when the database goes down or resets, connections that are open feel it at once."""
        self.mode = mode
        if mode in ("down", "resetting"):
            for one in self._open:
                _drop(one, reset=mode == "resetting")
            self._open.clear()

    def close(self) -> None:
        """Let nobody in any more, and everybody out."""
        self._listening.close()
        self.become("down")

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                if self.mode in ("down", "resetting"):
                    _drop(client, reset=True)
                    continue
                server = socket.create_connection(("127.0.0.1", self._target))
                self._open += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while content := source.recv(CHUNK):
                while self.mode == "hanging":
                    time.sleep(0.05)
                if self.mode == "slow":
                    time.sleep(SLOW_SECONDS)
                sink.sendall(content)
        for one in (source, sink):
            _drop(one)


def _drop(one: socket.socket, *, reset: bool = False) -> None:
    with suppress(OSError):
        if reset:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESETS)
        else:
            one.shutdown(socket.SHUT_RDWR)
    one.close()


@contextmanager
def proxied(target: int) -> Iterator[Proxy]:
    """A proxy before a port of this machine."""
    proxy = Proxy(target)
    try:
        yield proxy
    finally:
        proxy.close()

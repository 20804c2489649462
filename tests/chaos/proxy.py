"""A TCP proxy before a server, that can be slow or away: what a network between the line and your Postgres does."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future

CHUNK = 65_536
ANSWER_SECONDS = 30


class Proxy:
    """Listens on loopback and passes bytes on; `latency` seconds later in each direction."""

    def __init__(self, port: int):
        self.target, self.latency = port, 0.0
        self.port = 0
        self.server: asyncio.Server | None = None
        self.open: set[asyncio.StreamWriter] = set()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self) -> "Proxy":
        self.thread.start()
        self.listen()
        return self

    def __exit__(self, *_) -> None:
        self.go_away()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def listen(self) -> None:
        """Let connections in, on the same port as before."""
        self._do(self._listen())

    def go_away(self) -> None:
        """Cut every connection and refuse new ones."""
        self._do(self._go_away())

    def _do(self, work: Coroutine) -> None:
        done: Future = asyncio.run_coroutine_threadsafe(work, self.loop)
        done.result(ANSWER_SECONDS)

    async def _listen(self) -> None:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def _go_away(self) -> None:
        self.server.close()
        for writer in list(self.open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self.open |= {writer, back}
        await asyncio.gather(self._pass_on(reader, back), self._pass_on(there, writer))
        self.open -= {writer, back}

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(CHUNK):
                if self.latency:
                    await asyncio.sleep(self.latency)
                target.write(data)
                await target.drain()
        except OSError:
            pass  # one end is gone; the other is told so below
        finally:
            target.close()

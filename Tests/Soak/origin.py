"""An origin that misbehaves as its path tells it to, and one route on which it does not."""

import asyncio
import hashlib
import struct
import socket

BLOCK = bytes(range(256)) * 64
# More than the sockets between origin and client hold.
LARGE_BYTES = 1 << 20


def large_body():
    """The body of `/f/large`, the same each time."""
    return (BLOCK * (LARGE_BYTES // len(BLOCK) + 1))[:LARGE_BYTES]


LARGE = large_body()
LARGE_DIGEST = hashlib.sha256(LARGE).hexdigest()


class Origin:
    """Listens on a free port of this machine until it is closed."""

    def __init__(self):
        self.requests = 0
        self._server = None
        self._tasks = set()

    async def start(self):
        """Begins to listen; gives the port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024)
        return self._server.sockets[0].getsockname()[1]

    async def close(self):
        """Ends listening and all connections."""
        self._server.close()
        for task in list(self._tasks):
            task.cancel()

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            while await self._answer(reader, writer):
                pass
        except (OSError, EOFError, asyncio.LimitOverrunError, asyncio.CancelledError, ValueError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, reader, writer):
        """One request and its answer; true when the connection goes on."""
        head = await reader.readuntil(b"\r\n\r\n")
        self.requests += 1
        lines = head.decode("latin-1").split("\r\n")
        fault = lines[0].split(" ")[1].split("?")[0].rsplit("/", 1)[-1]
        fields = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        behaviour = getattr(self, "_" + fault.replace("-", "_"), self._well)
        return await behaviour(reader, writer, fields)

    async def _read_body(self, reader, fields):
        if "chunked" in fields.get("transfer-encoding", ""):
            while size := int((await reader.readline()).split(b";")[0], 16):
                await reader.readexactly(size + 2)
            while await reader.readline() not in (b"\r\n", b""):
                pass
            return
        left = int(fields.get("content-length", "0"))
        while left > 0:
            left -= len(await reader.readexactly(min(left, 65536)))

    async def _send(self, writer, *parts):
        for part in parts:
            writer.write(part)
        await writer.drain()
        return True

    async def _well(self, reader, writer, fields):
        await self._read_body(reader, fields)
        return await self._send(writer, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

    async def _large(self, reader, writer, fields):
        await self._read_body(reader, fields)
        head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(LARGE)
        return await self._send(writer, head, LARGE)

    async def _large_chunked(self, reader, writer, fields):
        await self._read_body(reader, fields)
        await self._send(writer, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for start in range(0, len(LARGE), 40000):
            part = LARGE[start:start + 40000]
            await self._send(writer, b"%x\r\n" % len(part), part, b"\r\n")
        return await self._send(writer, b"0\r\nx-trailer: a\r\n\r\n")

    async def _reset(self, reader, writer, fields):
        """A reset in the midst of the answer."""
        await self._read_body(reader, fields)
        await self._send(writer, b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n" + b"x" * 5000)
        await asyncio.sleep(0.01)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    async def _cut(self, reader, writer, fields):
        """A chunked answer without its end."""
        await self._read_body(reader, fields)
        await self._send(writer, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n40\r\nthe")
        return False

    async def _silence(self, reader, writer, fields):
        """Closed without an answer."""
        await self._read_body(reader, fields)
        return False

    async def _stall(self, reader, writer, fields):
        """An answer that begins and does not go on."""
        await self._read_body(reader, fields)
        await self._send(writer, b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
        await asyncio.sleep(6)
        return False

    async def _never(self, reader, writer, fields):
        """No answer at all."""
        await self._read_body(reader, fields)
        await asyncio.sleep(6)
        return False

    async def _early(self, reader, writer, fields):
        """An answer before the body was read, then the end."""
        await self._send(writer, b"HTTP/1.1 403 Forbidden\r\ncontent-length: 4\r\nconnection: close\r\n\r\nno!\n")
        return False

    async def _garbage(self, reader, writer, fields):
        await self._read_body(reader, fields)
        await self._send(writer, hashlib.sha512(str(self.requests).encode()).digest() * 8)
        return False

    async def _two_lengths(self, reader, writer, fields):
        await self._read_body(reader, fields)
        return await self._send(
            writer, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")

    async def _more(self, reader, writer, fields):
        """Bytes behind the answer."""
        await self._read_body(reader, fields)
        return await self._send(writer, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n")

    async def _unauthorized(self, reader, writer, fields):
        await self._read_body(reader, fields)
        return await self._send(writer, b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n")

    async def _interim(self, reader, writer, fields):
        await self._send(writer, b"HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n")
        return await self._well(reader, writer, fields)

    async def _slow_read(self, reader, writer, fields):
        """Reads the body in sips."""
        left = int(fields.get("content-length", "0"))
        for _ in range(40):
            if left <= 0:
                break
            left -= len(await reader.readexactly(min(left, 8192)))
            await asyncio.sleep(0.02)
        return False

    async def _until_close(self, reader, writer, fields):
        await self._read_body(reader, fields)
        await self._send(writer, b"HTTP/1.0 200 OK\r\n\r\nuntil the end")
        return False


FAULTS = sorted(
    name[1:].replace("_", "-") for name in vars(Origin)
    if name.startswith("_") and not name.startswith("__") and name not in ("_serve", "_answer", "_read_body", "_send"))

"""Clients: some who must never see a failure, many who misbehave."""

import asyncio
import base64
import hashlib
import random
import ssl

from http_client import Connection
from origin import FAULTS, LARGE_DIGEST

USERS = "/identities?api-version=2023-10-01"
# Nothing here takes as long on any machine; what does is stuck.
PATIENCE_SECONDS = 60
ENDED = (OSError, EOFError, asyncio.LimitOverrunError, asyncio.TimeoutError, ValueError, ssl.SSLError)


class Control:
    """A well-behaved client of what has no faults: each request must succeed.

    A connection on which a request was answered may end before the next answer begins, as with every client of
    HTTP/1.1 (RFC 9112 §9.3.1): then the request is sent once more on a new one.
    """

    def __init__(self, name, port, tls, lasts):
        self.name = name
        self._port, self._tls, self._lasts = port, tls, lasts
        self._connection = None
        self.successes = 0
        self.resent = 0
        self.failures = []

    async def run(self, stop):
        """Sends requests until `stop` is set."""
        requests = [self._sign, self._large, self._upload]
        while not stop.is_set():
            request = requests[self.successes % len(requests)]
            try:
                problem = await asyncio.wait_for(self._attempt(request), PATIENCE_SECONDS)
            except ENDED as error:
                problem = f"{type(error).__name__}: {error}"
            if problem:
                self.failures.append(f"{self.name}, {request.__name__[1:]}: {problem}")
                self._drop()
            else:
                self.successes += 1
            await asyncio.sleep(0.05)
        self._drop()

    def _drop(self):
        if self._connection:
            self._connection.close()
            self._connection = None

    async def _attempt(self, request):
        was_used = self._connection is not None
        try:
            return await self._once(request)
        except ENDED:
            self._drop()
            if not was_used:
                raise
            self.resent += 1
            return await self._once(request)

    async def _once(self, request):
        if self._connection is None:
            self._connection = await Connection.open(self._port, self._tls)
        answer, problem = await request()
        if answer.ends_connection or not self._lasts:
            self._drop()
        return problem

    async def _sign(self):
        body = b'{"createTokenWithScopes":["chat"]}'
        fields = ["content-type: application/json"]
        if self.successes % 2:
            # A declared digest, which the gateway may sign with before the body is there.
            fields.append("x-ms-content-sha256: " + base64.b64encode(hashlib.sha256(body).digest()).decode())
        answer = await self._connection.request("POST", "/steady" + USERS, body, fields)
        return answer, None if answer.status == 201 else f"{answer.status} {answer.body[:200]}"

    async def _large(self):
        target = "/steady-files/f/large" + ("-chunked" if self.successes % 2 else "")
        answer = await self._connection.request("GET", target)
        if answer.status != 200:
            return answer, f"{answer.status} {answer.body[:200]}"
        return answer, None if hashlib.sha256(answer.body).hexdigest() == LARGE_DIGEST else "another body"

    async def _upload(self):
        body = b"u" * 400_000
        answer = await self._connection.request(
            "POST", "/steady-files/f/well", body, chunked=self.successes % 2 == 0)
        return answer, None if answer.status == 200 else f"{answer.status} {answer.body[:200]}"


class Nuisance:
    """A client that misbehaves in some way each time; whatever it gets is right as long as the gateway lives."""

    def __init__(self, seed, ports, tls):
        self._random = random.Random(seed)
        self._ports, self._tls = ports, tls
        self.count = 0

    async def run(self, stop):
        """Misbehaves until `stop` is set."""
        ways = [self._fault, self._fault, self._fault, self._cut, self._garbage, self._drip, self._half_close,
                self._pipeline, self._too_large, self._sip, self._abandon, self._bad_tls, self._token, self._tokenless]
        while not stop.is_set():
            way = self._random.choice(ways)
            self.count += 1
            try:
                await asyncio.wait_for(way(), 20)
            except ENDED:
                pass
            await asyncio.sleep(self._random.uniform(0.02, 0.2))

    async def _open(self):
        if self._random.random() < 0.3:
            return await Connection.open(self._ports["tls"], self._tls)
        return await Connection.open(self._ports["app"])

    def _target(self):
        route = self._random.choice(("faulty", "faulty-token", "faulty-pass"))
        return f"/{route}/f/{self._random.choice(FAULTS)}"

    async def _fault(self):
        """Asks for a fault of the origin, with all kinds of bodies."""
        connection = await self._open()
        try:
            size = self._random.choice((0, 1, 500, 70_000, 300_000))
            body = self._random.randbytes(size)
            fields = ["authorization: Bearer of-the-callers-own"]
            if self._random.random() < 0.4:
                declared = body if self._random.random() < 0.7 else b"another"
                fields.append("x-ms-content-sha256: " + base64.b64encode(hashlib.sha256(declared).digest()).decode())
            for _ in range(self._random.randint(1, 4)):
                chunked = self._random.random() < 0.3
                answer = await connection.request("POST", self._target(), body, fields, chunked)
                if answer.ends_connection:
                    break
        finally:
            connection.abort() if self._random.random() < 0.5 else connection.close()

    async def _cut(self):
        """Ends in the midst of a request."""
        connection = await self._open()
        request = (b"POST /faulty/f/well HTTP/1.1\r\nhost: a\r\ncontent-length: 5000\r\n\r\n" + b"x" * 4000)
        connection.writer.write(request[:self._random.randint(1, len(request))])
        await connection.writer.drain()
        connection.abort() if self._random.random() < 0.5 else connection.close()

    async def _garbage(self):
        connection = await self._open()
        start = self._random.choice((b"", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nhost: a\r\n", b"\r\n\r\n"))
        connection.writer.write(start + self._random.randbytes(self._random.randint(1, 3000)))
        await connection.writer.drain()
        await connection.reader.read(-1)
        connection.close()

    async def _drip(self):
        """A head that comes in drops."""
        connection = await self._open()
        for byte in b"GET /faulty/f/well HTTP/1.1\r\nhost: a\r\nx-a: bbbbbbbbbbb\r\n\r\n":
            connection.writer.write(bytes((byte,)))
            await asyncio.sleep(0.03)
        await connection.answer()
        connection.close()

    async def _half_close(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self._ports["app"])
        writer.write(f"GET {self._target()} HTTP/1.1\r\nhost: a\r\n\r\n".encode())
        writer.write_eof()
        await reader.read(-1)
        writer.close()

    async def _pipeline(self):
        connection = await self._open()
        count = self._random.randint(2, 30)
        one = b"GET /faulty/f/well HTTP/1.1\r\nhost: a\r\n\r\n"
        connection.writer.write(one * count)
        for _ in range(self._random.randint(0, count)):
            await connection.answer()
        connection.abort()

    async def _too_large(self):
        """More than a body may have, told or not."""
        connection = await self._open()
        try:
            await connection.request("POST", "/faulty/f/well", b"l" * 3_000_000, chunked=self._random.random() < 0.5)
        finally:
            connection.abort()

    async def _sip(self):
        """Reads a large answer slowly, then goes away."""
        connection = await self._open()
        connection.writer.write(b"GET /faulty/f/large HTTP/1.1\r\nhost: a\r\n\r\n")
        for _ in range(30):
            await connection.reader.read(4096)
            await asyncio.sleep(0.05)
        connection.abort()

    async def _abandon(self):
        """Goes away while the resource thinks."""
        connection = await self._open()
        connection.writer.write(f"GET {self._target()} HTTP/1.1\r\nhost: a\r\n\r\n".encode())
        await connection.writer.drain()
        await asyncio.sleep(self._random.uniform(0, 0.3))
        connection.abort()

    async def _bad_tls(self):
        """Something else than TLS where TLS is spoken; and TLS that breaks off."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._ports["tls"])
        start = self._random.choice((b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET / HTTP/1.1\r\n", b"\x80"))
        writer.write(start + self._random.randbytes(self._random.randint(0, 600)))
        await writer.drain()
        await asyncio.sleep(self._random.uniform(0, 0.2))
        writer.transport.abort()

    async def _token(self):
        """A request with a token, which may not be there."""
        connection = await self._open()
        await connection.request("POST", "/tokens" + USERS, b"{}", ["content-type: application/json"])
        connection.close()

    async def _tokenless(self):
        """No token where the caller's own is to go on."""
        connection = await self._open()
        await connection.request("GET", "/faulty-pass/f/well")
        await connection.request("GET", "/nowhere")
        connection.close()

"""Just enough of an HTTP/1.1 client to behave well, on which the ill-behaved ones are built."""

import asyncio


class Answer:
    """A whole answer."""

    def __init__(self, status, fields, body):
        self.status = status
        self.fields = fields
        self.body = body

    @property
    def ends_connection(self):
        """True when no further request may be sent."""
        return self.fields.get("connection", "") == "close"


class Connection:
    """A connection to one of the gateway's listeners."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer
        self.requests = 0

    @classmethod
    async def open(cls, port, tls=None):
        """Connects to `port` of this machine, within TLS when a context is given."""
        name = "localhost" if tls else None
        return cls(*await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname=name, limit=1 << 20))

    async def request(self, method, target, body=b"", fields=(), chunked=False):
        """Sends a request and gives its answer; EOFError or OSError when the connection ends before."""
        lines = [f"{method} {target} HTTP/1.1", "host: gateway.test", *fields]
        if chunked:
            lines.append("transfer-encoding: chunked")
        elif body or method in ("POST", "PUT"):
            lines.append(f"content-length: {len(body)}")
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        if chunked:
            for start in range(0, len(body), 30000):
                part = body[start:start + 30000]
                self.writer.write(b"%x\r\n" % len(part) + part + b"\r\n")
            self.writer.write(b"0\r\n\r\n")
        else:
            self.writer.write(body)
        await self.writer.drain()
        self.requests += 1
        return await self.answer(method)

    async def answer(self, method="GET"):
        """The next final answer."""
        while True:
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            status = int(head[0].split(" ")[1])
            fields = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
            if status >= 200:
                return Answer(status, fields, await self._body(method, status, fields))

    async def _body(self, method, status, fields):
        if method == "HEAD" or status in (204, 304):
            return b""
        if fields.get("transfer-encoding") == "chunked":
            parts = []
            while size := int((await self.reader.readuntil(b"\r\n")), 16):
                parts.append((await self.reader.readexactly(size + 2))[:-2])
            while await self.reader.readuntil(b"\r\n") != b"\r\n":
                pass
            return b"".join(parts)
        if "content-length" in fields:
            return await self.reader.readexactly(int(fields["content-length"]))
        return await self.reader.read(-1)

    def close(self):
        """Closes in order."""
        self.writer.close()

    def abort(self):
        """Ends at once, with a reset where the system allows."""
        self.writer.transport.abort()

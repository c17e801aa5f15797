"""What is measured: workloads.json, and the bytes of a request for each."""

import base64
import dataclasses
import hashlib
import json
import pathlib


@dataclasses.dataclass(frozen=True)
class Workload:
    """One row of the table.  `authorize`: `sign` with the access key, set our `bearer`, or `forward` the client's."""

    name: str
    title: str
    is_default: bool
    method: str
    target: str
    body_bytes: int
    authorize: str
    listener_tls: bool
    origin_tls: bool
    keep_alive: bool
    connections: int

    @property
    def is_large(self) -> bool:
        """Counted in milliseconds, and its memory matters."""
        return self.body_bytes >= 1 << 20


def read_workloads(path: pathlib.Path) -> dict[str, Workload]:
    return {entry["name"]: Workload(**entry) for entry in json.loads(path.read_text())}


def request_bytes(workload: Workload, port: int, bearer: str, body_bytes: int, verified: bool) -> bytes:
    """The request as a client sends it, in the manner of an Azure SDK that was given a dummy credential.

    With `verified` the target makes the origin hold what arrives against the rules.
    """
    target = workload.target
    if verified:
        target = ("/verify/hmac" if workload.authorize == "sign" else "/verify/bearer") + target
    body = (b'{"message":"' + b"m" * max(0, body_bytes - 14) + b'"}')[:body_bytes]
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    dummy = base64.b64encode(bytes(32)).decode()
    signature = f"HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={dummy}"
    fields = {
        "Host": f"127.0.0.1:{port}",
        "User-Agent": "azsdk-python-communication-sms/1.1.0 Python/3.11.2 (Linux-6.1-x86_64)",
        "Accept-Encoding": "gzip, deflate",
        "Accept": "application/json",
        "x-ms-client-request-id": "7d1c0f7e-4f3e-4c1b-9a55-0c2f4e4b7a10",
        "x-ms-return-client-request-id": "true",
    }
    if body_bytes:
        fields |= {"Content-Type": "application/json", "Content-Length": str(body_bytes)}
    if workload.authorize == "forward":
        fields["Authorization"] = f"Bearer {bearer}"
    else:
        fields |= {
            "x-ms-date": "Mon, 23 Nov 2020 09:08:07 GMT",
            "x-ms-content-sha256": digest,
            "Authorization": signature,
        }
    fields["Connection"] = "keep-alive" if workload.keep_alive else "close"
    lines = [f"{workload.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body

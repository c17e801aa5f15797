"""How a client reaches the service: its endpoint, its credential, and a note of all that its SDK really sent."""

import hashlib
import threading
import urllib.parse
from dataclasses import dataclass

from azure.core.credentials import AzureKeyCredential
from azure.core.pipeline.transport import RequestsTransport

# No request of a scenario may take longer; the largest has 11 MB.
CONNECT_SECONDS = 5
READ_SECONDS = 30


@dataclass(frozen=True)
class Sent:
    """One request as the SDK handed it to its transport, after signing."""
    method: str
    url: str
    headers: dict
    body_sha256: str

    @property
    def target(self):
        """Path and query as on the request line."""
        parts = urllib.parse.urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    @property
    def authority(self):
        """Host and port."""
        return urllib.parse.urlsplit(self.url).netloc

    @property
    def signature(self):
        """The value of `Authorization`'s `Signature`, or nothing."""
        return self.headers.get("authorization", "").partition("&Signature=")[2]


class Recorder:
    """Every request that the clients of one connection sent; for any number of threads."""

    def __init__(self):
        self._lock = threading.Lock()
        self._sent = []
        # All ever sent, whatever was forgotten since.
        self.total = 0

    def note(self, request):
        """Notes a request of azure-core."""
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        # The `requests` library sends this where the SDK says nothing.
        headers = {"accept": "*/*"} | {name.lower(): value for name, value in request.headers.items()}
        self._add(Sent(request.method, request.url, headers, hashlib.sha256(body).hexdigest()))

    def note_plain(self, method, url, headers, body):
        """Notes a request that is made without an SDK."""
        headers = {name.lower(): value for name, value in headers.items()}
        self._add(Sent(method, url, headers, hashlib.sha256(body or b"").hexdigest()))

    def _add(self, sent):
        with self._lock:
            self._sent.append(sent)
            self.total += 1

    @property
    def sent(self):
        """All since the last `clear`."""
        with self._lock:
            return list(self._sent)

    def clear(self):
        """Forgets all."""
        with self._lock:
            self._sent = []


class RecordingTransport(RequestsTransport):
    """azure-core's own transport, with a note of what passes through."""

    def __init__(self, recorder, **options):
        super().__init__(connection_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, use_env_settings=False,
                         **options)
        self._recorder = recorder

    def send(self, request, **options):
        """Notes and sends."""
        self._recorder.note(request)
        return super().send(request, **options)


class Connection:
    """One way from a client to the service."""

    def __init__(self, name, origin, key_base64, ca_file=None, uses_connection_string=False, credential=None):
        self.name = name
        self.origin = origin
        self.key_base64 = key_base64
        self.ca_file = ca_file
        self.uses_connection_string = uses_connection_string
        self._credential = credential or AzureKeyCredential(key_base64)
        self.recorder = Recorder()

    @property
    def authority(self):
        """Host and port of the endpoint."""
        return urllib.parse.urlsplit(self.origin).netloc

    def client(self, kind):
        """A client of the SDK class `kind`, made as an application makes it; it does not retry by itself."""
        options = {"retry_total": 0}
        verify = {"connection_verify": self.ca_file} if self.ca_file else {}
        transport = RecordingTransport(self.recorder, **verify)
        if self.uses_connection_string:
            text = f"endpoint={self.origin}/;accesskey={self.key_base64}"
            return kind.from_connection_string(text, transport=transport, **options)
        # Identity takes the bare key, or a credential; all take a credential.
        return kind(self.origin, self._credential, transport=transport, **options)

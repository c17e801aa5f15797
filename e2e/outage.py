"""A token endpoint that goes down while a token is in use, and comes back after its end."""

import http.client
import ssl
import time
import urllib.parse

from failure import Failure, expect, expect_equal

LIFETIME_SECONDS = 12
# Between two requests of the client.
PAUSE_SECONDS = 0.05
# The emulator counts whole seconds, and the gateway's token ends up to one before that.
MARGIN_SECONDS = 2
# One step of the back-off (5 s, doubled once) with its jitter, and a fetch.
RECOVERY_SECONDS = 13
TARGET = "/identities?api-version=2023-10-01"


def check(connection, tokens, journal):
    """Raises Failure unless requests succeed until the token ends, then get 503, then succeed again."""
    client = _Client(connection)
    birth = _await_token(client, tokens)
    tokens.tell(available=False)
    journal.clear()
    end = birth + LIFETIME_SECONDS
    while time.time() < end - MARGIN_SECONDS:
        answer = client.ask()
        expect_equal(answer.status, 201, f"the answer {end - time.time():.1f} s before the token's end")
        time.sleep(PAUSE_SECONDS)
    _pass_end(client, end)
    told = client.ask()
    expect_equal((told.status, told.code), (503, "CredentialUnavailable"), "the answer without a token")
    expect(told.retry_after.isdigit() and int(told.retry_after) >= 1, f"`retry-after` is {told.retry_after!r}")
    expect(any(entry["outcome"] == "unavailable" for entry in tokens.read()["requests"]), "nobody asked for a token")
    _await_recovery(client, tokens)
    verdicts = {entry["credential"].get("reason") for entry in journal.read()["requests"]}
    expect_equal(verdicts, {None}, "why the service refused tokens")


class _Answer:
    def __init__(self, answer):
        self.status = answer.status
        self.code = answer.headers.get("x-ms-error-code")
        self.retry_after = answer.headers.get("retry-after", "")
        answer.read()


class _Client:
    """Asks over one connection, and never retries."""

    def __init__(self, connection):
        parts = urllib.parse.urlsplit(connection.origin)
        self._recorder = connection.recorder
        self._url = connection.origin + TARGET
        context = ssl.create_default_context(cafile=connection.ca_file)
        self._http = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=10, context=context)

    def ask(self):
        """One request."""
        headers = {"Content-Type": "application/json"}
        self._recorder.note_plain("POST", self._url, headers, b"{}")
        self._http.request("POST", TARGET, b"{}", headers)
        return _Answer(self._http.getresponse())


def _await_token(client, tokens):
    """Waits until there is a new token; gives the time of its birth."""
    before = tokens.read()["issued"]
    deadline = time.time() + LIFETIME_SECONDS
    while time.time() < deadline:
        asked = time.time()
        if tokens.read()["issued"] > before:
            return asked
        expect_equal(client.ask().status, 201, "an answer while all is well")
        time.sleep(PAUSE_SECONDS)
    raise Failure(f"no token was fetched ahead of its end within {LIFETIME_SECONDS} s")


def _pass_end(client, end):
    """Waits until the token has ended; meanwhile an answer is one or the other."""
    while time.time() < end + 1:
        status = client.ask().status
        expect(status in (201, 503), f"the answer around the token's end: {status}")
        time.sleep(PAUSE_SECONDS)


def _await_recovery(client, tokens):
    tokens.tell(available=True)
    deadline = time.time() + RECOVERY_SECONDS
    while time.time() < deadline:
        status = client.ask().status
        if status == 201:
            return
        expect_equal(status, 503, "the answer before there is a token again")
        time.sleep(PAUSE_SECONDS)
    raise Failure(f"no recovery within {RECOVERY_SECONDS} s")

"""Compares what clients sent with what the emulator received."""

import collections
import json

import leaks
from failure import expect, expect_equal
from journal import values

# What a client sends for the service to read: it must arrive as it was sent.
KEPT = ("content-type", "accept", "user-agent", "x-ms-client-request-id")


def compare(configuration, connection):
    """Raises Failure unless each request of `connection` arrived once, whole, properly signed and nothing besides."""
    sent = connection.recorder.sent
    expect(sent, "the client sent nothing")
    for request in sent:
        expect_equal(request.authority, connection.authority, f"the host that {request.method} went to")
    page = configuration.journal(connection).read()
    expect_equal(page["malformed"], 0, "messages that were no HTTP")
    expect_equal(page["dropped"], 0, "messages that the journal dropped")
    entries = [entry for entry in page["requests"] if not _may_be_refused(configuration, entry)]
    for entry in entries:
        _check_entry(configuration, entry)
    _check_messages(sent, entries)
    if configuration.hides_client:
        _check_nothing_of_client(connection, sent, page)


def _may_be_refused(configuration, entry):
    """True for an attempt that the emulator refused for its key, where that is part of the configuration."""
    return configuration.may_be_refused and entry["credential"].get("reason") == "wrong signature"


def _is_chat(target):
    return target.startswith("/chat/")


def _check_entry(configuration, entry):
    what = f"{entry['method']} {entry['target']}"
    expect_equal(entry["leftovers"], [], f"left over in {what}")
    expect_equal(len(values(entry, "authorization")), 1, f"`authorization` lines of {what}")
    if _is_chat(entry["target"]):
        # A user's own token passes; whether it counts is the service's to say.
        reason = entry["credential"].get("reason", "")
        expect(reason in ("", "invalid user token"), f"{what}: {reason}")
        return
    for name in configuration.once:
        expect_equal(len(values(entry, name)), 1, f"`{name}` lines of {what}")
    problem = configuration.credential_problem(entry)
    expect(problem is None, f"{what}: {problem}")


def _check_messages(sent, entries):
    """Method, target, content and what the service reads besides are the same on both sides, and as often."""
    sent, entries = collections.deque(sorted(sent, key=_sent_key)), sorted(entries, key=_entry_key)
    for entry in entries:
        what = f"{entry['method']} {entry['target']}"
        expect(sent, f"received and never sent: {what}")
        request = sent.popleft()
        expect_equal(_entry_key(entry), _sent_key(request), f"what arrived as {what}")
        for name in KEPT + (("authorization",) if _is_chat(entry["target"]) else ()):
            expect_equal(values(entry, name), _list(request.headers.get(name)), f"`{name}` of {what}")
    expect(not sent, f"sent and never received: {[f'{left.method} {left.target}' for left in sent][:3]}")


def _sent_key(request):
    return (request.target, request.method, request.headers.get("x-ms-client-request-id", ""), request.body_sha256,
            request.headers.get("authorization", "") if _is_chat(request.target) else "")


def _entry_key(entry):
    return (entry["target"], entry["method"], "".join(values(entry, "x-ms-client-request-id")),
            entry["body"]["sha256"], "".join(values(entry, "authorization")) if _is_chat(entry["target"]) else "")


def _list(value):
    return [] if value is None else [value]


def _check_nothing_of_client(connection, sent, page):
    """No byte of the client's key, nor of a signature that it made, is in anything received."""
    text = json.dumps(page, ensure_ascii=False).encode()
    for form in leaks.patterns(connection.key_base64.encode()):
        expect(form not in text, "the client's key was received")
    for request in sent:
        signature = request.signature
        expect(not signature or signature.encode() not in text, "a signature of the client was received")

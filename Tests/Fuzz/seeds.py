"""Makes seeds for a fuzz target from the vectors and examples of the project: seeds.py TARGET FOLDER."""

import glob
import hashlib
import json
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# The first two bytes of an input choose how it is read (Tests/Fuzz/Main.swift): some ways to begin with.
CHOICES = (b"\x00\x04", b"\x01\x11", b"\x03\x00", b"\x06\x03")
# Longer seeds slow the fuzzer down more than they teach it.
LONGEST_BYTES = 2000


def expand(text):
    """The text of a case with its marks replaced."""
    for mark, value in (("<<P>>", ""), ("<<H>>", "gw.test"), ("<<N>>", "ok-1"), ("<<C>>", "canary"), ("<<A>>", ""),
                        ("<<D>>", "/denied")):
        text = text.replace(mark, value)
    return re.sub(r"<<R:(.*?):(\d+)>>", lambda match: match[1] * min(int(match[2]), 300), text, flags=re.DOTALL)


def cases():
    """All lines of the tables of HTTP cases."""
    for name in ("vectors/http1-cases.jsonl", "http1-more-cases.jsonl"):
        with open(os.path.join(ROOT, "Tests/Fixtures", name), encoding="utf-8") as file:
            yield from (json.loads(line) for line in file if line.strip())


def sent(steps):
    """The bytes of a list of steps."""
    text = "".join(step.get("d") or step.get("drip") or "" for step in steps)
    return expand(text).encode("latin-1", "replace")


def requests():
    """What clients send."""
    return [sent(case["send"]) for case in cases()]


def answers():
    """What origins answer."""
    plain = [b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", b"HTTP/1.0 204 No Content\r\n\r\n",
             b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
             b"HTTP/1.1 200 \r\nconnection: close, x-a\r\nx-a: b\r\nset_cookie: c\r\n\r\nrest"]
    return plain + [sent(script["steps"]) for case in cases() for script in case.get("up", [])
                    if isinstance(script, dict)]


def bodies():
    """Chunked bodies: what follows the first empty line of the requests and answers that have one."""
    found = [b"3\r\nabc\r\nA;a=b;c=\"d\\\"e\"\r\n0123456789\r\n0\r\nx-t: v\r\n\r\n", b"0\r\n\r\n"]
    for message in requests() + answers():
        head, mark, body = message.partition(b"\r\n\r\n")
        if mark and b"chunked" in head.lower():
            found.append(body)
    return found


def configurations():
    """The examples, the diagnostics' golden files, and small files with everything in them."""
    names = glob.glob(os.path.join(ROOT, "Tests/Fixtures/diagnostics/*.yaml"))
    names += glob.glob(os.path.join(ROOT, "examples/*.yaml")) + [os.path.join(ROOT, "config.example.yaml")]
    for name in sorted(names):
        with open(name, "rb") as file:
            text = file.read()
        yield re.sub(rb"\$\{file:[^}]*\}", b"${file:key}", text)


def targets():
    """Targets with routes."""
    routes = b"\n=/sms\n^1/emails\n^2/emails:send\n*3\n^/a/b\n=/"
    paths = [b"/", b"/sms", b"/SMS/", b"/emails:send?api-version=1", b"/a//b/c?sig=1&code=2", b"/%73ms?%63ode=",
             b"/a%2fb", b"/..", b"/%2e%2E/x", b"/%2541", b"/%E2%82%AC", b"/%C0%AE", b"/a;b", b"/%", b"/%25",
             b"/:search", b"/?subscription-key=a", b"/?access_token", b"/?api-key=1&x", b"/a%00b", b"/emails/%25a?a=%2"]
    paths += [request.split(b" ")[1] for request in requests() if request.count(b" ") > 1]
    return [path + routes for path in paths]


def connection_strings():
    """Connection strings, good and bad."""
    return [b"endpoint=https://contoso.communication.azure.com/;accesskey=c2VjcmV0LWtleQ==",
            b"AccessKey=c2VjcmV0LWtleTE=; Endpoint = http://127.0.0.1:8090 ;;",
            b"endpoint=http://[::1]:80/;accesskey=AAAA", b"endpoint=https://a;accesskey=AA=", b"endpoint=;accesskey=",
            b"endpoint=https://a;endpoint=https://a", b"a=b", b"endpoint", b"accesskey=c2Vj\tcmV0"]


MAKERS = {"request-parser": requests, "response-parser": answers, "chunked-decoder": bodies,
          "configuration": configurations, "routing": targets, "connection-string": connection_strings}


def main():
    """Writes each seed under the name that libFuzzer would give it."""
    target, folder = sys.argv[1:]
    for number, seed in enumerate(MAKERS[target]()):
        content = CHOICES[number % len(CHOICES)] + seed[:LONGEST_BYTES]
        with open(os.path.join(folder, hashlib.sha1(content).hexdigest()), "wb") as file:
            file.write(content)


main()

"""What is started for a soak: origin, two emulators, the gateway; and what is done to them meanwhile."""

import asyncio
import base64
import json
import os
import secrets
import signal
import sys
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "e2e"))

from failure import Failure  # noqa: E402  (the path above)
from programs import Program, run_once  # noqa: E402

SERVING = r"^acs-gateway \S+ serving generation \d+ \(sha256 [0-9a-f]+…?\) on \S+:(\d+), \S+:(\d+)$"
EMULATING = r"^acs-gateway \S+ emulating on (https?://\S+)$"
SECRET = "soak-client-secret-0123456789"

CONFIGURATION = """\
version: 1
revision: {revision}
workers: 2
defaults:
  timeouts: {{ connect: 2s, request_head: 4s, request_body: 5s, response_head: 4s, response_body: 4s, idle: 20s }}
  body: {{ max: 2MiB, memory: 64KiB, total: 16MiB }}
listeners:
  app: {{ bind: "127.0.0.1:0" }}
  app-tls:
    bind: "127.0.0.1:0"
    tls: {{ certificate: certificates/server.pem, key: certificates/server.key }}
credentials:
  key: {{ strategy: access_key, keys: ["${{file:access-key}}"] }}
  own: {{ strategy: pass_through }}
  principal:
    strategy: service_principal
    tenant_id: contoso.example
    client_id: soak
    client_secret: "${{file:client-secret}}"
    authority: "{tokens}"
resources:
  steady: {{ endpoint: "{emulator}", credential: key }}
  files: {{ endpoint: "{origin}", credential: key }}
  faulty: {{ endpoint: "{faulty}", credential: key }}
  tokens: {{ endpoint: "{tokens}", credential: principal }}
  faulty-token: {{ endpoint: "{faulty}", credential: principal }}
routes:
{routes}
telemetry:
  access_log: {{ to: stdout, format: json }}
"""

ROUTES = (("steady", "steady", ""), ("steady-files", "files", ""), ("faulty", "faulty", ""), ("tokens", "tokens", ""),
          ("faulty-token", "faulty-token", ""), ("faulty-pass", "faulty", "credential: own, "))


class Bed:
    """All programs of a soak.  `emulator` and `origin` have no faults; the other two have."""

    def __init__(self, binary, folder, origin, faulty, environment):
        self._binary, self._folder, self._environment = binary, folder, environment
        self._origins = {"origin": f"http://127.0.0.1:{origin}", "faulty": f"http://127.0.0.1:{faulty}"}
        self._programs = []
        self._revision = 0
        self.reloads = self.tokens_down = 0

    def start(self):
        """Starts everything; gives the ports of the plain and of the TLS listener."""
        if run_once("dev-cert", [self._binary, "dev-cert", os.path.join(self._folder, "certificates")],
                    self._folder, environment=self._environment) != 0:
            raise RuntimeError("`acs-gateway dev-cert` failed")
        self._write("access-key", base64.b64encode(secrets.token_bytes(32)).decode())
        self._write("client-secret", SECRET)
        key = ("--access-key-file", self._path("access-key"))
        client = f"tenant=contoso.example,id=soak,secret-file={self._path('client-secret')}"
        self._origins["emulator"] = self._emulator("emulator", *key)
        self._origins["tokens"] = self._emulator(
            "emulator-tokens", *key, "--client", client, "--token-lifetime", "12s", "--token-reject-rate", "0.3",
            "--token-latency", "200ms")
        self._configure(0)
        self.gateway = self._start(
            "gateway", "run", "--config", self._path("config.yaml"), "--pid-file", self._path("pid"))
        match = self.gateway.wait_for(SERVING, 60)
        with open(self._path("pid"), encoding="ascii") as file:
            self.pid = int(file.read())
        return int(match[1]), int(match[2])

    def stop(self):
        """Ends everything in order; gives the gateway's exit status."""
        status = None
        for program in reversed(self._programs):
            ended = program.stop(60)
            status = ended if program is self.gateway else status
        return status

    def kill(self):
        """Ends what still runs."""
        for program in self._programs:
            program.kill()

    @property
    def is_alive(self):
        """True while the gateway runs."""
        return os.path.exists(f"/proc/{self.pid}/exe")

    def measure(self):
        """The gateway's resident memory in KiB and its descriptors."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            resident = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
        return resident, len(os.listdir(f"/proc/{self.pid}/fd"))

    async def disturb(self, stop, period):
        """Until `stop`: another configuration each `period`, half of them broken; token endpoints come and go."""
        step = 0
        while not stop.is_set():
            await asyncio.sleep(period)
            step += 1
            self._configure(step % 4)
            os.kill(self.pid, signal.SIGHUP)
            self.reloads += 1
            if step % 5 == 0:
                await asyncio.to_thread(self._tell_tokens, {"available": self.tokens_down % 2 == 1})
                self.tokens_down += 1
            elif step % 5 == 2:
                await asyncio.to_thread(self._tell_tokens, {"revoke": True})
        self._configure(0)
        os.kill(self.pid, signal.SIGHUP)

    def _tell_tokens(self, command):
        request = urllib.request.Request(
            self._origins["tokens"] + "/_emulator/tokens", json.dumps(command).encode(),
            {"content-type": "application/json"}, method="PUT")
        with urllib.request.urlopen(request, timeout=30):
            pass

    def _configure(self, kind):
        """0 and 2 are good and differ, 1 is no YAML, 3 names a file that is not there."""
        self._revision += 1
        routes = "".join(
            f"  - {{ name: {name}, match: {{ path_prefix: /{name} }}, allow: [anonymous], resource: {resource}, "
            f"{more}rewrite: {{ strip_prefix: /{name} }} }}\n" for name, resource, more in ROUTES)
        if kind == 2:
            routes += "  - { name: more, match: { path: /more }, allow: [anonymous], resource: steady }\n"
        text = CONFIGURATION.format(revision=f"soak-{self._revision}", routes=routes, **self._origins)
        if kind == 1:
            text = text.replace("workers: 2", "workers: [2")
        if kind == 3:
            text = text.replace("${file:access-key}", "${file:nowhere}")
        self._write("config.yaml", text)

    def _emulator(self, name, *options):
        program = self._start(name, "emulate", "--bind", "127.0.0.1:0", *options)
        return program.wait_for(EMULATING, 60)[1]

    def _start(self, name, *arguments):
        program = Program(name, [self._binary, *arguments], self._folder, self._environment)
        self._programs.append(program)
        return program

    def _path(self, name):
        return os.path.join(self._folder, name)

    def _write(self, name, text):
        with open(os.open(self._path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w",
                  encoding="utf-8") as file:
            file.write(text)


def said(folder, name):
    """What the program called `name` wrote on standard error."""
    with open(os.path.join(folder, f"{name}.stderr"), encoding="utf-8", errors="replace") as file:
        return file.read()

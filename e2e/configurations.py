"""What is started for the scenarios: an emulator and a gateway in front of it, or the emulator alone.

A later way for the gateway to prove itself (a token from Entra, say) is one more class here; the scenarios stay.
"""

import base64
import json
import os
import secrets

import leaks
import scenarios
from connections import Connection
from failure import Failure, expect, expect_equal
from journal import Journal
from programs import Program, printed, run_once

SERVING = r"^acs-gateway \S+ serving generation \d+ \(sha256 [0-9a-f]+…?\) on (.+)$"
EMULATING = r"^acs-gateway \S+ emulating on (https?://\S+)$"


class Surroundings:
    """What all configurations of a run share: the program, its folder, certificates of its own making."""

    def __init__(self, binary, folder):
        self.binary = binary
        self.folder = folder
        self.certificates = os.path.join(folder, "certificates")
        status = run_once("dev-cert", [binary, "dev-cert", self.certificates], folder)
        if status != 0:
            raise Failure(f"`acs-gateway dev-cert` ended with {status}; see {folder}/dev-cert.stderr")
        self.ca_file = os.path.join(self.certificates, "ca.pem")
        self.certificate = os.path.join(self.certificates, "server.pem")
        self.private_key = os.path.join(self.certificates, "server.key")


class Configuration:
    """One thing to start, try and end.  Subclasses say what, and which scenarios make sense."""

    name = ""
    scenarios = scenarios.ALL
    # Whether requests may first be refused upstream, before they are sent again and accepted.
    may_be_refused = False
    # Whether the client's own credential must not reach the emulator.
    hides_client = True
    # Of each request exactly one of these must have arrived.
    once = ("authorization", "host", "x-ms-date", "x-ms-content-sha256")

    def __init__(self, surroundings):
        self.surroundings = surroundings
        self.folder = os.path.join(surroundings.folder, self.name.replace(" ", "-").replace(",", ""))
        self.outputs = os.path.join(self.folder, "outputs")
        os.makedirs(self.outputs)
        self.connections = []
        self._programs = []

    def start(self):
        """Starts the programs and fills `connections`; raises Skipped when this program cannot do what is tried."""
        raise NotImplementedError

    def stop(self):
        """Ends the programs; Failure when one does not end as it should."""
        for program in reversed(self._programs):
            expect_equal(program.stop(), 0, f"the exit status of {program.name}")

    def kill(self):
        """Ends whatever still runs."""
        for program in self._programs:
            program.kill()

    def journal(self, connection):
        """The journal of the emulator at the end of `connection`."""
        raise NotImplementedError

    def credential_problem(self, entry):
        """Why the credential of a received request is not what this configuration sends, or None."""
        raise NotImplementedError

    def secrets(self):
        """Name → bytes of what must not be printed by anyone."""
        raise NotImplementedError

    def checks(self):
        """Name → function that raises Failure: what is tried once, after the scenarios."""
        return {}

    def last_checks(self):
        """The same, once the programs have ended."""
        return {}

    def start_program(self, name, *arguments, environment=None):
        """Starts `acs-gateway` with `arguments`; it is ended with the others."""
        program = Program(name, [self.surroundings.binary, *arguments], self.outputs, environment)
        self._programs.append(program)
        return program

    def start_emulator(self, keys, name="emulator", tls=True, options=()):
        """An emulator with access keys in base64; gives its origin with the port that it took."""
        arguments = ["emulate", "--bind", "127.0.0.1:0", *options]
        for key in keys:
            arguments += ["--access-key", key]
        if tls:
            arguments += ["--certificate", self.surroundings.certificate, "--key", self.surroundings.private_key]
        origin = self.start_program(name, *arguments).wait_for(EMULATING).group(1)
        # The certificate names `localhost` as well, and so do endpoints of real life: a name.
        return origin.replace("127.0.0.1", "localhost") if tls else origin


class Direct(Configuration):
    """No gateway: the SDKs hold the key and speak to the emulator itself, which shows that it serves them."""

    name = "no gateway"
    scenarios = scenarios.WITH_KEY
    hides_client = False

    def start(self):
        self._key = new_key()
        plain = self.start_emulator([self._key], "emulator-plain", tls=False)
        tls = self.start_emulator([self._key], "emulator-tls")
        self.connections = [
            Connection("TLS", tls, self._key, self.surroundings.ca_file, uses_connection_string=True),
            Connection("plain http", plain, self._key),
        ]

    def journal(self, connection):
        return Journal(connection.origin, connection.ca_file)

    def credential_problem(self, entry):
        return signature_problem(entry, key_number=1)

    def secrets(self):
        return {"the access key": self._key.encode()}


class Gateway(Configuration):
    """A gateway with a plain and a TLS listener, an emulator behind it, and clients with a worthless key."""

    # How the gateway reaches the emulator, and what else the emulator is told.
    upstream_tls = True
    emulator_options = ()

    def start(self):
        self.client_key = base64.b64encode(b"worthless " + secrets.token_bytes(32)).decode()
        self.emulator_origin = self.start_emulator(
            self.emulator_keys(), tls=self.upstream_tls, options=self.emulator_options)
        self._file = os.path.join(self.folder, "gateway.yaml")
        self._access_log = os.path.join(self.outputs, "access.log")
        with open(self._file, "w", encoding="utf-8") as file:
            file.write(self._yaml(self.credential()))
        self.gateway = self.start_program(
            "gateway", "run", "--config", self._file, environment=self.environment())
        addresses = self.gateway.wait_for(SERVING).group(1).split(", ")
        expect_equal(len(addresses), 2, "the number of addresses served")
        plain, tls = (address.rpartition(":")[2] for address in addresses)
        self.connections = [
            Connection("TLS", f"https://localhost:{tls}", self.client_key, self.surroundings.ca_file,
                       uses_connection_string=True),
            Connection("plain http", f"http://127.0.0.1:{plain}", self.client_key),
        ]

    def emulator_keys(self):
        """The access keys, in base64, that the emulated resource accepts."""
        raise NotImplementedError

    def credential(self):
        """The YAML mapping of the credential `upstream`, on one line; writes the files that it names."""
        raise NotImplementedError

    def environment(self):
        """Variables that the gateway is started with besides its own."""
        return {}

    def journal(self, connection):
        return Journal(self.emulator_origin, self.emulator_ca_file)

    @property
    def emulator_ca_file(self):
        """What must be trusted to speak to the emulator."""
        return self.surroundings.ca_file if self.upstream_tls else None

    def checks(self):
        return {
            "`check` accepts the file": self._check_accepts,
            "`check` refuses a secret in the file and does not repeat it": self._check_refuses,
        }

    def last_checks(self):
        return {"the access log has a line for each request": self._check_access_log}

    def write_secret(self, name, text):
        """Writes a file that only we can read; gives its path."""
        path = os.path.join(self.folder, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text + "\n")
        return path

    def _check_access_log(self):
        with open(self._access_log, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        for connection, listener in zip(self.connections, ("secure", "plain")):
            logged = sum(line["listener"] == listener for line in lines)
            expect_equal(logged, connection.recorder.total, f"the lines of listener `{listener}`")

    def _check_accepts(self):
        for form in ("text", "json"):
            status = run_once(
                f"check-{form}", [self.surroundings.binary, "check", "--config", self._file, "--format", form],
                self.outputs, environment=self.environment())
            expect_equal(status, 0, f"the exit status of `check --format {form}`")

    def _check_refuses(self):
        path = os.path.join(self.folder, "wrong.yaml")
        inline = f'{{ strategy: access_key, keys: ["{self.emulator_keys()[0]}"], nonsense: true }}'
        with open(path, "w", encoding="utf-8") as file:
            file.write(self._yaml(inline))
        for form in ("text", "json"):
            status = run_once(
                f"check-wrong-{form}", [self.surroundings.binary, "check", "--config", path, "--format", form],
                self.outputs, environment=self.environment())
            expect_equal(status, 1, f"the exit status of `check --format {form}` on a wrong file")
            told = printed(f"check-wrong-{form}", self.outputs)
            expect("nonsense" in told, f"`check --format {form}` does not tell what is wrong: {told}")

    def _yaml(self, credential):
        tls = f", tls: {{ ca: {self.surroundings.ca_file} }}" if self.upstream_tls else ""
        certificate = f"certificate: {self.surroundings.certificate}, key: {self.surroundings.private_key}"
        return f"""version: 1
workers: 2
listeners:
  plain: {{ bind: "127.0.0.1:0" }}
  secure: {{ bind: "127.0.0.1:0", tls: {{ {certificate} }} }}
credentials:
  upstream: {credential}
  own-token: {{ strategy: pass_through }}
resources:
  emulated: {{ endpoint: "{self.emulator_origin}", credential: upstream{tls} }}
routes:
  - {{ name: chat, match: {{ path_prefix: /chat }}, allow: [anonymous], resource: emulated, credential: own-token }}
  - {{ name: all, match: {{ path_prefix: / }}, allow: [anonymous], resource: emulated }}
telemetry:
  log: {{ level: debug }}
  access_log: {{ to: {self._access_log}, format: json }}
"""


class AccessKey(Gateway):
    """The gateway signs with the first of two access keys; links name a regional alias of the resource."""

    name = "access key"
    emulator_options = ("--public-host", "localhost.westeurope.communication.azure.com")

    def emulator_keys(self):
        return self._keys

    def credential(self):
        paths = [self.write_secret(f"key{number}", key) for number, key in enumerate(self._keys, 1)]
        return f'{{ strategy: access_key, keys: ["${{file:{paths[0]}}}", "${{file:{paths[1]}}}"] }}'

    def start(self):
        self._keys = [new_key(), new_key()]
        super().start()

    def credential_problem(self, entry):
        return signature_problem(entry, key_number=1)

    def secrets(self):
        return {
            "the first access key": self._keys[0].encode(), "the second access key": self._keys[1].encode(),
            "the client's key": self.client_key.encode(),
            **leaks.private_key_lines(self.surroundings.private_key),
        }


class PlainUpstream(AccessKey):
    """The same with plain http to the emulator, whose links name itself."""

    name = "access key, plain upstream"
    upstream_tls = False
    emulator_options = ()


class RotatedKey(AccessKey):
    """The first access key was regenerated, so only the second is accepted: clients do not notice."""

    name = "access key, first one rotated"
    scenarios = (scenarios.create_user, scenarios.send_sms)
    may_be_refused = True
    emulator_options = ()

    def emulator_keys(self):
        return self._keys[1:]


ALL = (Direct, AccessKey, PlainUpstream, RotatedKey)


def new_key():
    """A random access key as the portal shows it: 64 bytes in base64."""
    return base64.b64encode(secrets.token_bytes(64)).decode()


def signature_problem(entry, key_number):
    """Why a received request is not signed with the key of that number, or None."""
    credential = entry["credential"]
    if credential["verdict"] != "signed":
        return f"its signature was refused: {credential.get('reason')}"
    if credential["key"] != key_number:
        return f"it is signed with key {credential['key']} instead of {key_number}"
    return None

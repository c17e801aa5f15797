"""Gateways that prove themselves with tokens, one class for each strategy and source; the emulator gives the tokens."""

import json
import os
import secrets
import uuid

import certificate
import leaks
import library_tokens
import outage
import scenarios
from configurations import Gateway, new_key
from failure import Skipped, expect_equal
from journal import TokenJournal
from programs import printed, run_once

# How each token of the emulator begins: none may be printed.
TOKEN_START = b"eyJhbGciOiJIUzI1NiIsImtpZCI6ImVtdWxhdG9yIiwidHlwIjoiSldUIn0"
# The identities that the emulator knows (docs/manual/emulator.md).
SYSTEM_IDENTITY = "aaaaaaaa-0000-4000-8000-000000000001"
USER_IDENTITY = "bbbbbbbb-0000-4000-8000-000000000001"
USER_RESOURCE = ("/subscriptions/00000000-0000-4000-8000-000000000000/resourceGroups/emulator/providers/"
                 "Microsoft.ManagedIdentity/userAssignedIdentities/emulator")
RELOADS = 100


class TokenGateway(Gateway):
    """A gateway with a token.  Subclasses say whose, and where it comes from."""

    # A token stands in place of the signature; the journal calls what is left of one left over.
    once = ("authorization", "host")
    # Requests to the token endpoint for one token.
    requests_for_token = 1

    def __init__(self, surroundings):
        super().__init__(surroundings)
        self._keys = [new_key()]

    def start(self):
        super().start()
        # One way in is enough: how clients reach the gateway has nothing to do with tokens.
        self.connections = self.connections[:1]
        self.tokens = TokenJournal(self.emulator_origin, self.emulator_ca_file)

    def start_program(self, name, *arguments, environment=None):
        if name == "gateway":
            self._expect_known()
        return super().start_program(name, *arguments, environment=environment)

    def _expect_known(self):
        """Raises Skipped when the program does not know the strategy."""
        status = run_once(
            "check-known", [self.surroundings.binary, "check", "--config", self._file, "--format", "json"],
            self.outputs, environment=self.environment())
        told = [json.loads(line) for line in printed("check-known", self.outputs).splitlines() if line]
        unknown = [entry["message"] for entry in told if entry["message"].startswith("`strategy` is none of")]
        if status == 1 and unknown:
            raise Skipped(f"this program does not know the strategy yet ({unknown[0]})")

    def emulator_keys(self):
        return self._keys

    def application(self):
        """The client id that the token is for."""
        raise NotImplementedError

    def credential_problem(self, entry):
        credential = entry["credential"]
        if credential["verdict"] != "application":
            return f"it bears no token that counts: {credential.get('reason', credential['verdict'])}"
        if credential["application"] != self.application():
            return f"its token is for {credential['application']}"
        return None

    def secrets(self):
        return {
            "the access key": self._keys[0].encode(), "the client's key": self.client_key.encode(),
            "a token": TOKEN_START, **leaks.private_key_lines(self.surroundings.private_key),
        }

    def checks(self):
        return {**super().checks(), "all that needed one token": self._check_one_token}

    def check_replaced(self, **command):
        """Raises Failure unless a request succeeds, with one new token, once the emulator was told `command`."""
        before = self.tokens.read()["issued"]
        self.tokens.tell(**command)
        scenarios.create_user(self.connections[0])
        expect_equal(self.tokens.read()["issued"] - before, 1, "the tokens that this took")

    def _check_one_token(self):
        page = self.tokens.read()
        refused = [entry.get("reason") for entry in page["requests"] if entry["outcome"] == "refused"]
        expect_equal(refused, [], "the reasons why token requests were refused")
        expect_equal((page["asked"], page["issued"]), (self.requests_for_token, 1), "requests for tokens, and tokens")


class ServicePrincipal(TokenGateway):
    """A service principal.  Subclasses say how it proves itself to Entra."""

    tenant = "contoso.example"
    client_id = str(uuid.uuid4())
    token_options = ()

    @property
    def emulator_options(self):
        return ("--client", f"tenant={self.tenant},id={self.client_id},{self.client_proof()}", *self.token_options)

    def client_proof(self):
        """The emulator's field for the proof; makes the files."""
        raise NotImplementedError

    def gateway_proof(self):
        """The gateway's keys for the proof."""
        raise NotImplementedError

    def application(self):
        return self.client_id

    def credential(self):
        return (f"{{ strategy: service_principal, tenant_id: {self.tenant}, client_id: {self.client_id}, "
                f"authority: \"{self.emulator_origin}\", ca: {self.surroundings.ca_file}, {self.gateway_proof()} }}")


class ClientSecret(ServicePrincipal):
    """With a secret that has everything in it that a form must escape; and what may happen to a token."""

    name = "service principal, secret"

    def client_proof(self):
        self._secret = "s3cr~t+/=&% " + secrets.token_urlsafe(16)
        self._secret_file = self.write_secret("client-secret", self._secret)
        return f"secret-file={self._secret_file}"

    def gateway_proof(self):
        return f'client_secret: "${{file:{self._secret_file}}}"'

    def secrets(self):
        return {**super().secrets(), "the client's secret": self._secret.encode()}

    def checks(self):
        return {
            **super().checks(),
            f"{RELOADS} reloads ask for no token": self._check_reloads,
            "a revoked token is replaced before the client notices": self._check_revoked,
        }

    def _check_reloads(self):
        before = self.tokens.read()["asked"]
        with open(self._file, encoding="utf-8") as file:
            text = file.read()
        for number in range(RELOADS):
            with open(self._file, "w", encoding="utf-8") as file:
                file.write(f"{text}revision: \"{number}\"\n")
            self.gateway.reload()
            self.gateway.wait_for(rf"serving generation {number + 2} ")
        scenarios.create_user(self.connections[0])
        expect_equal(self.tokens.read()["asked"] - before, 0, "the token requests")

    def _check_revoked(self):
        self.check_replaced(revoke=True)


class ClientCertificate(ServicePrincipal):
    """With a certificate, by PS256 and `x5t#S256`."""

    name = "service principal, certificate"
    options = ""

    def client_proof(self):
        public, self._pem = certificate.make(self.folder)
        return f"certificate={public}"

    def gateway_proof(self):
        return f"certificate: {{ file: {self._pem} }}{self.options}"

    def secrets(self):
        return {**super().secrets(), **leaks.private_key_lines(self._pem)}

    def checks(self):
        return {**super().checks(), "a claims challenge is answered": self._check_claims}

    def _check_claims(self):
        self.check_replaced(claims='{"access_token":{"nbf":{"essential":true,"value":"1795424800"}}}')


class ClientCertificateRS256(ClientCertificate):
    """With a certificate, by RS256 and `x5t`, and the certificate itself sent along."""

    name = "service principal, certificate by RS256 with its chain"
    scenarios = (scenarios.create_user,)
    options = ", algorithm: rs256, send_certificate_chain: true"


class FederatedToken(ServicePrincipal):
    """With the token of a platform, from a file that ends with a line end."""

    name = "service principal, federated token"

    def client_proof(self):
        self._token = ".".join(secrets.token_urlsafe(30) for _ in range(3))
        self._token_file = self.write_secret("federated-token", self._token)
        return f"federated-token-file={self._token_file}"

    def gateway_proof(self):
        return f"federated_token_file: {self._token_file}"

    def secrets(self):
        return {**super().secrets(), "the federated token": self._token.encode()}


class ManagedIdentity(TokenGateway):
    """The identity of a machine.  Subclasses say of which platform."""

    # Platforms speak plain http, to what runs on the same machine.
    upstream_tls = False
    source = ""
    path = ""
    selector = ""

    def __init__(self, surroundings):
        super().__init__(surroundings)
        self._header = secrets.token_urlsafe(24)

    @property
    def emulator_options(self):
        # Attached: the text may begin with `-`.
        return (f"--identity-header={self._header}",)

    def application(self):
        return USER_IDENTITY if self.selector else SYSTEM_IDENTITY

    def credential(self):
        return (f"{{ strategy: managed_identity, source: {self.source}, "
                f"endpoint: \"{self.emulator_origin}{self.path}\"{self.selector} }}")

    def secrets(self):
        return {**super().secrets(), "the identity header": self._header.encode()}


class IMDS(ManagedIdentity):
    """A virtual machine."""

    name = "managed identity, imds"
    source = "imds"


class UserAssignedIMDS(IMDS):
    """A virtual machine with a further identity, by its resource id."""

    name = "managed identity, imds, user-assigned"
    scenarios = (scenarios.create_user,)
    selector = f", resource_id: {USER_RESOURCE}"


class AppService(ManagedIdentity):
    """App Service, Functions, Container Apps; found by its variables."""

    name = "managed identity, app_service"
    source = "auto"

    def credential(self):
        return "{ strategy: managed_identity }"

    def environment(self):
        return {"IDENTITY_ENDPOINT": f"{self.emulator_origin}/app-service/msi/token", "IDENTITY_HEADER": self._header}


class AzureArc(ManagedIdentity):
    """A machine outside of Azure, with an identity of its own by its client id."""

    name = "managed identity, azure_arc"
    source = "azure_arc"
    path = "/azure-arc/metadata/identity/oauth2/token"
    requests_for_token = 2

    @property
    def selector(self):
        return f", client_id: {USER_IDENTITY}, arc_token_directory: {self._directory}"

    @property
    def _directory(self):
        return os.path.join(self.folder, "arc")

    @property
    def emulator_options(self):
        return (*super().emulator_options, "--arc-token-directory", self._directory)

    def last_checks(self):
        return {**super().last_checks(), "no key file is left": self._check_no_file}

    def _check_no_file(self):
        expect_equal(os.listdir(self._directory), [], "the key files")


class CloudShell(ManagedIdentity):
    """A shell in the browser."""

    name = "managed identity, cloud_shell"
    source = "cloud_shell"
    path = "/cloud-shell/oauth2/token"


class AzureML(ManagedIdentity):
    """A compute cluster of Azure ML, with a further identity by its client id."""

    name = "managed identity, azure_ml"
    source = "azure_ml"
    path = "/azure-ml/msi/token"
    selector = f", client_id: {USER_IDENTITY}"

    def environment(self):
        return {"MSI_SECRET": self._header}


class ServiceFabric(ManagedIdentity):
    """A cluster, whose endpoint speaks TLS and is known by its certificate."""

    name = "managed identity, service_fabric"
    upstream_tls = True
    source = "service_fabric"
    path = "/service-fabric/metadata/identity/oauth2/token"

    def environment(self):
        return {
            "IDENTITY_HEADER": self._header,
            "IDENTITY_SERVER_THUMBPRINT": certificate.thumbprint(self.surroundings.certificate),
        }


class ColdStart(ClientSecret):
    """A token endpoint that takes a second: clients that come before the token wait for it, and for one only."""

    name = "service principal, cold start"
    scenarios = (scenarios.many_threads,)
    token_options = ("--token-latency", "1s")

    def checks(self):
        return {"fifty clients at once needed one token": self._check_one_token}


class Outage(ClientSecret):
    """A token endpoint that is down in the last half of a token's life, and past it."""

    name = "service principal, endpoint down"
    scenarios = (scenarios.create_user,)
    token_options = ("--token-lifetime", f"{outage.LIFETIME_SECONDS}s")

    def checks(self):
        return {"nobody notices until the token ends, and soon after all is well": self._check_outage}

    def _check_outage(self):
        outage.check(self.connections[0], self.tokens, self.journal(self.connections[0]))


ALL = (
    library_tokens.Library, ClientSecret, ClientCertificate, ClientCertificateRS256, FederatedToken, IMDS,
    UserAssignedIMDS, AppService, AzureArc, CloudShell, AzureML, ServiceFabric, ColdStart, Outage,
)

"""No gateway: Azure's own library asks the emulator for tokens, which shows that the emulator gives them as Azure does."""

import os
import secrets
import threading
import unittest.mock

from azure.identity import CertificateCredential, ClientAssertionCredential, ClientSecretCredential
from azure.identity import ManagedIdentityCredential

import certificate
import scenarios
from configurations import Configuration, new_key
from connections import Connection
from journal import Journal

TENANT = "contoso.example"
CLIENT = "66666666-7777-8888-9999-000000000000"


class Library(Configuration):
    """One connection for each credential of azure-identity that can be pointed at another address."""

    name = "no gateway, azure-identity"
    scenarios = (scenarios.create_user, scenarios.send_sms)
    hides_client = False
    once = ("authorization", "host")

    def start(self):
        self._key = new_key()
        self._secret = "s3cr~t+/=&%" + secrets.token_urlsafe(16)
        self._token = ".".join(secrets.token_urlsafe(30) for _ in range(3))
        self._header = secrets.token_urlsafe(24)
        public, private = certificate.make(self.folder)
        proofs = (f"secret-file={self._write('secret', self._secret)},certificate={public},"
                  f"federated-token-file={self._write('federated-token', self._token)}")
        # The library's assertions have padding and fractions of seconds.
        self._origin = self.start_emulator([self._key], options=(
            "--client", f"tenant={TENANT},id={CLIENT},{proofs}", "--sloppy-assertions",
            f"--identity-header={self._header}"))
        self.connections = [
            self._connection(name, credential) for name, credential in self._credentials(private).items()]

    def _credentials(self, pem):
        """Name → credential."""
        entra = {
            "authority": self._origin, "disable_instance_discovery": True,
            "connection_verify": self.surroundings.ca_file,
        }
        endpoint = f"{self._origin}/service-fabric/metadata/identity/oauth2/token"
        thumbprint = certificate.thumbprint(self.surroundings.certificate)
        return {
            "secret": ClientSecretCredential(TENANT, CLIENT, self._secret, **entra),
            "certificate": CertificateCredential(TENANT, CLIENT, pem, **entra),
            "certificate with its chain": CertificateCredential(
                TENANT, CLIENT, pem, send_certificate_chain=True, **entra),
            "federated token": ClientAssertionCredential(TENANT, CLIENT, lambda: self._token, **entra),
            "imds": self._machine(AZURE_POD_IDENTITY_AUTHORITY_HOST=self._origin),
            "app_service": self._machine(
                IDENTITY_ENDPOINT=f"{self._origin}/app-service/msi/token", IDENTITY_HEADER=self._header),
            "azure_ml": self._machine(MSI_ENDPOINT=f"{self._origin}/azure-ml/msi/token", MSI_SECRET=self._header),
            "cloud_shell": self._machine(MSI_ENDPOINT=f"{self._origin}/cloud-shell/oauth2/token"),
            "service_fabric": self._machine(
                IDENTITY_ENDPOINT=endpoint, IDENTITY_HEADER=self._header, IDENTITY_SERVER_THUMBPRINT=thumbprint),
        }

    def _machine(self, **variables):
        return _WithVariables(
            variables, lambda: ManagedIdentityCredential(connection_verify=self.surroundings.ca_file))

    def _connection(self, name, credential):
        return Connection(name, self._origin, self._key, self.surroundings.ca_file, credential=credential)

    def _write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        return path

    def journal(self, connection):
        return Journal(self._origin, self.surroundings.ca_file)

    def credential_problem(self, entry):
        verdict = entry["credential"]["verdict"]
        return None if verdict == "application" else f"{verdict}: {entry['credential'].get('reason')}"

    def secrets(self):
        return {
            "the access key": self._key.encode(), "the client's secret": self._secret.encode(),
            "the federated token": self._token.encode(), "the identity header": self._header.encode(),
        }


class _WithVariables:
    """A credential that finds these variables in its environment, when it is made and whenever it is asked."""

    _lock = threading.Lock()

    def __init__(self, variables, make):
        self._variables = variables
        with self._environment():
            self._credential = make()

    def get_token(self, *scopes, **options):
        """A token, as the library gets it."""
        with self._lock, self._environment():
            return self._credential.get_token(*scopes, **options)

    def _environment(self):
        return unittest.mock.patch.dict(os.environ, self._variables)

"""Scans each kind of TLS listener with sslyze, and tells all that is wrong.

What counts as wrong: any deviation from Mozilla's configuration for the listener (`intermediate`, or `modern` where
TLS 1.3 alone is spoken), and the further demands of `demands`.  Nothing is exempt: the throw-away authorities are
given to sslyze as trusted, so that even their certificates have to be in order.
"""

import datetime
import os
import pathlib
import sys
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from sslyze import (
    CertificateInfoExtraArgument, Scanner, ScanCommandAttemptStatusEnum, ScanCommandsExtraArguments,
    ServerNetworkConfiguration, ServerNetworkLocation, ServerScanRequest, ServerScanStatusEnum,
    TlsResumptionSupportEnum)
from sslyze.mozilla_tls_profile.tls_config_checker import (
    MozillaTlsConfiguration, ServerNotCompliantWithTlsConfiguration, TlsConfigurationEnum,
    check_server_against_tls_configuration)

from failure import Failure
from programs import Program

# Each listener's `tls`, and what Mozilla calls such a server.
LISTENERS = {
    "usual": ("certificate: server.pem, key: server.key", TlsConfigurationEnum.MOZILLA_INTERMEDIATE),
    "two-keys": (
        "certificates: [{ certificate: server.pem, key: server.key }, { certificate: rsa.pem, key: rsa.key }]",
        TlsConfigurationEnum.MOZILLA_INTERMEDIATE),
    "callers": (
        "certificate: server.pem, key: server.key, client_ca: ca.pem, client_auth: optional",
        TlsConfigurationEnum.MOZILLA_INTERMEDIATE),
    "newest": (
        'certificate: server.pem, key: server.key, min_version: "1.3"', TlsConfigurationEnum.MOZILLA_MODERN),
}

CONFIGURATION = """
version: 1
listeners:
{listeners}
credentials: {{ own: {{ strategy: pass_through }} }}
resources: {{ nowhere: {{ endpoint: "http://127.0.0.1:9", credential: own }} }}
routes: [{{ name: all, match: {{ path_prefix: / }}, allow: [anonymous], resource: nowhere }}]
telemetry: {{ access_log: {{ to: "off" }} }}
"""


def rsa_certificate(folder):
    """Writes `rsa.pem` and `rsa.key`, of an authority of their own whose certificate is given."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def made(subject, issuer, key, signer, extensions):
        builder = x509.CertificateBuilder(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]),
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]), key.public_key(),
            x509.random_serial_number(), now - datetime.timedelta(hours=1), now + datetime.timedelta(days=30))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(signer, hashes.SHA256())

    def usage(**given):
        names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                 "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
        return x509.KeyUsage(**{name: given.get(name, False) for name in names})

    authority_key, key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    authority_id = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
    authority = made("rsa authority", "rsa authority", authority_key, authority_key, [
        (x509.BasicConstraints(True, 0), True), (usage(key_cert_sign=True, crl_sign=True), True), (authority_id, False)])
    leaf = made("rsa server", "rsa authority", key, authority_key, [
        (x509.BasicConstraints(False, None), True), (usage(digital_signature=True), True),
        (x509.SubjectAlternativeName([x509.DNSName("localhost")]), False),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_id), False)])
    (folder / "rsa.pem").write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    (folder / "rsa.key").touch(0o600)
    (folder / "rsa.key").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return authority.public_bytes(serialization.Encoding.PEM)


def demands(name, results):
    """What we want beyond Mozilla's list: (what is wrong, whether it is)."""
    renegotiation, resumption = results.session_renegotiation.result, results.session_resumption.result
    chains = results.certificate_info.result.certificate_deployments
    yield "a client may renegotiate", renegotiation.is_vulnerable_to_client_renegotiation_dos
    yield "early data is taken", results.tls_1_3_early_data.result.supports_early_data
    yield "sessions are kept in memory", (
        resumption.session_id_resumption_result == TlsResumptionSupportEnum.FULLY_SUPPORTED)
    if name != "newest":
        yield "tickets do not resume", (
            resumption.tls_ticket_resumption_result != TlsResumptionSupportEnum.FULLY_SUPPORTED)
    yield "not every kind of key is shown", len(chains) != (2 if name == "two-keys" else 1)
    for chain in chains:
        yield "the authority itself is sent", chain.received_chain_contains_anchor_certificate is True
        yield "the chain is out of order", not chain.received_chain_has_valid_order


def complaints(name, result, profile):
    """All that is wrong with one listener, each a sentence."""
    if result.scan_status != ServerScanStatusEnum.COMPLETED:
        return [f"it could not be scanned: {result.connectivity_error_trace}"]
    attempts = vars(result.scan_result)
    broken = [f"`{command}` failed: {attempt.error_reason}" for command, attempt in attempts.items()
              if attempt.status == ScanCommandAttemptStatusEnum.ERROR]
    if broken:
        return broken
    try:
        check_server_against_tls_configuration(result, MozillaTlsConfiguration.get(profile))
        found = []
    except ServerNotCompliantWithTlsConfiguration as error:
        found = list(error.issues.values())
    return found + [sentence for sentence, is_so in demands(name, result.scan_result) if is_so]


def scan(ports, authorities):
    """The result for each listener."""
    extra = ScanCommandsExtraArguments(certificate_info=CertificateInfoExtraArgument(custom_ca_file=authorities))
    requests = [
        ServerScanRequest(
            ServerNetworkLocation("localhost", port, ip_address="127.0.0.1"),
            ServerNetworkConfiguration("localhost"), scan_commands_extra_arguments=extra)
        for port in ports]
    scanner = Scanner()
    scanner.queue_scans(requests)
    results = {result.server_location.port: result for result in scanner.get_results()}
    return [results[port] for port in ports]


def main(binary):
    with tempfile.TemporaryDirectory() as path:
        folder = pathlib.Path(path)
        if os.spawnl(os.P_WAIT, binary, binary, "dev-cert", path) != 0:
            raise Failure("dev-cert failed")
        authorities = folder / "authorities.pem"
        authorities.write_bytes((folder / "ca.pem").read_bytes() + rsa_certificate(folder))
        listeners = "\n".join(
            f'  {name}: {{ bind: "127.0.0.1:0", tls: {{ {tls} }} }}' for name, (tls, _) in LISTENERS.items())
        (folder / "config.yaml").write_text(CONFIGURATION.format(listeners=listeners))
        gateway = Program("gateway", [binary, "run", "--config", str(folder / "config.yaml")], path)
        try:
            serving = gateway.wait_for(r"serving generation 1 .* on (.+)$").group(1)
            ports = [int(address.rpartition(":")[2]) for address in serving.split(", ")]
            wrong = 0
            for (name, (_, profile)), result in zip(LISTENERS.items(), scan(ports, authorities)):
                found = complaints(name, result, profile)
                wrong += len(found)
                print(f"sslyze: {name} ({profile.value}): {'good' if not found else ''}")
                for sentence in found:
                    print(f"sslyze:   {sentence}")
            status = gateway.stop()
        finally:
            gateway.kill()
    if status != 0:
        raise Failure(f"the gateway ended with {status}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""A throw-away RSA certificate for an application; `acs-gateway dev-cert` makes others, for servers."""

import datetime
import hashlib
import os
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def make(folder):
    """Writes `client.pem` (certificate) and `client-with-key.pem` (key and certificate); gives both paths."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "acs-gateway e2e")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=60)).sign(key, hashes.SHA256()))
    public = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return _write(folder, "client.pem", public), _write(folder, "client-with-key.pem", private + public)


def thumbprint(path):
    """The SHA-1 of the first certificate in a PEM file, in hexadecimal."""
    with open(path, encoding="ascii") as file:
        return hashlib.sha1(ssl.PEM_cert_to_DER_cert(file.read())).hexdigest().upper()


def _write(folder, name, content):
    path = os.path.join(folder, name)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    return path

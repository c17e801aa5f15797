"""Looks for secrets in everything that the programs printed."""

import base64
import os
import urllib.parse

# Shorter texts would be found by chance.
SHORTEST_PATTERN_BYTES = 8


def patterns(secret):
    """The forms in which `secret` (bytes) would give itself away: as it is, in base64, in hexadecimal, escaped."""
    forms = {secret}
    for bytes_ in (secret, _decoded(secret)):
        if not bytes_:
            continue
        standard = base64.b64encode(bytes_)
        forms |= {
            bytes_, standard, standard.rstrip(b"="), base64.urlsafe_b64encode(bytes_).rstrip(b"="),
            bytes_.hex().encode(), bytes_.hex().upper().encode(), urllib.parse.quote(bytes_, safe="").encode(),
        }
    return {form for form in forms if len(form) >= SHORTEST_PATTERN_BYTES}


def find(folder, secrets):
    """A sentence for each file below `folder` that holds a form of one of `secrets` (name → bytes)."""
    found = []
    for directory, _, names in os.walk(folder):
        for name in sorted(names):
            path = os.path.join(directory, name)
            with open(path, "rb") as file:
                content = file.read()
            for secret_name, secret in secrets.items():
                if any(form in content for form in patterns(secret)):
                    found.append(f"{os.path.relpath(path, folder)} holds {secret_name}")
    return found


def private_key_lines(path):
    """The lines of a PEM file between its marks, each a secret of its own."""
    with open(path, "rb") as file:
        lines = [line.strip() for line in file if not line.startswith(b"-----")]
    return {f"line {number} of {os.path.basename(path)}": line
            for number, line in enumerate(lines, 1) if len(line) >= SHORTEST_PATTERN_BYTES}


def _decoded(text):
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""

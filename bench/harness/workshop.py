"""What a run needs before anything is measured: programs, certificates, secrets, cores."""

import base64
import dataclasses
import mmap
import os
import pathlib
import secrets
import shutil
import subprocess

from .errors import BenchError

BENCH = pathlib.Path(__file__).resolve().parent.parent
REPOSITORY = BENCH.parent
GATEWAY = REPOSITORY / ".build/release/acs-gateway"
PROGRAMS = {
    "origin": ["origin.c", "verify.c", "stream.c", "http.c"],
    "load": ["load.c", "stream.c", "http.c"],
    "forwarder": ["forwarder.c", "sign.c", "stream.c", "http.c"],
    "allocations.so": ["allocations.c"],
}
PACKAGES = {
    "gcc": "gcc libc6-dev libssl-dev",
    "openssl": "openssl",
    "taskset": "util-linux",
    "haproxy": "haproxy",
    "nginx": "nginx-light libnginx-mod-http-lua",
    "valgrind": "valgrind",
    "strace": "strace",
    "objcopy": "binutils",
}


# What access logs may fill in a run, and so many bytes at a time.
TOUCHED_BYTES = 2 << 30
TOUCH_BYTES = 1 << 20


@dataclasses.dataclass(frozen=True)
class Workshop:
    """Where things are.  `run` is a directory of this run alone, unreadable to others."""

    programs: pathlib.Path
    run: pathlib.Path
    proxy_core: int
    load_core: int

    @property
    def ca(self) -> pathlib.Path:
        return self.run / "ca.pem"

    @property
    def server_certificate(self) -> pathlib.Path:
        return self.run / "server.pem"

    @property
    def server_key(self) -> pathlib.Path:
        return self.run / "server.key"

    @property
    def access_key(self) -> pathlib.Path:
        return self.run / "access.key"

    @property
    def bearer(self) -> pathlib.Path:
        return self.run / "bearer.token"


def install_packages(*programs: str) -> None:
    """Installs `programs`, or all that is needed beside acs-gateway, from Debian; what is there is left alone."""
    wanted = [name for name in programs or PACKAGES if shutil.which(name) is None or name == "nginx"]
    packages = sorted({package for name in wanted for package in PACKAGES[name].split()})
    if not packages:
        return
    for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-q", "-y", *packages]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise BenchError(f"`{' '.join(command)}` failed:\n{done.stderr.strip()}")


def touch_memory() -> None:
    """Writes to free memory once and gives it back, so that no target is the first to do so.

    On a virtual machine the host finds a page when it is first touched.  That took 10 µs here, a page of the access log
    holds nine lines, and only acs-gateway writes one: of its CPU time it was 3 %.
    """
    available = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    count = min(TOUCHED_BYTES, available // 4) // TOUCH_BYTES
    written = b"\1" * TOUCH_BYTES
    if count:
        with mmap.mmap(-1, count * TOUCH_BYTES) as memory:
            for _ in range(count):
                memory.write(written)


def require(program: str) -> None:
    if shutil.which(program) is None:
        raise BenchError(f"`{program}` is missing; install it: apt-get install {PACKAGES[program]}")


def open_workshop(run: pathlib.Path) -> Workshop:
    for program in ("gcc", "openssl", "taskset"):
        require(program)
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise BenchError("two cores are needed: one for the proxy, one for the load and the origin")
    shop = Workshop(REPOSITORY / ".build/bench", run, cores[0], cores[1])
    build(shop.programs)
    make_secrets(shop)
    return shop


def build(into: pathlib.Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    for name, sources in PROGRAMS.items():
        paths = [str(BENCH / "c" / source) for source in sources]
        flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror"]
        if name.endswith(".so"):
            flags += ["-shared", "-fPIC"]
        result = subprocess.run(
            ["gcc", *flags, "-o", str(into / name), *paths, "-lssl", "-lcrypto"], capture_output=True, text=True
        )
        if result.returncode:
            hint = "; install the headers: apt-get install libssl-dev" if "openssl/" in result.stderr else ""
            raise BenchError(f"`{name}` does not compile{hint}\n{result.stderr}")


def make_secrets(shop: Workshop) -> None:
    """An access key of 64 bytes, a bearer token, a throw-away CA and a certificate for 127.0.0.1 and localhost."""
    shop.access_key.write_text(base64.b64encode(secrets.token_bytes(64)).decode() + "\n")
    shop.bearer.write_text(secrets.token_urlsafe(192) + "\n")
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    ca_key = str(shop.run / "ca.key")
    openssl("req", "-x509", *new_key, "-subj", "/CN=bench CA", "-keyout", ca_key, "-out", str(shop.ca))
    openssl(
        "req", "-x509", *new_key, "-subj", "/CN=localhost", "-CA", str(shop.ca), "-CAkey", ca_key,
        "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE",
        "-keyout", str(shop.server_key), "-out", str(shop.server_certificate),
    )
    for secret in (shop.access_key, shop.bearer, shop.server_key):
        secret.chmod(0o600)


def openssl(*arguments: str) -> None:
    result = subprocess.run(["openssl", *arguments], capture_output=True, text=True)
    if result.returncode:
        raise BenchError(f"`openssl {arguments[0]}` failed:\n{result.stderr}")

"""Processes pinned to a core: started, awaited, counted, ended by their own id."""

import os
import pathlib
import socket
import subprocess
import time

from .errors import BenchError

READY_SECONDS = 60
STOP_SECONDS = 5
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Process:
    """A program that runs until it is stopped, its output in a log file."""

    def __init__(
        self, name: str, command: list[str], core: int, log: pathlib.Path, environment: dict[str, str] | None = None
    ):
        self.name = name
        self.log = log
        with log.open("wb") as output:
            self.handle = subprocess.Popen(
                ["taskset", "-c", str(core), *command],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=log.parent,
                env=os.environ | (environment or {}),
            )

    @property
    def pid(self) -> int:
        return self.handle.pid

    def wait_until_listening(self, port: int) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self.handle.poll() is not None:
                raise BenchError(f"{self.name} ended with {self.handle.returncode}:\n{self.log_tail()}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.02)
        raise BenchError(f"{self.name} does not listen after {READY_SECONDS} s:\n{self.log_tail()}")

    def log_tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-12:]
        return "\n".join(f"    {line}" for line in lines)

    def stop(self) -> None:
        if self.handle.poll() is not None:
            return
        self.handle.terminate()
        try:
            self.handle.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.handle.kill()
            self.handle.wait()


def process_tree(root: int) -> dict[int, int]:
    """The ids of `root` and all its living descendants, each with its user and system time in ticks."""
    parents, ticks = {}, {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(entry.name)] = int(fields[1])
        ticks[int(entry.name)] = int(fields[11]) + int(fields[12])
    tree = {root}
    while grown := {pid for pid, parent in parents.items() if parent in tree} - tree:
        tree |= grown
    return {pid: ticks[pid] for pid in tree if pid in ticks}


def cpu_seconds(root: int) -> float:
    """User and system time that `root` and its descendants have used."""
    return sum(process_tree(root).values()) / TICKS_PER_SECOND


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def memory_kib(root: int) -> int:
    """Resident memory of `root` and its descendants, added."""
    return sum(_status(pid, "VmRSS") for pid in process_tree(root))


def forget_peaks(root: int) -> None:
    """Begins a new peak of resident memory for each process."""
    for pid in process_tree(root):
        pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_kib(root: int) -> int:
    """The most that was resident since `forget_peaks`, the processes' peaks added."""
    return sum(_status(pid, "VmHWM") for pid in process_tree(root))


def _status(pid: int, name: str) -> int:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return 0

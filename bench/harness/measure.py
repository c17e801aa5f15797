"""One workload: check every target, then measure them in turns."""

import contextlib
import dataclasses
import json
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator

from .errors import BenchError
from .processes import Process, cpu_seconds, forget_peaks, free_port, memory_kib, peak_kib, process_tree
from .targets import Setting, Target
from .workloads import Workload, request_bytes
from .workshop import Workshop

CHECKED_REQUESTS = 64
CHECKED_CONNECTIONS = 4
WARM_UP_SECONDS = 0.5
COUNTED_REQUESTS = 20_000
COUNTED_REQUESTS_ALONE = 2_000
LOAD_GRACE_SECONDS = 30


@dataclasses.dataclass(frozen=True)
class Round:
    """One target under load once."""

    cpu_us: float
    requests_per_second: float
    p50_us: float
    p99_us: float
    # Resident memory at its peak, above what it was before the first request.
    peak_mib: float


@dataclasses.dataclass
class Result:
    """One target in one workload.  System calls are per request, None where they cannot be counted."""

    rounds: list[Round] = dataclasses.field(default_factory=list)
    calls_saturated: float | None = None
    calls_alone: float | None = None

    def median(self, of: Callable[[Round], float]) -> float:
        return statistics.median(of(one) for one in self.rounds)

    @property
    def cpu_us(self) -> float:
        return self.median(lambda one: one.cpu_us)

    def ratio(self, reference: "Result") -> float:
        """CPU per request against `reference`: the median of each round's own ratio, since noise comes in spells that
        two targets of one round share, and two medians need not."""
        return statistics.median(one.cpu_us / other.cpu_us for one, other in zip(self.rounds, reference.rounds))


class Origin:
    """The origin: one process with a plain and a TLS port."""

    def __init__(self, shop: Workshop):
        self.plain_port, self.tls_port = free_port(), free_port()
        command = [
            str(shop.programs / "origin"), f"--plain={self.plain_port}", f"--tls={self.tls_port}",
            f"--certificate={shop.server_certificate}", f"--key={shop.server_key}",
            f"--access-key={shop.access_key}", f"--bearer={shop.bearer}",
        ]
        self.process = Process("origin", command, shop.load_core, shop.run / "origin.log")

    def wait(self) -> None:
        self.process.wait_until_listening(self.plain_port)
        self.process.wait_until_listening(self.tls_port)


class Contender:
    """A target that runs, set up for one workload."""

    def __init__(
        self, target: Target, setting: Setting, before: tuple[str, ...] = (), environment: dict[str, str] | None = None
    ):
        """`before` stands in front of the command: a program that watches it."""
        self.target = target
        self.setting = setting
        # Resident memory before the first request.
        self.idle_kib = 0
        shop = setting.shop
        log = setting.file(f"{target.name}.log")
        command = [*before, *target.command(setting)]
        self.process = Process(target.name, command, shop.proxy_core, log, environment)

    def load(self, *extra: str, verified: bool = False, body_bytes: int | None = None) -> list[str]:
        """The load generator's command, pinned; `extra` says how much."""
        setting, workload, shop = self.setting, self.setting.workload, self.setting.shop
        size = workload.body_bytes if body_bytes is None else body_bytes
        request = setting.file(f"{self.target.name}.request")
        bearer = shop.bearer.read_text().strip()
        request.write_bytes(request_bytes(workload, setting.port, bearer, size, verified))
        command = ["taskset", "-c", str(shop.load_core), str(shop.programs / "load")]
        command += [f"--port={setting.port}", f"--request={request}"]
        if workload.listener_tls:
            command.append(f"--ca={shop.ca}")
        if not workload.keep_alive:
            command.append("--close")
        return [*command, *extra]

    def run(self, command: list[str], seconds: float = 0) -> dict[str, float]:
        """Runs the load to its end; every answer must have been a 200."""
        where = f"{self.setting.workload.name}, {self.target.name}"
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + LOAD_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            raise BenchError(f"{where}: the load did not end") from None
        if done.returncode:
            raise BenchError(f"{where}: {done.stdout.strip()} {done.stderr.strip()}\n{self.process.log_tail()}")
        return json.loads(done.stdout)

    def check(self) -> None:
        """What reaches the origin must be in order, for the workload's body and for a tiny one."""
        for size in sorted({self.setting.workload.body_bytes, min(1, self.setting.workload.body_bytes)}):
            amount = [f"--requests={CHECKED_REQUESTS}", f"--connections={CHECKED_CONNECTIONS}"]
            self.run(self.load(*amount, verified=True, body_bytes=size))

    def warm_up(self) -> None:
        self.run(self.load(f"--seconds={WARM_UP_SECONDS}", f"--connections={self.setting.workload.connections}"))

    def measure(self, seconds: float) -> Round:
        command = self.load(f"--seconds={seconds}", f"--connections={self.setting.workload.connections}")
        forget_peaks(self.process.pid)
        before = cpu_seconds(self.process.pid)
        answers = self.run(command, seconds)
        used = cpu_seconds(self.process.pid) - before
        peak = peak_kib(self.process.pid) - self.idle_kib
        if used <= 0:
            raise BenchError(f"{self.target.name} used no time that could be seen; use longer rounds: --seconds")
        return Round(
            used / answers["answers"] * 1e6, answers["answers"] / answers["seconds"],
            answers["p50_us"], answers["p99_us"], peak / 1024,
        )

    def count_calls(self, connections: int, requests: int) -> float | None:
        """System calls per request, over all of the proxy's processes and threads."""
        command = self.load(f"--requests={requests}", f"--connections={connections}")
        pids = ",".join(str(pid) for pid in process_tree(self.process.pid))
        calls = perf_calls(self, command, pids)
        if calls is None:
            calls = strace_calls(self, command, pids)
        return None if calls is None else calls / requests


def perf_calls(contender: Contender, command: list[str], pids: str) -> int | None:
    if shutil.which("perf") is None:
        return None
    report = contender.setting.file("perf.csv")
    report.unlink(missing_ok=True)
    perf = ["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-p", pids, "-o", str(report), "--"]
    with contextlib.suppress(BenchError):
        contender.run([*perf, *command])
    text = report.read_text() if report.exists() else ""
    found = re.search(r"^(\d+),.*raw_syscalls:sys_enter", text, re.MULTILINE)
    return int(found[1]) if found else None


def strace_calls(contender: Contender, command: list[str], pids: str) -> int | None:
    if shutil.which("strace") is None:
        return None
    report = contender.setting.file("strace.txt")
    strace = subprocess.Popen(
        ["strace", "-c", "-f", "-p", pids, "-o", str(report)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 2
        while strace.poll() is None and not is_traced(contender.process.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        if strace.poll() is not None:
            return None
        contender.run(command)
    finally:
        strace.send_signal(signal.SIGINT)
        strace.wait()
    found = re.search(r"^100\.00\s+\S+\s+\d+\s+(\d+).*total$", report.read_text(), re.MULTILINE)
    return int(found[1]) if found else None


def is_traced(pid: int) -> bool:
    return "TracerPid:\t0\n" not in pathlib.Path(f"/proc/{pid}/status").read_text()


def measure_workload(
    shop: Workshop, workload: Workload, origin: Origin, targets: list[Target], rounds: int, seconds: float,
    say: Callable[[str], None],
) -> dict[str, Result]:
    """The result of every target that can do this workload."""
    able = [target for target in targets if target.supports(workload)]
    results = {target.name: Result() for target in able}
    with contenders(shop, workload, origin, able) as running:
        for contender in running:
            contender.check()
            contender.warm_up()
        for number in range(rounds):
            # Each round begins with another target, so that none is always first.
            turn = number % max(1, len(running))
            for contender in running[turn:] + running[:turn]:
                contender.check()
                one = contender.measure(seconds)
                results[contender.target.name].rounds.append(one)
                say(f"{workload.name} round {number + 1}: {contender.target.name} {one.cpu_us:.1f} µs/request")
        for contender in running if not workload.is_large else []:
            result = results[contender.target.name]
            result.calls_saturated = contender.count_calls(workload.connections, COUNTED_REQUESTS)
            result.calls_alone = contender.count_calls(1, COUNTED_REQUESTS_ALONE)
    return results


@contextlib.contextmanager
def contenders(shop: Workshop, workload: Workload, origin: Origin, targets: list[Target]) -> Iterator[list[Contender]]:
    origin_port = origin.tls_port if workload.origin_tls else origin.plain_port
    running: list[Contender] = []
    try:
        for target in targets:
            running.append(Contender(target, Setting(shop, workload, free_port(), origin_port)))
            running[-1].process.wait_until_listening(running[-1].setting.port)
            running[-1].idle_kib = memory_kib(running[-1].process.pid)
        yield running
    finally:
        for contender in running:
            contender.process.stop()

"""What can be counted exactly, on a busy machine as well as on a quiet one: system calls, allocations, instructions."""

import dataclasses
import pathlib
import re
import struct
import subprocess

from .errors import BenchError
from .measure import Contender, Origin
from .processes import free_port
from .targets import Gateway, Setting
from .workloads import Workload
from .workshop import Workshop, require

CONNECTIONS = 8
WARM_UP_REQUESTS = 2_000
COUNTED_REQUESTS = 10_000
COUNTED_REQUESTS_ALONE = 2_000
# Under callgrind a request takes some milliseconds.
WARM_UP_REQUESTS_TRACED = 200
COUNTED_REQUESTS_TRACED = 1_000


@dataclasses.dataclass(frozen=True)
class Counts:
    """Per request, in steady state: what setting up connections takes is not in it."""

    allocations: float
    moves: float
    calls: float | None
    calls_alone: float | None
    instructions: float | None


def count(shop: Workshop, workload: Workload, origin: Origin, program: pathlib.Path, traces: bool) -> Counts:
    """Counts `workload` through the gateway that `program` is; `traces` for instructions as well, which is slow."""
    with_counter = start(shop, workload, origin, program, "counted")
    try:
        counts = shop.run / "allocations"
        with_counter.check()
        asked, moved = allocations(with_counter, counts)
        calls = difference(lambda requests: with_counter.count_calls(workload.connections, requests), COUNTED_REQUESTS)
        alone = difference(lambda requests: with_counter.count_calls(1, requests), COUNTED_REQUESTS_ALONE)
    finally:
        with_counter.process.stop()
    return Counts(asked, moved, calls, alone, instructions(shop, workload, origin, program) if traces else None)


def start(
    shop: Workshop, workload: Workload, origin: Origin, program: pathlib.Path, name: str, *before: str
) -> Contender:
    origin_port = origin.tls_port if workload.origin_tls else origin.plain_port
    counter, counts = shop.programs / "allocations.so", shop.run / "allocations"
    environment = {"LD_PRELOAD": str(counter), "ALLOCATIONS_FILE": str(counts)}
    contender = Contender(
        Gateway(name, program), Setting(shop, workload, free_port(), origin_port),
        before=before, environment={} if before else environment,
    )
    contender.process.wait_until_listening(contender.setting.port)
    return contender


def run(contender: Contender, requests: int) -> None:
    contender.run(contender.load(f"--requests={requests}", f"--connections={CONNECTIONS}"), seconds=60)


def allocations(contender: Contender, path: pathlib.Path) -> tuple[float, float]:
    """Blocks asked for and blocks moved: once for N requests, once for 2 N, so that what a run takes falls out."""

    def blocks(requests: int) -> tuple[int, int]:
        before = struct.unpack("QQQ", path.read_bytes())
        run(contender, requests)
        after = struct.unpack("QQQ", path.read_bytes())
        return after[0] - before[0], after[1] - before[1]

    run(contender, WARM_UP_REQUESTS)
    once, twice = blocks(COUNTED_REQUESTS), blocks(2 * COUNTED_REQUESTS)
    return (twice[0] - once[0]) / COUNTED_REQUESTS, (twice[1] - once[1]) / COUNTED_REQUESTS


def difference(calls_per_request, requests: int) -> float | None:
    once, twice = calls_per_request(requests), calls_per_request(2 * requests)
    return None if once is None or twice is None else (twice * 2 * requests - once * requests) / requests


def instructions(
    shop: Workshop, workload: Workload, origin: Origin, program: pathlib.Path, keep: pathlib.Path | None = None
) -> float:
    """Instructions outside the kernel per request, by callgrind, which is switched on behind the warm-up."""
    require("valgrind")
    require("objcopy")
    output = keep or shop.run / "callgrind.out"
    # Debian's valgrind cannot read what the linker writes of source lines; the names of functions are not in that.
    readable = shop.run / "traced-program"
    subprocess.run(["objcopy", "--strip-debug", str(program), str(readable)], check=True)
    traced = start(
        shop, workload, origin, readable, "traced", "valgrind", "--tool=callgrind", "--instr-atstart=no",
        f"--callgrind-out-file={output}", "--dump-instr=no",
    )
    try:
        run(traced, WARM_UP_REQUESTS_TRACED)
        control(traced, "--instr=on")
        run(traced, COUNTED_REQUESTS_TRACED)
        control(traced, "--instr=off")
    finally:
        traced.process.stop()
    found = re.search(r"^totals: (\d+)", output.read_text(errors="replace"), re.MULTILINE)
    if not found:
        raise BenchError(f"callgrind left no total in `{output}`")
    return int(found[1]) / COUNTED_REQUESTS_TRACED


def control(contender: Contender, order: str) -> None:
    done = subprocess.run(["callgrind_control", order, str(contender.process.pid)], capture_output=True, text=True)
    if done.returncode:
        raise BenchError(f"callgrind_control {order} failed: {done.stderr.strip()}")

"""The figures as Markdown."""

import datetime
import os
import pathlib
import platform

from .measure import Result
from .targets import Gateway, Target
from .workloads import Workload

REFERENCE = "limit"
PEERS = ("haproxy", "nginx+lua")


def report(
    targets: list[Target], workloads: list[Workload], results: dict[str, dict[str, Result]], more: list[str],
    rounds: int, seconds: float,
) -> str:
    """All tables; `results` by workload, then by target; `more` in between."""
    parts = [
        summary(targets, workloads, results),
        *more,
        details(targets, workloads, results),
        circumstances(targets, rounds, seconds),
    ]
    return "\n\n".join(parts) + "\n"


def summary(targets: list[Target], workloads: list[Workload], results: dict[str, dict[str, Result]]) -> str:
    ours = [target.name for target in targets if isinstance(target, Gateway)]
    peers = [target.name for target in targets if target.name in PEERS]
    names = [target.name for target in targets]
    head = ["CPU µs/request (× limit)", *names, *(f"{name} ÷ best peer" for name in ours if peers)]
    rows = []
    for workload in workloads:
        of = results[workload.name]
        cells = [cpu_cell(of.get(target.name), of.get(REFERENCE), workload) for target in targets]
        best = min((of[name] for name in peers), key=lambda peer: peer.cpu_us, default=None)
        ratios = [f"{of[name].ratio(best):.2f}" for name in ours if best]
        rows.append([f"{workload.name} {workload.title}", *cells, *ratios])
    return table(head, rows)


def details(targets: list[Target], workloads: list[Workload], results: dict[str, dict[str, Result]]) -> str:
    head = [
        "", "target", "CPU µs/request: lowest – highest round", "requests/s", "p50 µs", "p99 µs",
        "system calls/request: saturated", "one connection",
    ]
    rows = []
    for workload in workloads:
        for target in targets:
            result = results[workload.name].get(target.name)
            if result is None:
                continue
            costs = sorted(one.cpu_us for one in result.rounds)
            rows.append([
                workload.name, target.name, f"{costs[0]:.1f} – {costs[-1]:.1f}",
                f"{result.median(lambda one: one.requests_per_second):,.0f}".replace(",", " "),
                f"{result.median(lambda one: one.p50_us):.0f}", f"{result.median(lambda one: one.p99_us):.0f}",
                calls_cell(result.calls_saturated), calls_cell(result.calls_alone),
            ])
    return table(head, rows)


def circumstances(targets: list[Target], rounds: int, seconds: float) -> str:
    now = datetime.datetime.now(datetime.timezone.utc)
    load = os.getloadavg()[0]
    versions = "; ".join(f"{target.name}: {target.version()}" for target in targets)
    return (
        f"{now:%Y-%m-%d %H:%M} UTC; {processor()}, {os.cpu_count()} cores, Linux {platform.release()}; "
        f"median of {rounds} rounds of {seconds:g} s, interleaved; load average at the end {load:.1f}. {versions}."
    )


def processor() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def cpu_cell(result: Result | None, reference: Result | None, workload: Workload) -> str:
    if result is None:
        return "–"
    text = f"{result.cpu_us:.1f}"
    if workload.is_large:
        text = f"{result.cpu_us / 1000:.1f} ms; {result.median(lambda one: one.peak_mib):.0f} MiB"
    if reference is None or result is reference:
        return text
    return f"{text} ({result.ratio(reference):.2f})"


def calls_cell(calls: float | None) -> str:
    return "–" if calls is None else f"{calls:.2f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)

"""What is not a row of CPU per request: start and memory of each target, idle connections, many routes, reloads."""

import contextlib
import pathlib
import signal
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator

from .errors import BenchError
from .measure import Contender, Origin, contenders
from .processes import free_port, memory_kib
from .report import table
from .targets import Gateway, Setting, Target
from .workloads import Workload, request_bytes
from .workshop import Workshop

STARTS = 5
IDLE_CONNECTIONS = 9_000
MANY_ROUTES = 10_000
RELOADS_PER_SECOND = 10
ANSWER_SECONDS = 15


def footprint(
    shop: Workshop, workload: Workload, origin: Origin, targets: list[Target], rounds: int, seconds: float,
    say: Callable[[str], None],
) -> str:
    """Start to first answer, memory when idle, and with W8 what an idle connection takes and costs others."""
    rows = []
    for target in targets:
        starts = [first_answer(shop, workload, origin, target) for _ in range(STARTS)]
        ready, idle_kib = statistics.median(one[0] for one in starts), statistics.median(one[1] for one in starts)
        with contenders(shop, workload, origin, [target]) as running:
            contender = running[0]
            contender.check()
            contender.warm_up()
            before = memory_kib(contender.process.pid)
            alone = [contender.measure(seconds).cpu_us for _ in range(rounds)]
            with idle_connections(contender, IDLE_CONNECTIONS):
                each = (memory_kib(contender.process.pid) - before) / IDLE_CONNECTIONS
                crowded = [contender.measure(seconds).cpu_us for _ in range(rounds)]
        ratio = statistics.median(crowded) / statistics.median(alone)
        say(f"{target.name}: {ready:.0f} ms, {idle_kib / 1024:.1f} MiB, {each:.2f} KiB a connection, {ratio:.2f}")
        rows.append([target.name, f"{ready:.0f}", f"{idle_kib / 1024:.1f}", f"{each:.2f}", f"{ratio:.2f}"])
    head = [
        "", "start to first answer, ms", "memory idle, MiB", f"W8: KiB per idle connection ({IDLE_CONNECTIONS})",
        f"{workload.name} with them ÷ {workload.name}",
    ]
    return table(head, rows)


def first_answer(shop: Workshop, workload: Workload, origin: Origin, target: Target) -> tuple[float, int]:
    """Milliseconds from the start of the process to its first answer, and its memory then, in KiB."""
    setting = Setting(shop, workload, free_port(), origin.plain_port)
    request = request_bytes(workload, setting.port, shop.bearer.read_text().strip(), workload.body_bytes, False)
    began = time.monotonic()
    contender = Contender(target, setting)
    try:
        while time.monotonic() < began + ANSWER_SECONDS:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", setting.port)) as connection:
                connection.sendall(request)
                if connection.recv(65536).startswith(b"HTTP/1.1 200"):
                    took = (time.monotonic() - began) * 1000
                    time.sleep(0.2)
                    return took, memory_kib(contender.process.pid)
            time.sleep(0.0005)
        raise BenchError(f"{target.name} did not answer:\n{contender.process.log_tail()}")
    finally:
        contender.process.stop()


@contextlib.contextmanager
def idle_connections(contender: Contender, count: int) -> Iterator[None]:
    """Connections that made one request each and now rest."""
    setting, shop = contender.setting, contender.setting.shop
    workload = setting.workload
    request = request_bytes(workload, setting.port, shop.bearer.read_text().strip(), workload.body_bytes, False)
    connections: list[socket.socket] = []
    try:
        for _ in range(count):
            connections.append(socket.create_connection(("127.0.0.1", setting.port), ANSWER_SECONDS))
            connections[-1].sendall(request)
            if not connections[-1].recv(65536).startswith(b"HTTP/1.1 200"):
                raise BenchError(f"{contender.target.name} refused one of {count} connections")
        time.sleep(0.5)
        yield
    finally:
        for connection in connections:
            connection.close()


def many_routes(
    shop: Workshop, workload: Workload, origin: Origin, program: pathlib.Path, rounds: int, seconds: float
) -> str:
    """What a request costs with 10 000 routes beside with a few."""
    targets: list[Target] = [Gateway("few-routes", program), Gateway("many-routes", program, MANY_ROUTES)]
    costs: dict[str, list[float]] = {target.name: [] for target in targets}
    with contenders(shop, workload, origin, targets) as running:
        for contender in running:
            contender.check()
            contender.warm_up()
        for number in range(rounds):
            for contender in running if number % 2 == 0 else reversed(running):
                costs[contender.target.name].append(contender.measure(seconds).cpu_us)
    few, many = (statistics.median(costs[target.name]) for target in targets)
    return f"{workload.name} with {MANY_ROUTES} more routes: {many:.1f} µs, without: {few:.1f} µs: {many / few:.2f} ×."


def reloads(
    shop: Workshop, workload: Workload, origin: Origin, program: pathlib.Path, rounds: int, seconds: float
) -> str:
    """p99 while the configuration is reloaded all the time, beside p99 in peace."""
    peace, war = [], []
    with contenders(shop, workload, origin, [Gateway("reloaded", program)]) as running:
        contender = running[0]
        contender.check()
        contender.warm_up()
        for _ in range(rounds):
            peace.append(contender.measure(seconds).p99_us)
            with reloading(contender):
                war.append(contender.measure(seconds).p99_us)
        contender.check()
    calm, busy = statistics.median(peace), statistics.median(war)
    return (
        f"p99 of {workload.name} with {RELOADS_PER_SECOND} reloads a second: {busy:.0f} µs, without {calm:.0f} µs: "
        f"{busy / calm:.2f} ×."
    )


@contextlib.contextmanager
def reloading(contender: Contender) -> Iterator[None]:
    ended = threading.Event()

    def reload() -> None:
        while not ended.wait(1 / RELOADS_PER_SECOND):
            contender.process.handle.send_signal(signal.SIGHUP)

    thread = threading.Thread(target=reload)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()

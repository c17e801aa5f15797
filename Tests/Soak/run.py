"""The soak: load with faults on both sides, then what is left must be what was there before (docs/testing.md)."""

import argparse
import asyncio
import logging
import os
import shutil
import ssl
import sys
import time

import bed
from clients import Control, Nuisance
from origin import Origin

# Idle connections of pools and what a generation keeps may differ from one moment to the next.
DESCRIPTOR_TOLERANCE = 24
# The allocator's own fragments: a share of what was there, and a little.
MEMORY_TOLERANCE = 1.15
MEMORY_TOLERANCE_KIB = 8 * 1024
# Longer than every timeout of the configuration but the idle one, which pools and clients are past by then too.
DRAIN_SECONDS = 28


class Phase:
    """Load of one kind for some time, then a pause until all of it is gone."""

    def __init__(self, ports, tls, the_bed, options):
        self._ports, self._tls, self._bed, self._options = ports, tls, the_bed, options
        self.controls = []
        self.nuisances = []
        self.peak_kib = 0

    async def run(self, seconds):
        """Runs the load for `seconds`, drains, and gives memory (KiB) and descriptors."""
        stop = asyncio.Event()
        self.controls = [
            Control("plain, kept", self._ports["app"], None, True),
            Control("plain, new", self._ports["app"], None, False),
            Control("TLS, kept", self._ports["tls"], self._tls, True),
            Control("TLS, new", self._ports["tls"], self._tls, False),
        ]
        self.nuisances = [Nuisance(seed, self._ports, self._tls) for seed in range(self._options.nuisances)]
        tasks = [asyncio.create_task(client.run(stop)) for client in self.controls + self.nuisances]
        tasks.append(asyncio.create_task(self._bed.disturb(stop, self._options.reload_seconds)))
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._bed.is_alive:
            await asyncio.sleep(1)
            if self._bed.is_alive:
                self.peak_kib = max(self.peak_kib, self._bed.measure()[0])
        stop.set()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result
        if not self._bed.is_alive:
            raise RuntimeError("the gateway has ended")
        await asyncio.sleep(DRAIN_SECONDS)
        return self._bed.measure()

    def tell(self, name):
        """One line of what was done."""
        successes = sum(control.successes for control in self.controls)
        resent = sum(control.resent for control in self.controls)
        misdeeds = sum(nuisance.count for nuisance in self.nuisances)
        print(f"soak: {name}: {successes} requests of well-behaved clients ({resent} sent again on a new connection), "
              f"{misdeeds} of others, at most {self.peak_kib} KiB", flush=True)


async def soak(options, folder):
    """Runs everything; gives what went wrong, a sentence each."""
    reports = os.path.join(folder, "reports")
    os.makedirs(reports)
    environment = {"ASAN_OPTIONS": f"log_path={reports}/address:detect_leaks=0"} if options.sanitized else {}
    origins = [Origin(), Origin()]
    the_bed = bed.Bed(options.binary, folder, *[await origin.start() for origin in origins], environment)
    problems = []
    try:
        app, secure = the_bed.start()
        tls = ssl.create_default_context(cafile=os.path.join(folder, "certificates", "ca.pem"))
        phases = [Phase({"app": app, "tls": secure}, tls, the_bed, options) for _ in range(2)]
        warm = await phases[0].run(max(15, options.seconds // 4))
        phases[0].tell("warming up")
        left = await phases[1].run(options.seconds)
        phases[1].tell("soaking")
        print(f"soak: {the_bed.reloads} reloads; {warm[0]} KiB and {warm[1]} descriptors after warming up, "
              f"{left[0]} KiB and {left[1]} descriptors at the end", flush=True)
        problems += judge(phases, warm, left, options)
        status = await asyncio.to_thread(the_bed.stop)
        if status != 0:
            problems.append(f"the gateway ended with {status}")
    except (RuntimeError, bed.Failure) as error:
        problems.append(str(error))
    finally:
        the_bed.kill()
        for origin in origins:
            await origin.close()
    problems += [f"the sanitizer reported, see {reports}/{name}" for name in os.listdir(reports)]
    said = bed.said(folder, "gateway")
    problems += [f"the gateway said: {line}" for line in said.splitlines() if "Fatal error" in line or "Crash" in line]
    return problems


def judge(phases, warm, left, options):
    """What is not as it must be."""
    problems = []
    for control in [control for phase in phases for control in phase.controls]:
        problems += control.failures[:5]
        if control.successes == 0:
            problems.append(f"{control.name}: no request at all succeeded")
    if left[1] > warm[1] + DESCRIPTOR_TOLERANCE:
        problems.append(f"descriptors have grown from {warm[1]} to {left[1]}")
    # A sanitizer keeps what was freed.
    if not options.sanitized and left[0] > warm[0] * MEMORY_TOLERANCE + MEMORY_TOLERANCE_KIB:
        problems.append(f"memory has grown from {warm[0]} to {left[0]} KiB")
    return problems


def main():
    """Reads the command line; exits non-zero when anything went wrong."""
    parser = argparse.ArgumentParser(prog="script/soak")
    parser.add_argument("--binary", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--seconds", type=int, default=600, help="length of the second phase; the first has a quarter")
    parser.add_argument("--nuisances", type=int, default=24, help="clients that misbehave")
    parser.add_argument("--reload-seconds", type=float, default=3)
    parser.add_argument("--sanitized", action="store_true")
    options = parser.parse_args()
    # It tells of each connection that a misbehaving client left.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    shutil.rmtree(options.folder, ignore_errors=True)
    os.makedirs(options.folder)
    problems = asyncio.run(soak(options, options.folder))
    for problem in problems:
        print(f"soak: error: {problem}", file=sys.stderr)
    print("soak: " + (f"{len(problems)} problems; everything lies in {options.folder}" if problems else "clean"))
    sys.exit(1 if problems else 0)


main()

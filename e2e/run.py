"""Drives Azure's SDKs for Python through a freshly started gateway against the emulator; see README.md."""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback

import configurations
import leaks
import received
import token_configurations
from failure import Failure, Skipped, expect

# The whole run; a hang ends here and not in CI's own limit.
LIMIT_SECONDS = 290


class OutOfTime(BaseException):
    """The run's time is up.  Not an Exception: no scenario may catch it."""


class Results:
    """Prints a line for each thing tried, and counts."""

    def __init__(self, tracebacks):
        self._tracebacks = tracebacks
        self.passed = self.failed = self.skipped = 0

    def attempt(self, name, work):
        """Runs `work` and prints how it went."""
        started = time.monotonic()
        try:
            work()
        except Failure as failure:
            self.fail(name, failure)
            return
        except Exception as error:  # pylint: disable=broad-except
            with open(self._tracebacks, "a", encoding="utf-8") as file:
                file.write(f"{name}\n{traceback.format_exc()}\n")
            self.fail(name, f"{type(error).__name__}: {'; '.join(str(error).splitlines())}")
            return
        self.passed += 1
        print(f"ok {name} ({time.monotonic() - started:.1f} s)", flush=True)

    def skip(self, name, why):
        """Prints and counts what was not tried."""
        self.skipped += 1
        print(f"skipped: {name}: {why}", flush=True)

    def fail(self, name, why):
        """Prints and counts a failure."""
        self.failed += 1
        print(f"FAILED {name}: {why}", flush=True)


def main():
    """Runs all configurations; the exit status is 0 when everything passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True, help="acs-gateway")
    parser.add_argument("--work", required=True, help="folder for what the run leaves behind when it fails")
    parser.add_argument("--configuration", default="", help="only configurations with this text in their name")
    parser.add_argument("--scenario", default="", help="only scenarios with this text in their name")
    arguments = parser.parse_args()
    os.makedirs(arguments.work, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="run-", dir=arguments.work)
    results = Results(os.path.join(folder, "tracebacks"))
    _limit_time()
    try:
        surroundings = configurations.Surroundings(arguments.binary, folder)
        for kind in configurations.ALL + token_configurations.ALL:
            chosen = [scenario for scenario in kind.scenarios if arguments.scenario in scenario.__doc__]
            if chosen and arguments.configuration in kind.name:
                run_configuration(kind(surroundings), chosen, results)
    except Failure as failure:
        results.fail("dev-cert", failure)
    except OutOfTime:
        results.fail("the run", f"it took longer than {LIMIT_SECONDS} s")
    if results.failed:
        print(f"e2e: what the programs said is in {folder}")
    else:
        shutil.rmtree(folder)
    if results.passed + results.failed + results.skipped == 0:
        results.fail("nothing", "no configuration or no scenario has such a name")
    skipped = f", {results.skipped} SKIPPED" if results.skipped else ""
    print(f"e2e: {results.passed} passed, {results.failed} failed{skipped}")
    return 1 if results.failed else 0


def run_configuration(configuration, chosen, results):
    """Starts a configuration, runs the chosen scenarios over each connection, ends it, and looks for leaks."""
    name = configuration.name
    signatures = set()
    try:
        configuration.start()
        for connection in configuration.connections:
            for scenario in chosen:
                results.attempt(
                    f"{name} / {connection.name} / {scenario.__doc__}",
                    lambda run=scenario, over=connection: run_scenario(configuration, run, over))
                signatures |= {sent.signature for sent in connection.recorder.sent if sent.signature}
        for title, check in configuration.checks().items():
            results.attempt(f"{name} / {title}", check)
        results.attempt(f"{name} / the programs end when they are told", configuration.stop)
        for title, check in configuration.last_checks().items():
            results.attempt(f"{name} / {title}", check)
    except Skipped as skipped:
        results.skip(name, skipped)
        return
    except Failure as failure:
        results.fail(f"{name} / start", failure)
    finally:
        configuration.kill()
    results.attempt(f"{name} / no secret is printed", lambda: find_leaks(configuration, signatures))


def run_scenario(configuration, scenario, connection):
    """One scenario with its two halves: what the client got, and what the emulator received."""
    connection.recorder.clear()
    configuration.journal(connection).clear()
    scenario(connection)
    received.compare(configuration, connection)


def find_leaks(configuration, signatures):
    """Searches all that the programs printed for every secret, and for the signatures that the clients made."""
    secrets = configuration.secrets()
    secrets |= {f"a client's signature ({number})": signature.encode()
                for number, signature in enumerate(sorted(signatures), 1)}
    expect(os.listdir(configuration.outputs), "no output was kept")
    found = leaks.find(configuration.outputs, secrets)
    expect(not found, "; ".join(found[:5]))


def _limit_time():
    def ended(_signal, _frame):
        raise OutOfTime

    def told(number, _frame):
        # An exception, so that every `finally` ends what was started.
        sys.exit(128 + number)

    signal.signal(signal.SIGALRM, ended)
    signal.signal(signal.SIGTERM, told)
    signal.alarm(LIMIT_SECONDS)


if __name__ == "__main__":
    sys.exit(main())

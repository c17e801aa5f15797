"""Starting and ending acs-gateway's commands; all that they print is kept in files."""

import os
import re
import signal
import subprocess
import time

from failure import Failure


class Program:
    """One started command.  Its standard output and error go to `<folder>/<name>.stdout` and `.stderr`."""

    def __init__(self, name, arguments, folder, environment=None):
        self.name = name
        self._stderr_path = os.path.join(folder, f"{name}.stderr")
        with open(os.path.join(folder, f"{name}.stdout"), "wb") as output, open(self._stderr_path, "wb") as errors:
            self._process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
                env={**os.environ, **(environment or {})})

    def wait_for(self, pattern, seconds=15):
        """The match of `pattern` in a line of standard error; Failure when the program ends first or time is up."""
        deadline = time.monotonic() + seconds
        while True:
            # Asked before reading: what was printed before the end is seen.
            ended = self._process.poll() is not None
            match = re.search(pattern, self._errors(), re.MULTILINE)
            if match:
                return match
            if ended or time.monotonic() > deadline:
                what = f"ended with {self._process.returncode}" if ended else f"is silent for {seconds} s"
                raise Failure(f"{self.name} {what} before it said /{pattern}/; it said:\n{self._errors()}")
            time.sleep(0.02)

    def reload(self):
        """Has it read its configuration again."""
        self._process.send_signal(signal.SIGHUP)

    def stop(self, seconds=15):
        """Asks it to end and gives its exit status; kills it, and raises Failure, when it does not."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f"{self.name} did not end within {seconds} s of SIGTERM") from None

    def kill(self):
        """Ends it at once, if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _errors(self):
        with open(self._stderr_path, encoding="utf-8", errors="replace") as file:
            return file.read()


def run_once(name, arguments, folder, seconds=30, environment=None):
    """Runs a command to its end, keeps what it prints, and gives its exit status."""
    with open(os.path.join(folder, f"{name}.stdout"), "wb") as output, \
            open(os.path.join(folder, f"{name}.stderr"), "wb") as errors:
        try:
            return subprocess.run(
                arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, timeout=seconds,
                check=False, env={**os.environ, **(environment or {})}).returncode
        except subprocess.TimeoutExpired:
            raise Failure(f"{name} did not end within {seconds} s") from None


def printed(name, folder):
    """All that the command called `name` printed."""
    text = ""
    for stream in ("stdout", "stderr"):
        with open(os.path.join(folder, f"{name}.{stream}"), encoding="utf-8", errors="replace") as file:
            text += file.read()
    return text

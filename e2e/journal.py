"""What the emulator received: its journal, read over HTTP."""

import json
import ssl
import urllib.request


class Journal:
    """The journal of one emulator."""

    def __init__(self, origin, ca_file=None):
        self._url = f"{origin}/_emulator/requests"
        self._context = ssl.create_default_context(cafile=ca_file) if ca_file else None

    def read(self):
        """The page: `dropped`, `malformed` and `requests`."""
        with self._open("GET") as answer:
            return json.load(answer)

    def clear(self):
        """Forgets all."""
        self._open("DELETE").close()

    def _open(self, method):
        request = urllib.request.Request(self._url, method=method)
        # No proxy of the environment stands between this and loopback.
        handlers = [urllib.request.ProxyHandler({})]
        if self._context:
            handlers.append(urllib.request.HTTPSHandler(context=self._context))
        return urllib.request.build_opener(*handlers).open(request, timeout=10)


def values(entry, name):
    """The values of all fields of `entry` called `name`, in any case."""
    return [field["value"] for field in entry["fields"] if field["name"].lower() == name]

"""What the emulator received: its journals, read over HTTP."""

import json
import ssl
import urllib.request


class Journal:
    """The journal of the requests that one emulator received."""

    path = "/_emulator/requests"

    def __init__(self, origin, ca_file=None):
        self._url = origin + self.path
        self._context = ssl.create_default_context(cafile=ca_file) if ca_file else None

    def read(self):
        """The page: `dropped`, `malformed` and `requests`."""
        with self._open("GET") as answer:
            return json.load(answer)

    def clear(self):
        """Forgets all."""
        self._open("DELETE").close()

    def _open(self, method, content=None):
        body = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"}, method=method)
        # No proxy of the environment stands between this and loopback.
        handlers = [urllib.request.ProxyHandler({})]
        if self._context:
            handlers.append(urllib.request.HTTPSHandler(context=self._context))
        return urllib.request.build_opener(*handlers).open(request, timeout=10)


class TokenJournal(Journal):
    """The journal of an emulator's token endpoints (`available`, `asked`, `issued`, `requests`), and their switch."""

    path = "/_emulator/tokens"

    def tell(self, **command):
        """Takes the endpoints down or up (`available`), revokes all tokens (`revoke`), asks for claims (`claims`)."""
        self._open("PUT", command).close()


def values(entry, name):
    """The values of all fields of `entry` called `name`, in any case."""
    return [field["value"] for field in entry["fields"] if field["name"].lower() == name]

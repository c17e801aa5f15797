"""A managed-identity endpoint: it gives out the run's bearer token, so acs-gateway gets it as it would anywhere."""

import functools
import http.server
import json
import threading

LIFE_SECONDS = 86400


class _Handler(http.server.BaseHTTPRequestHandler):
    token = ""

    def do_GET(self) -> None:
        if self.headers.get("Metadata") != "true":
            self.send_error(400)
            return
        body = json.dumps({
            "access_token": self.token, "expires_in": str(LIFE_SECONDS), "token_type": "Bearer",
            "resource": "https://communication.azure.com/",
        }).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """The runner's output is the table."""


@functools.cache
def token_endpoint(token: str) -> int:
    """Serves `token` on loopback until the run ends, and gives the port."""
    handler = type("Handler", (_Handler,), {"token": token})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]

"""Servers on the loopback: S3 as moto plays it, in a process of its own, and one that gives a single answer."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote
from urllib.request import Request, urlopen


@dataclass(frozen=True)
class Server:
    """An S3 server; `endpoint` is its address."""

    endpoint: str

    def ask(self, method: str, path: str, content: bytes = b"") -> None:
        """Send one request; anything but success is an error."""
        headers = {
            "Authorization": "AWS4-HMAC-SHA256 Credential=owner/20260101/us-east-1/s3/aws4_request",  # moto believes it
            "Content-Type": "application/octet-stream",  # else it would be read as a form
        }
        request = Request(f"{self.endpoint}/{quote(path)}", data=content, headers=headers, method=method)
        with urlopen(request, timeout=20):
            pass

    def bucket(self, name: str, objects: dict[str, bytes]) -> None:
        """Make a bucket with these objects."""
        self.ask("PUT", name)
        for key, content in objects.items():
            self.put(f"{name}/{key}", content)

    def put(self, path: str, content: bytes) -> None:
        """Write an object, over what was there."""
        self.ask("PUT", path, content)

    def delete(self, path: str) -> None:
        """Take an object away."""
        self.ask("DELETE", path)


@contextmanager
def moto() -> Iterator[Server]:
    """An S3 server process with nothing in it; ended by its process id."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            with socket.socket() as attempt:
                if attempt.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, "the S3 server did not start"
            time.sleep(0.05)
        yield Server(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def answering(status: int, code: str, message: str) -> Iterator[tuple[str, list[str]]]:
    """A server that answers every request with the same error of S3; gives its address and the requests so far."""
    asked: list[str] = []
    content = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.command} {self.path}")
            body = content if self.command == "GET" else b""
            self.send_response(status)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815  # the name is the library's

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()

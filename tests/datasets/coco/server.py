"""A web server in this process, which can send parts of files, or not, and may break connections."""

import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    """Serves `files`, path → bytes, and remembers the requests.

    `ranges`: whether it sends parts. `cut`: bytes after which connections break. `healthy_after`: so many requests
    later they don't. `status`: an error instead.
    """

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.requests, self.status = files, [], 0
        self.ranges, self.cut, self.healthy_after = True, 0, 10**9

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server, wanted = self.server, self.headers.get("Range")
        server.requests.append((self.path, wanted))
        content = server.files.get(self.path.lstrip("/"))
        if server.status or content is None:
            self.send_error(server.status or 404)
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and server.ranges else 0
        if start and start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        cut = server.cut if len(server.requests) <= server.healthy_after else 0
        self.wfile.write(content[start : start + cut] if cut else content[start:])

    def log_message(self, *arguments):
        pass


@contextmanager
def serving(files):
    """Give a server that runs while the block lasts."""
    with Server(files) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()

"""A server that speaks Ray's Jobs API as 2.60 does, over real HTTP and websockets, and misbehaves when it is told to.

It starts nothing: a test says what becomes of a job, and what its log has.
"""

import base64
import hashlib
import json
import re
import socket
import struct
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

_WEBSOCKET = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE = 0x81, 0x88


class FakeJob:
    """One job: `status` and `log` are the test's to change."""

    def __init__(self, told):
        self.told = told
        self.status = "PENDING"
        self.message = ""
        self.error_type = None
        self.log = b""

    def to_json(self):
        return {
            "submission_id": self.told["submission_id"],
            "status": self.status,
            "message": self.message,
            "error_type": self.error_type,
            "runtime_env": self.told.get("runtime_env"),
        }


class FakeRay:
    """The cluster. What is asked of it is in `asked` (method, path); what it does wrong is set by its fields."""

    def __init__(self, token=None, most_bytes=100 * 1024**2):
        self.token = token
        self.most_bytes = most_bytes
        self.jobs = {}
        self.packages = {}
        self.stopped = []
        self.asked = []
        self.submitted = []
        self.session = 1
        self.cpus = {"n1": (0.0, 2.0)}
        self.loses_answers = False
        """Whether it accepts a job and lets nobody hear of that."""
        self.refuses = 0
        """The status that everything is answered with, if not 0."""
        self.hangs = threading.Event()
        self.tails_are_cut = False
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.ray = self
        self._ended = threading.Event()
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def has_ended(self):
        return self._ended.is_set()

    def close(self):
        self._ended.set()
        self.hangs.clear()
        self._server.shutdown()
        self._server.server_close()

    def restart(self):
        """The head is started anew: it knows no job and no package any more."""
        self.jobs, self.packages, self.session = {}, {}, self.session + 1

    @contextmanager
    def away(self):
        """Nothing is answered but that something is wrong in front of it."""
        self.refuses = 503
        try:
            yield
        finally:
            self.refuses = 0

    def count(self, method, pattern):
        return sum(m == method and bool(re.fullmatch(pattern, path)) for m, path in self.asked)

    def submit(self, told):
        if told["submission_id"] in self.jobs:
            raise ValueError(f"Job with submission_id {told['submission_id']} already exists. Please use a different")
        self.jobs[told["submission_id"]] = FakeJob(told)
        self.submitted.append(told["submission_id"])


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def ray(self):
        return self.server.ray

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._answer("GET")

    def do_POST(self):
        self._answer("POST")

    def do_PUT(self):
        self._answer("PUT")

    def _answer(self, method):
        path = urlsplit(self.path).path
        self.ray.asked.append((method, path))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        while self.ray.hangs.is_set() and not self.ray.has_ended:
            time.sleep(0.01)
        if self.ray.refuses:
            return self._say(self.ray.refuses, "no")
        if self.ray.token and self.headers.get("Authorization") != f"Bearer {self.ray.token}":
            return self._say(403 if self.headers.get("Authorization") else 401, "Unauthorized: Missing auth token")
        with suppress(BrokenPipeError, ConnectionResetError):
            self._answer_to(method, path, body)
        return None

    def _answer_to(self, method, path, body):
        ray = self.ray
        if path == "/api/version":
            told = {
                "version": "4",
                "ray_version": "2.60.0",
                "ray_commit": "x",
                "session_name": f"session_{ray.session}",
            }
            return self._say(200, told)
        if path == "/api/cluster_status":
            usage = {name: {"CPU": list(cpus), "memory": [0.0, 8e9]} for name, cpus in ray.cpus.items()}
            return self._say(
                200, {"result": True, "data": {"clusterStatus": {"loadMetricsReport": {"usageByNode": usage}}}}
            )
        if path.startswith("/api/packages/gcs/"):
            return self._package(method, path.rsplit("/", 1)[1], body)
        if path == "/api/jobs/" and method == "GET":
            driver = {"type": "DRIVER", "submission_id": None, "status": "RUNNING", "message": None}
            return self._say(200, [driver, *(job.to_json() for job in list(ray.jobs.values()))])
        if path == "/api/jobs/":
            return self._submit(json.loads(body))
        submission_id, _, verb = unquote(path.removeprefix("/api/jobs/")).partition("/")
        if submission_id not in ray.jobs:
            return self._say(404, f"Job {submission_id} does not exist")
        return self._of_job(ray.jobs[submission_id], verb)

    def _package(self, method, name, body):
        if method == "GET":
            there = name in self.ray.packages
            return self._say(200, "") if there else self._say(404, f"Package gcs://{name} does not exist")
        if len(body) > self.ray.most_bytes:
            return self._say(413, f"Maximum request body size {self.ray.most_bytes} exceeded.")
        self.ray.packages[name] = body
        return self._say(200, "")

    def _submit(self, told):
        try:
            self.ray.submit(told)
        except ValueError as error:
            return self._say(400, f"Traceback (most recent call last):\nValueError: {error}")
        if self.ray.loses_answers:
            self.close_connection = True
            return self.connection.shutdown(socket.SHUT_RDWR)
        return self._say(200, {"job_id": told["submission_id"], "submission_id": told["submission_id"]})

    def _of_job(self, job, verb):
        if verb == "":
            return self._say(200, job.to_json())
        if verb == "stop":
            self.ray.stopped.append(job.told["submission_id"])
            return self._say(200, {"stopped": True})
        if verb == "logs":
            try:
                return self._say(200, {"logs": job.log.decode()})
            except UnicodeDecodeError as error:
                return self._say(500, f"Traceback (most recent call last):\nUnicodeDecodeError: {error}")
        return self._tail(job)

    def _say(self, status, told):
        body = told.encode() if isinstance(told, str) else json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _tail(self, job):
        """Send what the log has and gets, until the job has ended; a byte that isn't text ends it at once."""
        key = base64.b64encode(hashlib.sha1(self.headers["Sec-WebSocket-Key"].encode() + _WEBSOCKET).digest()).decode()
        self.send_response(101)
        for name, value in (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", key)):
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        sent = 0
        while not (self.ray.has_ended or self.ray.tails_are_cut):
            is_over, new = job.status in {"SUCCEEDED", "FAILED", "STOPPED"}, job.log[sent : sent + 20_000]
            new = new[: new.rfind(b"\n") + 1] or new  # as Ray: lines
            try:
                new.decode()
            except UnicodeDecodeError:
                break
            if new:
                self._frame(_TEXT, new)
                sent += len(new)
            elif is_over:
                break
            else:
                time.sleep(0.02)
        self._frame(_CLOSE, struct.pack(">H", 1000))

    def _frame(self, kind, data):
        size = bytes([len(data)]) if len(data) < 126 else struct.pack(">BH", 126, len(data))
        self.wfile.write(bytes([kind]) + size + data)
        self.wfile.flush()

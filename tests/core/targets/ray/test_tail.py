"""A log as it is written, over a real websocket."""

from contextlib import suppress

import pytest

from cellrun.core.targets.ray import tail as tail_module
from cellrun.core.targets.ray.tail import Tail


@pytest.fixture
def job(ray):
    ray.submit({"submission_id": "a-1"})
    return ray.jobs["a-1"]


def all_of(tail, until):
    found = bytearray()

    def read():
        found.extend(tail.read())
        return tail.is_over

    until(read, "the tail's end")
    return bytes(found)


def test_a_tail_brings_what_was_and_what_is_written_until_the_job_ends(ray, job, until):
    job.log = b"one\n"
    tail, found = Tail(ray.address, "a-1", {}), bytearray()
    until(lambda: found.extend(tail.read()) or bytes(found) == b"one\n", "the first line")
    assert tail.read() == b""
    assert not tail.is_over
    job.log += "caf\u00e9\n".encode() * 10_000
    job.status = "SUCCEEDED"
    assert bytes(found) + all_of(tail, until) == job.log


def test_a_tail_that_is_let_in_nowhere_is_over(ray, job):
    ray.token = "another"
    assert Tail(ray.address, "a-1", {"Authorization": "Bearer mine"}).is_over
    ray.close()
    assert Tail(ray.address, "a-1", {}).is_over


def test_a_message_that_never_ends_fills_no_memory(ray, job, until, monkeypatch):
    """A cluster may say that gigabytes follow, and send them."""
    monkeypatch.setattr(tail_module, "_MOST_BYTES", 100_000)

    def send_on(handler, kind, data):
        handler.wfile.write(bytes([kind, 127]) + (1 << 60).to_bytes(8, "big"))
        with suppress(OSError):
            for _ in range(100_000):
                handler.wfile.write(b"x" * 10_000)

    monkeypatch.setattr("tests.core.targets.ray.fake_ray._Handler._frame", send_on)
    job.log = b"one\n"
    assert all_of(Tail(ray.address, "a-1", {}), until) == b""


def test_who_answers_one_byte_at_a_time_is_given_up(monkeypatch, dribbling):
    monkeypatch.setattr(tail_module, "_OPEN_S", 0.3)
    assert Tail(dribbling, "a-1", {}).is_over


def test_a_tail_ends_at_a_byte_that_is_no_text(ray, job, until):
    job.log = b"one\n"
    tail, found = Tail(ray.address, "a-1", {}), bytearray()
    until(lambda: found.extend(tail.read()) or bytes(found) == b"one\n", "the first line")
    job.log += b"caf\xe9\n"
    assert all_of(tail, until) == b""

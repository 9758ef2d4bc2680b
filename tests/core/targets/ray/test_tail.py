"""A log as it is written, over a real websocket."""

import pytest

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


def test_a_tail_ends_at_a_byte_that_is_no_text(ray, job, until):
    job.log = b"one\n"
    tail, found = Tail(ray.address, "a-1", {}), bytearray()
    until(lambda: found.extend(tail.read()) or bytes(found) == b"one\n", "the first line")
    job.log += b"caf\xe9\n"
    assert all_of(tail, until) == b""

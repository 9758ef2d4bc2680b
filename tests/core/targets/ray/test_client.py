"""What a cluster is asked, and what is said when it doesn't answer as it should."""

import socket

import pytest

from cellrun.core.errors import AuthenticationError, ComputeTargetException
from cellrun.core.targets.ray import connection
from cellrun.core.targets.ray.client import RayClient, RefusedJobError, TooLargeError
from cellrun.core.targets.ray.connection import Connection
from cellrun.core.targets.ray.token import Token
from tests.core.targets.ray.fake_ray import FakeRay

SECRET = "s3cret-token-of-mine"


@pytest.fixture
def client(ray):
    made = RayClient(Connection(ray.address, lambda: None))
    yield made
    made.close()


def job(submission_id="a-1"):
    return {"submission_id": submission_id, "entrypoint": "true"}


def test_a_job_is_handed_over_once_however_often_it_is_said(ray, client):
    client.submit(job())
    client.submit(job())
    assert ray.submitted == ["a-1"]
    assert client.job("a-1").status == "PENDING"
    assert list(client.jobs()) == ["a-1"]  # and none of Ray's own drivers


def test_a_lost_answer_is_an_error_and_the_job_is_known_afterwards(ray, client):
    ray.loses_answers = True
    with pytest.raises(ComputeTargetException, match="can't be reached"):
        client.submit(job())
    assert client.job("a-1") is not None


def test_only_rays_own_word_says_that_a_job_is_unknown(ray, client):
    assert client.job("nobody") is None
    ray.refuses = 404  # a proxy whose backend is away
    with pytest.raises(ComputeTargetException, match="404"):
        client.job("nobody")


def test_a_package_that_is_too_large_says_how_large_one_may_be(ray, client, tmp_path):
    package = tmp_path / "package.zip"
    package.write_bytes(b"x" * 2000)
    client.put_package("_ray_pkg_a.zip", package)
    assert client.has_package("_ray_pkg_a.zip")
    assert not client.has_package("_ray_pkg_b.zip")
    ray.most_bytes = 1000
    with pytest.raises(TooLargeError, match="Maximum request body size 1000") as refused:
        client.put_package("_ray_pkg_b.zip", package)
    assert refused.value.most_bytes == 1000


def test_a_cluster_that_hangs_is_given_up(ray, client, monkeypatch):
    monkeypatch.setattr(connection, "ANSWER_S", 0.2)
    ray.hangs.set()
    with pytest.raises(ComputeTargetException, match=r"gave no answer in 0\.2 s"):
        client.jobs()


@pytest.mark.parametrize("begins", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n"])
def test_who_answers_one_byte_at_a_time_is_given_up(begins, dribbling, monkeypatch, begin_with):
    begin_with.append(begins)
    monkeypatch.setattr(connection, "ANSWER_S", 0.3)
    monkeypatch.setattr(connection, "CONNECT_S", 0.3)
    with pytest.raises(ComputeTargetException, match=r"gave no answer in 0\.3 s"):
        RayClient(Connection(dribbling, lambda: None)).version()


def test_an_address_that_nobody_listens_at_says_why():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        client = RayClient(Connection(f"http://127.0.0.1:{free.getsockname()[1]}", lambda: None))
    with pytest.raises(ComputeTargetException, match="connection refused"):
        client.version()


def test_a_token_opens_a_cluster_and_no_error_has_it():
    ray = FakeRay(token=SECRET)
    try:
        RayClient(Connection(ray.address, lambda: Token(SECRET, "RAY_AUTH_TOKEN"))).version()
        with pytest.raises(AuthenticationError, match="without a token") as without:
            RayClient(Connection(ray.address, lambda: None)).version()
        ray.token = "another one"  # it has expired
        with pytest.raises(AuthenticationError, match="doesn't take the token from RAY_AUTH_TOKEN") as expired:
            RayClient(Connection(ray.address, lambda: Token(SECRET, "RAY_AUTH_TOKEN"))).version()
        assert SECRET not in f"{without.value!r} {expired.value!r} {Token(SECRET, 'x')!r}"
    finally:
        ray.close()


def test_a_token_goes_to_no_other_host(ray, monkeypatch):
    other = FakeRay()
    try:
        monkeypatch.setattr("tests.core.targets.ray.fake_ray._Handler._answer_to", _moved(other.address))
        with pytest.raises(ComputeTargetException, match="leads elsewhere"):
            RayClient(Connection(ray.address, lambda: Token(SECRET, "RAY_AUTH_TOKEN"))).version()
        assert other.asked == []
    finally:
        other.close()


def _moved(to):
    def answer(handler, method, path, body):
        handler.send_response(302)
        handler.send_header("Location", f"{to}{path}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def test_a_netrc_of_the_users_is_nobodys_business(ray, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login me password {SECRET}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    seen = []
    monkeypatch.setattr(
        "tests.core.targets.ray.fake_ray._Handler._answer_to",
        lambda handler, *_: (seen.append(handler.headers.get("Authorization")), handler._say(404, "x")),
    )
    with pytest.raises(ComputeTargetException, match="Ray dashboard"):
        RayClient(Connection(ray.address, lambda: None)).version()
    assert seen == [None]


@pytest.mark.parametrize(
    ("status", "said"),
    [(200, "<html>"), (200, "[]"), (200, '{"ray_version": 3}'), (200, '"' + "[" * 100_000), (404, "<html>\n</html>")],
)
def test_what_isnt_rays_is_said_to_be_something_else(status, said, ray, client, monkeypatch):
    monkeypatch.setattr(
        "tests.core.targets.ray.fake_ray._Handler._answer_to", lambda handler, *_: handler._say(status, said)
    )
    with pytest.raises(ComputeTargetException, match="Ray dashboard"):
        client.version()


def test_a_job_that_is_refused_isnt_handed_over_again(ray, client, monkeypatch):
    monkeypatch.setattr(FakeRay, "submit", lambda self, told: (_ for _ in ()).throw(ValueError("no such resource")))
    with pytest.raises(RefusedJobError, match="no such resource"):
        client.submit(job())


def test_a_log_that_ray_cant_read_is_told_apart_from_no_answer(ray, client):
    client.submit(job())
    ray.jobs["a-1"].log = b"caf\xe9\n"
    with pytest.raises(RefusedJobError, match="can't read the job's log"), client.log("a-1") as blocks:
        list(blocks)

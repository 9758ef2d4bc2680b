"""Each kind of thing that can't travel."""

import asyncio
import concurrent.futures
import io
import mmap
import multiprocessing
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
from contextlib import closing, contextmanager
from multiprocessing.pool import Pool

import pytest

from cellrun.core.context.denied import why_denied
from cellrun.core.context.pickling import ClassIds, DeniedError, pickle_together


@contextmanager
def process():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as started:
        yield started


@contextmanager
def coroutine():
    async def nothing():
        pass

    made = nothing()
    yield made
    made.close()


@contextmanager
def loop():
    with closing(asyncio.new_event_loop()) as made:
        yield made


@contextmanager
def task():
    with closing(asyncio.new_event_loop()) as made:
        yield made.create_future()


@contextmanager
def traceback():
    try:
        int("no number")
    except ValueError as error:
        yield error.__traceback__


@contextmanager
def kept(value):
    yield value


async def agen():
    yield 1


MAKERS = {
    "an open file": [
        tempfile.TemporaryFile,
        lambda: open(__file__),  # noqa: PTH123, SIM115
        lambda: open(__file__, "rb"),  # noqa: PTH123, SIM115
        lambda: open(__file__, "rb", buffering=0),  # noqa: PTH123, SIM115
    ],
    "a lock": [lambda: kept(threading.Lock()), lambda: kept(threading.RLock())],
    "a thread": [lambda: kept(threading.Thread())],
    "a running generator": [lambda: kept(x for x in "ab"), lambda: kept(agen())],
    "a coroutine": [coroutine],
    "a stack frame": [lambda: kept(sys._getframe())],
    "a traceback": [traceback],
    "a socket": [socket.socket],
    "a TLS context": [lambda: kept(ssl.create_default_context())],
    "a process": [process, lambda: kept(multiprocessing.get_context("spawn").Process())],
    "a pool of workers": [lambda: concurrent.futures.ThreadPoolExecutor(1)],
    "a database connection": [lambda: closing(sqlite3.connect(":memory:"))],
    "mapped memory": [lambda: closing(mmap.mmap(-1, 10))],
    "an event loop": [loop],
    "a task": [task],
}


@pytest.mark.parametrize(("words", "maker"), [(words, maker) for words, makers in MAKERS.items() for maker in makers])
def test_it_is_refused_with_its_kind(words, maker):
    with maker() as value, pytest.raises(DeniedError) as caught:
        pickle_together([[value]], {}, lambda _: None, ClassIds())
    assert caught.value.value is value
    assert caught.value.why == words


def test_a_cursor_and_a_pool_of_processes():
    with closing(sqlite3.connect(":memory:")) as base, pytest.raises(DeniedError, match="a database cursor"):
        pickle_together([base.cursor()], {}, lambda _: None, ClassIds())
    assert why_denied(Pool) == "a pool of processes"


@pytest.mark.parametrize("kind", [int, list, object, io.StringIO, io.BytesIO, threading.Event])
def test_the_rest_is_not_denied_by_its_type(kind):
    assert why_denied(kind) == ""

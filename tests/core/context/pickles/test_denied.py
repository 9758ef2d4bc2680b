"""Each kind of thing that can't be captured."""

import asyncio
import codecs
import concurrent.futures
import contextvars
import csv
import ctypes
import hashlib
import http.client
import importlib
import io
import logging
import mmap
import multiprocessing
import multiprocessing.managers
import multiprocessing.shared_memory
import os
import queue
import re
import select
import selectors
import shelve
import socket
import sqlite3
import ssl
import subprocess
import sys
import tarfile
import tempfile
import threading
import types
import weakref
import zipfile
from contextlib import closing, contextmanager
from multiprocessing.pool import Pool
from pathlib import Path

import pytest

from cellrun.core.context.pickles.denied import why_denied
from cellrun.core.context.pickles.pickling import ClassIds, DeniedError, pickle_together


def pickled(value):
    return pickle_together([[value]], {}, lambda _: None, ClassIds())


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


@contextmanager
def pipe():
    ours, theirs = multiprocessing.Pipe()
    with ours, theirs:
        yield ours


@contextmanager
def shared_memory():
    memory = multiprocessing.shared_memory.SharedMemory(create=True, size=10)
    yield memory
    memory.close()
    memory.unlink()


@contextmanager
def in_folder(open_in):
    with tempfile.TemporaryDirectory() as folder, open_in(f"{folder}/made") as opened:
        yield opened


@contextmanager
def entry():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "file").touch()
        with os.scandir(folder) as found:
            yield next(found)


@contextmanager
def context_token():
    variable = contextvars.ContextVar("v")
    token = variable.set(1)
    yield token
    variable.reset(token)


async def agen():
    yield 1


class Unnamed:
    pass


SPAWN = multiprocessing.get_context("spawn")
MAKERS = {
    "an open file": [
        tempfile.TemporaryFile,
        lambda: open(__file__),  # noqa: PTH123, SIM115
        lambda: open(__file__, "rb"),  # noqa: PTH123, SIM115
        lambda: open(__file__, "rb", buffering=0),  # noqa: PTH123, SIM115
        lambda: codecs.StreamReaderWriter(io.BytesIO(), codecs.getreader("utf-8"), codecs.getwriter("utf-8")),
        lambda: os.popen("true"),
    ],
    "a reader or writer of an open file": [lambda: kept(csv.reader([])), lambda: kept(csv.writer(io.StringIO()))],
    "a temporary file": [tempfile.NamedTemporaryFile, tempfile.SpooledTemporaryFile],
    "an open archive": [
        lambda: in_folder(lambda path: zipfile.ZipFile(path, "w")),
        lambda: in_folder(lambda path: tarfile.open(path, "w")),  # noqa: SIM115
    ],
    "an open shelf": [lambda: in_folder(shelve.open)],
    "an entry of a folder": [entry],
    "an HTTP response": [
        lambda: kept(http.client.HTTPResponse(types.SimpleNamespace(makefile=lambda _: io.BytesIO())))
    ],
    "a lock": [lambda: kept(threading.Lock()), lambda: kept(threading.RLock()), lambda: kept(threading._PyRLock())],
    "an event of threads": [lambda: kept(threading.Event())],
    "a condition of threads": [lambda: kept(threading.Condition())],
    "a semaphore": [lambda: kept(threading.Semaphore()), lambda: kept(threading.BoundedSemaphore())],
    "a barrier of threads": [lambda: kept(threading.Barrier(2))],
    "data of one thread": [lambda: kept(threading.local())],
    "a queue between threads": [
        lambda: kept(queue.Queue()),
        lambda: kept(queue.PriorityQueue()),
        lambda: kept(queue.SimpleQueue()),
    ],
    "a thread": [lambda: kept(threading.Thread()), lambda: kept(threading.Timer(1, print))],
    "a running generator": [lambda: kept(x for x in "ab"), lambda: kept(agen())],
    "a coroutine": [coroutine],
    "a stack frame": [lambda: kept(sys._getframe())],
    "a traceback": [traceback],
    "a context of variables": [
        lambda: kept(contextvars.copy_context()),
        lambda: kept(contextvars.ContextVar("v")),
        context_token,
    ],
    "a finalizer": [lambda: kept(weakref.finalize(Unnamed, print))],
    "a match of a regular expression": [lambda: kept(re.match("a", "a"))],
    "an unfinished hash": [lambda: kept(hashlib.sha256()), lambda: kept(hashlib.blake2b())],
    "a socket": [socket.socket],
    "a TLS context": [lambda: kept(ssl.create_default_context())],
    "a selector": [selectors.DefaultSelector, lambda: closing(select.epoll())],
    "a network connection": [lambda: kept(http.client.HTTPConnection("localhost"))],
    "a process": [process, lambda: kept(SPAWN.Process())],
    "a pool of workers": [lambda: concurrent.futures.ThreadPoolExecutor(1)],
    "a result that is awaited": [lambda: kept(concurrent.futures.Future())],
    "a lock of processes": [lambda: kept(SPAWN.Lock()), lambda: kept(SPAWN.Event()), lambda: kept(SPAWN.Condition())],
    "a value shared by processes": [lambda: kept(SPAWN.Value("i"))],
    "a queue between processes": [lambda: closing(SPAWN.Queue()), lambda: kept(SPAWN.SimpleQueue())],
    "a pipe between processes": [pipe],
    "a manager of processes": [lambda: kept(multiprocessing.managers.SyncManager())],
    "memory shared by processes": [shared_memory],
    "mapped memory": [lambda: closing(mmap.mmap(-1, 10))],
    "a window into memory": [lambda: kept(memoryview(b"abc"))],
    "a database connection": [lambda: closing(sqlite3.connect(":memory:"))],
    "an event loop": [loop],
    "a task": [task],
    "a log handler": [lambda: kept(logging.StreamHandler())],
    "a C library": [lambda: kept(ctypes.CDLL(None))],
    "a pointer of C": [lambda: kept(ctypes.pointer(ctypes.c_int())), lambda: kept(ctypes.CDLL(None).abs)],
}


@pytest.mark.parametrize(("words", "maker"), [(words, maker) for words, makers in MAKERS.items() for maker in makers])
def test_it_is_refused_with_its_kind(words, maker):
    with maker() as value:
        with pytest.raises(DeniedError) as caught:
            pickled(value)
        assert str(caught.value) == f"{words} ({type(value).__name__})"
        assert caught.value.value is value
        assert caught.value.remedy


def test_a_temporary_folder():
    folder = tempfile.TemporaryDirectory()
    with folder, pytest.raises(DeniedError, match="a temporary folder"):
        pickled(folder)


def test_a_cursor_and_a_pool_of_processes():
    with closing(sqlite3.connect(":memory:")) as base, pytest.raises(DeniedError, match="a database cursor"):
        pickled(base.cursor())
    assert why_denied(Pool).words == "a pool of processes"


OF_LIBRARIES = {
    "httpx:Client": "an HTTP session",
    "urllib3:PoolManager": "an HTTP session",
    "zmq:Context": "a socket",
    "zmq:Socket": "a socket",
    "psutil:Process": "a process",
    "cffi:FFI": "a C library",
    "tqdm.std:tqdm": "a progress bar",
    "tqdm.auto:tqdm": "a progress bar",
    "IPython.core.interactiveshell:InteractiveShell": "the notebook's shell",
    "pandas:ExcelFile": "an open file of pandas",
    "pandas:HDFStore": "an open file of pandas",
    "pandas.io.parsers.readers:TextFileReader": "an open file of pandas",
    "tkinter:Tk": "a window",
}


@pytest.mark.parametrize("name", OF_LIBRARIES)
def test_types_of_libraries(name):
    module, _, attribute = name.partition(":")
    kind = getattr(pytest.importorskip(module), attribute)
    assert why_denied(kind).words == OF_LIBRARIES[name]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("torch.cuda:Stream", "a GPU's stream or event"),
        ("torch.cuda:Event", "a GPU's stream or event"),
        ("cupy.cuda:Stream", "a GPU's stream or event"),
        ("cupy.cuda:MemoryPointer", "memory of a GPU"),
        ("pycuda._driver:DeviceAllocation", "memory of a GPU"),
        ("pycuda._driver:Context", "a GPU's context"),
        ("numba.cuda.cudadrv.devicearray:DeviceNDArrayBase", "memory of a GPU"),
        ("numba.cuda.cudadrv.driver:Stream", "a GPU's stream or event"),
        ("h5py:HLObject", "an open HDF5 file"),
        ("sqlalchemy.engine:Engine", "a database connection"),
        ("psycopg:Connection", "a database connection"),
        ("pymysql.connections:Connection", "a database connection"),
        ("aiohttp:ClientSession", "an HTTP session"),
        ("pyspark.sql:SparkSession", "a connection to a cluster"),
    ],
)
def test_types_of_libraries_that_may_not_be_here(monkeypatch, name, words):
    module, _, attribute = name.partition(":")
    fake = types.ModuleType(module)
    setattr(fake, attribute, type(attribute, (), {}))
    monkeypatch.setitem(sys.modules, module, fake)
    handle = type("Own", (getattr(fake, attribute),), {})()
    with pytest.raises(DeniedError) as caught:
        pickled(handle)
    assert str(caught.value) == f"{words} (Own)"


class Saved(threading.Thread):
    def __reduce__(self):
        return Saved, ()


@pytest.mark.parametrize(
    "kind", [int, list, object, io.StringIO, io.BytesIO, Saved, logging.Logger, asyncio.Queue, asyncio.Lock, re.Pattern]
)
def test_the_rest_is_not_denied_by_its_type(kind):
    assert why_denied(kind) is None


@pytest.mark.parametrize(
    "make",
    [
        "requests:Session",
        "argparse:ArgumentParser",
        "configparser:ConfigParser",
        "random:SystemRandom",
        "decimal:getcontext",
        "matplotlib.figure:Figure",
    ],
)
def test_what_seems_to_be_such_a_thing_and_travels(make):
    module, _, attribute = make.partition(":")
    assert pickled(getattr(importlib.import_module(module), attribute)()).payload

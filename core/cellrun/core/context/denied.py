"""What can't travel, or must not although a pickle could be made of it.

cloudpickle ships the text of a file that is open for reading without a word; the rest would fail with words that
don't help.
"""

from __future__ import annotations

import io
import sys
import threading
import types

_KINDS: dict[type, str] = {
    io.IOBase: "an open file",
    type(threading.Lock()): "a lock",
    type(threading.RLock()): "a lock",
    threading.Thread: "a thread",
    types.GeneratorType: "a running generator",
    types.AsyncGeneratorType: "a running generator",
    types.CoroutineType: "a coroutine",
    types.FrameType: "a stack frame",
    types.TracebackType: "a traceback",
}
_LOADED_KINDS = {  # of modules that aren't imported for this: who has such a thing has imported them
    ("socket", "socket"): "a socket",
    ("ssl", "SSLContext"): "a TLS context",
    ("subprocess", "Popen"): "a process",
    ("multiprocessing.process", "BaseProcess"): "a process",
    ("multiprocessing.pool", "Pool"): "a pool of processes",
    ("concurrent.futures", "Executor"): "a pool of workers",
    ("sqlite3", "Connection"): "a database connection",
    ("sqlite3", "Cursor"): "a database cursor",
    ("mmap", "mmap"): "mapped memory",
    ("asyncio", "AbstractEventLoop"): "an event loop",
    ("asyncio", "Future"): "a task",
}
_IN_MEMORY = (io.StringIO, io.BytesIO)


def why_denied(kind: type) -> str:
    """Return in words what things of a type are if they can't travel, else the empty text."""
    if issubclass(kind, _IN_MEMORY):
        return ""
    for denied, words in _KINDS.items():
        if issubclass(kind, denied):
            return words
    for (module, name), words in _LOADED_KINDS.items():
        loaded = getattr(sys.modules.get(module), name, None)
        if loaded is not None and issubclass(kind, loaded):
            return words
    return ""

"""Types of values that are never pickled, though some could be, and why.

cloudpickle ships the text of a file that is open for reading without a word, turns a memoryview into bytes, and takes
handles along that mean nothing in another process; the rest would fail with words that don't help.
"""

from __future__ import annotations

import sys
import types
from itertools import takewhile
from typing import NamedTuple
from weakref import WeakKeyDictionary

_SAYS_HOW = ("__reduce__", "__reduce_ex__", "__getstate__")


class Denial(NamedTuple):
    """Why things of a type can't be captured."""

    words: str
    """What such a thing is: `an open file`."""
    remedy: str
    """What to do instead."""


class _Kind(NamedTuple):
    denial: Denial
    types: tuple[str, ...]
    """Each `module:name`. Who has such a thing has loaded its module, so none is loaded to look for it."""


_known: WeakKeyDictionary[type, Denial | None] = WeakKeyDictionary()  # few types, met again in each capture


def why_denied(kind: type) -> Denial | None:
    """Return why things of a type can't be captured; None if they can, as far as the type tells."""
    if kind not in _known:
        _known[kind] = _why_denied(kind)
    return _known[kind]


def _why_denied(kind: type) -> Denial | None:
    if kind.__module__ == "_io" and kind.__name__ in ("StringIO", "BytesIO"):
        return None
    for denial, denied_types in _KINDS:
        for each in denied_types:
            denied = _loaded(each)
            if denied is not None and issubclass(kind, denied) and not _pickles_itself(kind, denied):
                return denial
    return None


def _pickles_itself(kind: type, denied: type) -> bool:
    """Whether somebody who derived a type from one that can't be captured says how it can."""
    derived = takewhile(lambda each: each is not denied, kind.__mro__)
    return any(isinstance(vars(each).get(name), types.FunctionType) for each in derived for name in _SAYS_HOW)


def _loaded(name: str) -> type | None:
    module, _, attribute = name.partition(":")
    found = getattr(sys.modules.get(module), attribute, None)
    return found if isinstance(found, type) else None


def _kind(words: str, remedy: str, names: str) -> _Kind:
    return _Kind(Denial(words, remedy), tuple(names.split()))


_MAKE = "Make it inside the cell"
_OPEN = "Open it inside the cell"
_START = "Start it inside the cell"
_CONNECT = "Connect inside the cell"
_LIST = "Turn it into a list"
_KINDS = (
    # files
    _kind("a temporary file", _OPEN, "tempfile:_TemporaryFileWrapper tempfile:SpooledTemporaryFile"),
    _kind("a temporary folder", _MAKE, "tempfile:TemporaryDirectory"),
    _kind("an open archive", _OPEN, "zipfile:ZipFile tarfile:TarFile"),
    _kind("an HTTP response", "Read it before, and use what it holds", "http.client:HTTPResponse"),
    _kind("an open file", _OPEN, "io:IOBase codecs:StreamReaderWriter codecs:StreamRecoder os:_wrap_close"),
    _kind("a reader or writer of an open file", _OPEN, "_csv:reader _csv:writer _csv:Reader _csv:Writer"),
    _kind(
        "an open file of pandas",
        _OPEN,
        "pandas:HDFStore pandas:ExcelFile pandas:ExcelWriter pandas.io.parsers.readers:TextFileReader",
    ),
    _kind("an open HDF5 file", _OPEN, "h5py:HLObject h5py._hl.base:HLObject tables:File tables:Node"),
    _kind("an open netCDF file", _OPEN, "netCDF4:Dataset netCDF4:Variable scipy.io:netcdf_file"),
    _kind("an open shelf", _OPEN, "shelve:Shelf"),
    _kind("an entry of a folder", "Use its path", "posix:DirEntry"),
    _kind("mapped memory", "Map it inside the cell", "mmap:mmap"),
    _kind("memory shared by processes", "Copy it into an array", "multiprocessing.shared_memory:SharedMemory"),
    _kind("a window into memory", "Turn it into bytes", "builtins:memoryview"),
    _kind("an open video or camera", _OPEN, "cv2:VideoCapture cv2:VideoWriter"),
    # threads, processes and what they wait for
    _kind("a lock", _MAKE, "_thread:LockType _thread:RLock threading:_RLock"),
    _kind("an event of threads", _MAKE, "threading:Event"),
    _kind("a condition of threads", _MAKE, "threading:Condition"),
    _kind("a semaphore", _MAKE, "threading:Semaphore"),
    _kind("a barrier of threads", _MAKE, "threading:Barrier"),
    _kind("data of one thread", _MAKE, "_thread:_local _threading_local:local"),
    _kind("a queue between threads", _LIST, "queue:Queue _queue:SimpleQueue queue:_PySimpleQueue"),
    _kind("a thread", _START, "threading:Thread"),
    _kind("a process", _START, "subprocess:Popen multiprocessing.process:BaseProcess psutil:Process"),
    _kind("a pool of processes", _START, "multiprocessing.pool:Pool"),
    _kind("a pool of workers", _START, "concurrent.futures:Executor"),
    _kind("a result that is awaited", "Take its result before", "concurrent.futures:Future"),
    _kind(
        "a lock of processes",
        _MAKE,
        "multiprocessing.synchronize:SemLock multiprocessing.synchronize:Event multiprocessing.synchronize:Condition",
    ),
    _kind("a value shared by processes", _MAKE, "multiprocessing.sharedctypes:SynchronizedBase"),
    _kind("a queue between processes", _LIST, "multiprocessing.queues:Queue multiprocessing.queues:SimpleQueue"),
    _kind(
        "a pipe between processes",
        _OPEN,
        "multiprocessing.connection:_ConnectionBase multiprocessing.connection:Listener",
    ),
    _kind("a manager of processes", _START, "multiprocessing.managers:BaseManager"),
    _kind("a value of a manager of processes", _MAKE, "multiprocessing.managers:BaseProxy"),
    # code that is running
    _kind(
        "a running generator",
        "Turn it into a list, or make it inside the cell",
        "types:GeneratorType types:AsyncGeneratorType",
    ),
    _kind("a coroutine", "Await it before, or call its function inside the cell", "types:CoroutineType"),
    _kind("a task", "Await it before", "asyncio:Future _asyncio:Future"),
    _kind("an event loop", "Use asyncio inside the cell", "asyncio:AbstractEventLoop"),
    _kind("a running iterator of a DataLoader", _MAKE, "torch.utils.data.dataloader:_BaseDataLoaderIter"),
    _kind("a stack frame", "Take from it before what the cell needs", "types:FrameType"),
    _kind("a traceback", "Turn it into text with the traceback module", "types:TracebackType"),
    _kind("a context of variables", _MAKE, "_contextvars:Context _contextvars:ContextVar _contextvars:Token"),
    _kind("a finalizer", _MAKE, "weakref:finalize"),
    _kind("a match of a regular expression", "Take its groups before", "re:Match"),
    _kind(
        "an unfinished hash",
        _MAKE,
        "_hashlib:HASH _hashlib:HASHXOF _hashlib:HMAC _blake2:blake2b _blake2:blake2s _sha2:SHA256Type _md5:md5 "
        "blake3:blake3",
    ),
    _kind("an unfinished compression", _MAKE, "_bz2:BZ2Compressor _lzma:LZMACompressor"),
    # connections
    _kind("a socket", _OPEN, "socket:socket zmq:Socket zmq:Context asyncio:BaseTransport"),
    _kind("a TLS context", _MAKE, "ssl:SSLContext"),
    _kind("a selector", _MAKE, "selectors:BaseSelector select:epoll select:kqueue"),
    _kind(
        "a network connection",
        _CONNECT,
        "http.client:HTTPConnection ftplib:FTP smtplib:SMTP imaplib:IMAP4 paramiko:SSHClient paramiko:Transport "
        "grpc:Channel websocket:WebSocket asyncio:StreamReader asyncio:StreamWriter",
    ),
    _kind(
        "an HTTP session",
        _OPEN,
        "httpx:Client httpx:AsyncClient aiohttp:ClientSession urllib3:PoolManager "
        "urllib3.connectionpool:ConnectionPool",
    ),
    _kind("a server", _START, "socketserver:BaseServer"),
    _kind(
        "a client of a web service",
        _CONNECT,
        "botocore.client:BaseClient boto3.resources.base:ServiceResource google.cloud.client:Client openai:OpenAI "
        "openai:AsyncOpenAI",
    ),
    _kind(
        "a database connection",
        _CONNECT,
        "sqlite3:Connection duckdb:DuckDBPyConnection pyodbc:Connection psycopg:Connection "
        "psycopg:AsyncConnection asyncpg:Connection psycopg2.extensions:connection pymysql.connections:Connection "
        "mysql.connector.abstracts:MySQLConnectionAbstract MySQLdb:Connection oracledb:Connection redis:Redis "
        "pymongo:MongoClient sqlalchemy.engine:Engine sqlalchemy.engine:Connection sqlalchemy.orm:Session "
        "sqlalchemy.orm:scoped_session",
    ),
    _kind(
        "a database cursor",
        "Fetch its rows before",
        "sqlite3:Cursor psycopg:Cursor psycopg2.extensions:cursor pymysql.cursors:Cursor pyodbc:Cursor "
        "sqlalchemy.engine:Result duckdb:DuckDBPyRelation",
    ),
    _kind(
        "a connection to a cluster",
        _CONNECT,
        "distributed:Client distributed:Cluster distributed:Future pyspark:SparkContext pyspark.sql:SparkSession",
    ),
    _kind("a table on a cluster", "Collect it before", "pyspark.sql:DataFrame pyspark:RDD"),
    _kind("a browser", _OPEN, "selenium.webdriver.remote.webdriver:WebDriver playwright._impl_to_api_mapping:Browser"),
    # the screen and the notebook
    _kind("the notebook's shell", "Call get_ipython() inside the cell", "IPython:InteractiveShell"),
    _kind("a progress bar", _MAKE, "tqdm:tqdm"),
    _kind("a window", _OPEN, "tkinter:Misc tkinter:Variable _tkinter:tkapp turtle:RawTurtle"),
    _kind("a log handler", _MAKE, "logging:Handler"),
    # C libraries and GPUs
    _kind("a C library", "Load it inside the cell", "ctypes:CDLL _cffi_backend:Lib _cffi_backend:FFI cffi:FFI"),
    _kind("a pointer of C", _MAKE, "_ctypes:_Pointer _ctypes:CFuncPtr _cffi_backend:_CDataBase"),
    _kind(
        "a GPU's stream or event",
        _MAKE,
        "torch:Stream torch:Event torch.cuda:Stream torch.cuda:Event cupy.cuda.stream:_BaseStream cupy.cuda:Event "
        "cupy.cuda:Stream pycuda._driver:Stream pycuda._driver:Event numba.cuda.cudadrv.driver:Stream "
        "numba.cuda.cudadrv.driver:Event",
    ),
    _kind("a recording of GPU calls", _MAKE, "torch.cuda:CUDAGraph cupy.cuda:Graph"),
    _kind(
        "a GPU's context",
        _MAKE,
        "pycuda._driver:Context pycuda._driver:Device cupy.cuda:Device numba.cuda.cudadrv.driver:Context "
        "numba.cuda.cudadrv.driver:Device",
    ),
    _kind("a GPU's program", _MAKE, "pycuda._driver:Module pycuda._driver:Function cupy.cuda:Module"),
    _kind(
        "memory of a GPU",
        "Copy it to the host",
        "cupy.cuda:MemoryPointer cupy.cuda:Memory pycuda._driver:DeviceAllocation pycuda.gpuarray:GPUArray "
        "numba.cuda.cudadrv.devicearray:DeviceNDArrayBase numba.cuda.cudadrv.driver:MemoryPointer",
    ),
    _kind("a group of processes that train together", "Join it inside the cell", "torch.distributed:ProcessGroup"),
    _kind("a session of a model", _OPEN, "onnxruntime:InferenceSession tensorrt:ICudaEngine"),
)

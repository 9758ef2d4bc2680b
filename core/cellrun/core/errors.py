"""What can go wrong, as one tree; every text that has more than one place is made here.

    CellrunError                          all of ours (Azure ML's AzureMLException)
    ├── UserErrorException                a call that can't be right, whatever the state
    │   ├── InvalidNameError              an experiment, display, metric or file name
    │   ├── NoSuchNameError               an attribute that isn't there: an AttributeError, too
    │   ├── NotSupportedError             an old name that cellrun doesn't do (an AttributeError, too)
    │   └── DatasetError                  a dataset that isn't there, or whose files aren't as it says
    │       └── DatasetTimestampMissingError  a table without times that is asked by time
    ├── InvalidMetricError                a value that can't be logged under its name
    ├── ExperimentExecutionException      a run that can't be started, or its watching was interrupted
    │   └── InvalidSubmissionError        every mistake in a config, gathered (a UserErrorException, too)
    ├── ActivityFailedException           a run that ended Failed
    ├── RunClosedError                    writing to a run that has ended
    ├── EventNotKeptError                 writing to a run whose disk doesn't take it
    ├── FramesError                       what comes of a run, and can't be taken (mirror/frame_errors.py)
    │   ├── FrameError                    no frame of the run's, or of a file that never comes from there
    │   ├── GapError                      bytes whose predecessors aren't here
    │   └── ConflictError                 other bytes than those that are here
    ├── DamagedRunError                   a run whose folder isn't as cellrun makes it (a ValueError, too)
    ├── RunNotFoundError                  no run, or more than one, by that id or name
    ├── NotOfferedError                   a file of a run that isn't handed out
    ├── PortalError                       no page of a run can be shown from here
    ├── RunEnvironmentException           outside a run where one was asked for
    │   └── WorkspaceElsewhereError       what a run's machine hasn't got of its workspace (a UserErrorException, too)
    ├── SnapshotException                 a source folder that can't be taken along
    ├── WorkspaceException                a workspace that can't be found, made or read
    │   └── IndexTooNewError              an index written by a newer cellrun
    ├── ContextException                  a captured context that can't be loaded here
    │   └── UntrustedError                a pickle or code that this user didn't make, and didn't say to trust
    ├── ResultError                       a value that a run doesn't give back: never asked for, not yet, or lost
    ├── ComputeTargetException            a target that isn't there or can't start anything
    │   ├── AuthenticationError           one that doesn't let this user in
    │   ├── OthersTargetError             one that another user attached, and this one hasn't trusted
    │   └── NoSuchTargetError             one that ws.compute_targets hasn't (a KeyError, too)
    ├── DatastoreError                    a datastore that isn't there, can't be reached, or doesn't take or give a file
    ├── KeyvaultError                     a secret that can't be kept or read
    └── WebserviceException               a model that can't be kept or read
        ├── ModelNotFoundException        a model that isn't registered
        └── ModelPathNotFoundException    a model's files that aren't there to be registered

The names that end in Exception are Azure ML's, kept for code that catches them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from errno import ENOENT
from types import TracebackType
from typing import Any

from cellrun.core.front_end import plain

_PLAIN = (str, int, float, tuple, list, dict, type(None))


class CellrunError(Exception):
    """Base of all errors that cellrun raises on purpose (Azure ML: AzureMLException, whose constructor this is)."""

    def __init__(
        self, exception_message: object = "", inner_exception: BaseException | None = None, **_of_azure: Any
    ) -> None:
        super().__init__(exception_message)
        if inner_exception is not None:  # None would say that there is no other error behind it
            self.__cause__ = inner_exception

    @property
    def message(self) -> str:
        """What it says."""
        return str(self)

    @property
    def inner_exception(self) -> BaseException | None:
        """The error that it came of."""
        return self.__cause__

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how a copy is made without its constructor: a pool hands its workers' errors on as pickles."""
        fields = {name: value if isinstance(value, _PLAIN) else shown(value) for name, value in vars(self).items()}
        return _same_error, (type(self), self.args, fields)

    def __str__(self) -> str:
        """Return its text as a terminal may show it: names in it are whatever somebody chose."""
        return plain(Exception.__str__(self))  # one that is a KeyError, too, would put it into quotes

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows: its own traceback, which ends at the user's line."""
        shell = sys.modules["IPython"].get_ipython()
        trace = users_traceback(self.__traceback__)
        lines: list[str] = shell.InteractiveTB.structured_traceback(type(self), self, trace)
        return lines


class UserErrorException(CellrunError):
    """A call that can't be right, whatever the state of the run."""


class NoSuchNameError(UserErrorException, AttributeError):
    """An attribute that an object hasn't got, with what to write in its place: `hasattr` tells the truth."""


class NotSupportedError(UserErrorException, AttributeError):
    """Something of Azure ML's first SDK that cellrun doesn't do: what, why, and what to use. `hasattr` says no."""

    def __init__(self, what: str, why: str, instead: str = "") -> None:
        self.what = what
        self.why = why
        self.instead = instead
        super().__init__(f"{what} isn't supported: it {why}" + (f"; instead, {instead}" if instead else ""))


class InvalidNameError(UserErrorException):
    """A name that isn't allowed: what kind of name, what was given, what was expected."""

    def __init__(self, kind: str, given: object, expected: str, bad: str = "") -> None:
        self.kind = kind
        self.given = given
        self.bad = bad
        super().__init__(f"{kind} {expected}; got {shown(given)}" + (f" (bad: {bad!r})" if bad else ""))


class DatasetError(UserErrorException):
    """A dataset that isn't there, whose files aren't there, or that can't be read as it was said."""


class DatasetTimestampMissingError(DatasetError):
    """A table that is asked by time and has no column of times (Azure ML's name)."""


class InvalidMetricError(CellrunError):
    """A value that can't be logged under its name (Azure ML: AzureMLException)."""

    def __init__(self, name: object, problem: str) -> None:
        self.name = name
        super().__init__(f"metric {shown(name)}: {problem}")


class ExperimentExecutionException(CellrunError):
    """A run that can't be started, or whose watching was interrupted."""


class InvalidSubmissionError(ExperimentExecutionException, UserErrorException):
    """Every mistake found in a config, gathered into one error before a run exists; `advice` is for all of them."""

    def __init__(self, problems: Sequence[str], advice: str = "") -> None:
        self.problems = tuple(problems)
        self.advice = advice
        if len(self.problems) == 1:
            text = f"the run can't be submitted: {self.problems[0]}"
        else:
            listed = "\n".join(f"  - {problem}" for problem in self.problems)
            text = f"the run can't be submitted, for {len(self.problems)} reasons:\n{listed}"
        super().__init__(f"{text}\n{advice}" if advice else text)


class ActivityFailedException(CellrunError):
    """A run that ended Failed: why, the tail of its traceback, and where its log is."""

    def __init__(self, run_id: str, reason: str, traceback_tail: str, log_path: str) -> None:
        self.run_id = run_id
        self.reason = reason
        self.traceback_tail = traceback_tail
        self.log_path = log_path
        parts = [f"run {run_id} failed: {reason}"]
        if traceback_tail:
            parts.append(traceback_tail)
        parts.append(f"its whole log: {log_path}")
        super().__init__("\n".join(parts))


class RunClosedError(CellrunError):
    """Writing to a run that has ended."""

    def __init__(self, run_id: str, status: str) -> None:
        self.run_id = run_id
        self.status = status
        super().__init__(f"run {run_id} is {status}; start a new run")


class EventNotKeptError(CellrunError):
    """What was logged could not be written: a full disk, a run folder that is gone. The next call may be kept again."""

    def __init__(self, run_id: str, name: str, error: OSError) -> None:
        self.run_id = run_id
        self.errno = error.errno
        why = "its folder is gone" if error.errno == ENOENT else error.strerror or error
        super().__init__(f"{shown(name)} isn't kept in run {run_id}: {why}")


class RunNotFoundError(CellrunError):
    """No run by that id or name, or more than one; `is_deleted`: there was one."""

    def __init__(self, given: str, workspace: str, candidates: Sequence[str] = (), *, is_deleted: bool = False) -> None:
        self.given = given
        self.candidates = tuple(candidates)
        if is_deleted:
            text = f"run {given} is deleted: its folder in workspace {workspace} is gone"
        elif self.candidates:
            text = f"{given!r} names {len(self.candidates)} runs: {', '.join(self.candidates)}; give the id"
        else:
            text = f"no run {given!r} in workspace {workspace}; `%runs` or `Experiment.get_runs()` lists them"
        super().__init__(text)


class DamagedRunError(CellrunError, ValueError):
    """A run one of whose files can't be what it should be: `file` below the run's folder, and its `problem`."""

    def __init__(self, run_id: str, file: str, problem: str) -> None:
        self.run_id = run_id
        self.file = file
        self.problem = problem
        super().__init__(f"run {run_id} is damaged: {self.file_problem}")

    @property
    def file_problem(self) -> str:
        """The file and what is wrong with it, without the run's id."""
        return f"{self.file} {self.problem}"


class NotOfferedError(CellrunError):
    """A file of a run that isn't handed out: a link, a pipe, a device."""

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        self.why = why
        super().__init__(f"the file {shown(name)} isn't offered: {why}")


class PortalError(CellrunError):
    """No page of a run can be shown from here: no server runs, and none can be started or asked."""


class RunEnvironmentException(CellrunError):
    """`Run.get_context(allow_offline=False)` outside a run."""


class WorkspaceElsewhereError(RunEnvironmentException, UserErrorException):
    """What is part of a run's workspace, asked for by the run's own code on a machine that hasn't got it."""


class SnapshotException(CellrunError):
    """A source folder that can't be taken along as it is."""


class WorkspaceException(CellrunError):
    """A workspace that can't be found, made or read."""


class IndexTooNewError(WorkspaceException):
    """An index that a newer cellrun wrote; it isn't touched."""

    def __init__(self, path: object, found: int, known: int) -> None:
        self.found = found
        self.known = known
        super().__init__(
            f"the index {path} has version {found}, this cellrun knows {known}: update cellrun here, "
            "or remove that file (it is a cache, and is made again from the run folders)"
        )


class ContextException(CellrunError):
    """What a cell was captured with can't be loaded here."""


class UntrustedError(ContextException):
    """A pickle, or code, that may be anybody's: loading it would run whatever its writer liked.

    `what` would be loaded, `danger` how that runs code, `why` nothing proves that it is this user's own.
    """

    def __init__(self, what: str, why: str, danger: str = "is a pickle; loading it runs code") -> None:
        self.reason = f"{what} {danger}, and {why}"
        super().__init__(f"{self.reason}; if you trust whoever wrote it, pass trust=True")


class ResultError(CellrunError):
    """A value that a run doesn't give back, and why: `name` is empty if it is about all of them."""

    def __init__(self, run_id: str, name: str, problem: str) -> None:
        self.run_id = run_id
        self.name = name
        asked = f"result {name!r}" if name else "the results"
        super().__init__(f"{asked} of run {run_id}: {problem}")


class ComputeTargetException(CellrunError):
    """A compute target that isn't there, or can't start anything."""


class AuthenticationError(ComputeTargetException):
    """A compute target that doesn't let this user in: it isn't asked again with the same credentials."""


class NoSuchTargetError(ComputeTargetException, KeyError):
    """A name that no compute target of the workspace has: a KeyError as well, as of any dict."""


class OthersTargetError(ComputeTargetException):
    """A compute target that another user attached, or that came with a copied workspace: this user hasn't trusted it.

    `kind` and `settings` are what `attach` has to be given for that, `why` what is known of who attached it.
    """

    def __init__(self, name: str, kind: str, settings: Mapping[str, Any], known: Iterable[str], why: str) -> None:
        self.kind = kind
        self.settings = settings
        self.why = why
        given = "".join(f", {key}={settings[key]!r}" for key in known if key in settings)
        trust = f"{why}; if you trust whoever attached it: ws.attach({name!r}, {kind!r}{given})"
        super().__init__(f"the compute target {name!r} can't be used here: {trust}")


class DatastoreError(CellrunError):
    """A datastore that isn't there, can't be reached, or doesn't take or give a file; no credentials are in it."""

    def __init__(self, store: str, problem: str) -> None:
        self.store = store
        super().__init__(f"datastore {shown(store)} {problem}" if store else problem)


class KeyvaultError(CellrunError):
    """A secret that can't be kept or read."""


class WebserviceException(CellrunError):
    """A model that can't be kept or read. The name is Azure ML's, which keeps its models in a service."""


class ModelNotFoundException(WebserviceException):
    """A model that isn't registered, or not in that version."""


class ModelPathNotFoundException(WebserviceException):
    """A model's file or folder that isn't there to be registered."""


def _same_error(kind: type[CellrunError], given: tuple[object, ...], fields: Mapping[str, Any]) -> CellrunError:
    error = kind.__new__(kind, *given)
    vars(error).update(fields)
    return error


def users_traceback(trace: TracebackType | None) -> TracebackType | None:
    """Cut a traceback after the last frame that isn't cellrun's: what comes below says nothing of the user's code.

    A traceback of cellrun alone stays as it is.
    """
    last, frame = None, trace
    while frame is not None:
        if not str(frame.tb_frame.f_globals.get("__name__")).startswith("cellrun."):
            last = frame
        frame = frame.tb_next
    if last is not None:
        last.tb_next = None
    return trace


def missing_package(what: str, package: str, extra: str) -> UserErrorException:
    """Return the error for what needs a package that comes with one of cellrun's extras, and isn't installed."""
    return UserErrorException(f"{what} needs {package}, which isn't installed here: pip install 'cellrun[{extra}]'")


def problem_of(error: Exception) -> str:
    """Return what is wrong with a run's folder by an error that reading it has raised, in one line."""
    if isinstance(error, DamagedRunError):
        return error.file_problem
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error) if isinstance(error, CellrunError) else f"{type(error).__name__}: {error}"


def system_reason(error: OSError) -> str:
    """Return why the system refused something, as it stands within a sentence."""
    return (error.strerror or str(error)).lower()


def did_you_mean(name: object, known: Iterable[str], before: str = "", *, goes_on: bool = False) -> str:
    """Return the question after the nearest known name, behind what joins it to a sentence; empty if none is near.

    `goes_on`: another sentence follows.
    """
    import difflib  # noqa: PLC0415  # for what is misspelled

    if close := difflib.get_close_matches(str(name), known, n=1):
        question = f"did you mean {close[0]!r}? "
        return f"{before}{question if goes_on else question.rstrip()}"
    return ""


def shown(value: object, most: int = 80) -> str:
    """Return a value as an error text shows it: its repr, cut to a readable length."""
    text = repr(value)
    return text if len(text) <= most else f"{text[: most - 1]}… ({len(text)} characters)"

"""`%load_run`: what a submitted cell got from its notebook, in this kernel, and the cell below."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from IPython.core.interactiveshell import InteractiveShell

from cellrun.core.cell.notebook_state import restore_state
from cellrun.core.context.manifest import Context
from cellrun.core.context.reader import load
from cellrun.core.context.trusted import TrustedRun, VerifiedStore
from cellrun.core.errors import ContextException, UntrustedError, UserErrorException
from cellrun.core.front_end import plain
from cellrun.core.layout import RunLayout
from cellrun.core.live.failure import Failure
from cellrun.core.offline.offline_run import _OfflineRun
from cellrun.core.runs import open_runs
from cellrun.core.runs.run import Run
from cellrun.core.store.liveness import checked_status
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status, StatusRecord
from cellrun.core.workspace import Workspace
from cellrun.magics.capture.notebook import Notebook
from cellrun.magics.loaded_files import LoadedFiles
from cellrun.magics.options import MagicParser
from cellrun.magics.shell import plain_errors, say

_MOST_LISTED = 20
_MOST_LINES = 15
_OF_DISPLAY = re.compile(r"_{1,3}|_\d+")  # IPython gives and takes these names by itself


def _parser() -> MagicParser:
    parser = MagicParser("load_run", "%load_run digits-4")
    add = parser.add_argument
    add("run", help="the run's name or id, as %%runs lists it; e.g. digits-4")
    replaced = "let its variables take the place of others that this notebook has by the same names; e.g. --replace"
    add("--replace", action="store_true", help=replaced)
    trusted = "load it although another user or machine captured it, or nobody knows who: that runs its code"
    add("--trust", action="store_true", help=f"{trusted}; e.g. --trust")
    return parser


_PARSER = _parser()


class LoadRunMagic:
    """The magic `%load_run` of one shell; it knows the names that it has loaded."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._loaded: dict[str, int] = {}
        self._files: LoadedFiles | None = None

    @_PARSER.explains
    def load_run(self, line: str) -> None:
        """Bring back what a submitted cell got from its notebook, and put the cell below: to see why it failed.

            %load_run digits-4

        Best in a fresh kernel. Variables, functions, classes and imports come back as they were when the cell was
        submitted, whether it failed or not, and so do its local modules, its arguments in sys.argv, and random and
        print settings. The cell below is then run, changed or debugged here, line numbers as in the run's traceback. In
        it `run` prints what it is given and keeps nothing.
        """
        given = _PARSER.parse_line(line)
        with plain_errors():
            run = Workspace.from_config().get_run(given.run)
            layout, record = run.layout, RunRecord.read(run.layout)
            _check_kind(layout, record)
            with _trust_explained(record):
                trusted = TrustedRun(layout, trust=given.trust)
                record, context = trusted.record(), trusted.context()
                if not given.replace:
                    self._check_names(context, record)
                files = self._load(context, layout, trusted)
            if context.run_name:
                self._shell.user_ns[context.run_name] = _OfflineRun(is_announced=True)  # said below, with the rest
        sys.argv = [str(files.folder / "cell.py"), *record.arguments]
        self._loaded |= {name: id(self._shell.user_ns[name]) for name in _names(context)}
        status, cell = checked_status(layout), _cell(record, files)
        say(_ending(status, record, context, cell))
        if status.status is Status.FAILED:
            sys.stdout.write(_end_of_traceback(status))
        for text in _what_is_back(context, record, files):
            say(text)
        self._shell.set_next_input(cell)

    def _check_names(self, context: Context, record: RunRecord) -> None:
        """Raise UserErrorException if names would be lost that hold something which isn't the run's."""
        notebook = Notebook.of_shell(self._shell)
        taken = [
            f"{name} ({type(notebook.namespace[name]).__name__})"
            for name in _names(context)
            if notebook.holds(name) and not _OF_DISPLAY.fullmatch(name) and not self._may_go(name, context)
        ]
        if taken:
            raise UserErrorException(
                f"this notebook has other variables by names that run {record.name} brings: {_listed(taken)}; "
                f"load it in a fresh kernel, or let them go with `%load_run {record.name} --replace`"
            )

    def _may_go(self, name: str, context: Context) -> bool:
        """Whether what a name holds comes back by itself, or came from a run before."""
        value = self._shell.user_ns[name]
        if name == context.run_name and isinstance(value, Run):
            return open_runs.get(value.id) is None
        modules = {each.module for each in context.imports if each.name == name and not each.attribute}
        return self._loaded.get(name) == id(value) or any(sys.modules.get(module) is value for module in modules)

    def _load(self, context: Context, layout: RunLayout, trusted: TrustedRun) -> LoadedFiles:
        """Load a context into the notebook; on an error the notebook is as before."""
        namespace, path = self._shell.user_ns, list(sys.path)
        before = {name: namespace[name] for name in _names(context) if name in namespace}
        files = LoadedFiles.of(layout, context)
        modules = self._files.leave() if self._files else {}
        try:
            files.bring(trusted)
            store = VerifiedStore(layout.workspace.values)
            load(context, store, namespace)
            restore_state(context, store, namespace)
        except BaseException:  # Ctrl-C as well
            files.leave()
            files.remove()
            for name in {*_names(context), *_attributes(context)}:
                namespace.pop(name, None)
            namespace.update(before)
            sys.path[:] = path
            sys.modules.update(modules)
            raise
        if self._files:
            self._files.remove()
        self._files = files
        return files


def _check_kind(layout: RunLayout, record: RunRecord) -> None:
    """Raise UserErrorException, with what to do instead, for a run without a captured cell; or if it is gone."""
    if record.kind == "cell":
        if not layout.snapshot.is_dir():
            raise ContextException(f"the snapshot of run {record.name}, {layout.snapshot}, is gone")
        return
    what, instead = f"a {record.kind}", f"its code is in {layout.snapshot}"
    if record.kind == "interactive":
        what, instead = "interactive", "its code ran in its notebook's kernel; run the cells there again"
    elif record.kind == "script":
        instead = f"`%run {layout.snapshot / str(record.script)}` runs it here"
    raise UserErrorException(f"run {record.name} is {what}: it has no captured cell to load; {instead}")


@contextmanager
def _trust_explained(record: RunRecord) -> Iterator[None]:
    """Say how the magic is told to trust what nothing proves to be this user's own."""
    try:
        yield
    except UntrustedError as error:
        raise ContextException(
            f"{error.reason}; if you trust whoever submitted it: `%load_run {record.name} --trust`"
        ) from None


def _names(context: Context) -> list[str]:
    """Return the names that a context gives a value in the notebook."""
    values = [name for group in context.groups for name in group.names if name.isidentifier()]
    names = [each.name for each in context.imports if each.name]
    return sorted({*values, *context.definitions, *names, *filter(None, [context.run_name])})


def _attributes(context: Context) -> list[str]:
    """Return the names in a context that stand for attributes: `module:attribute`, `Model.rate`."""
    return [name for group in context.groups for name in group.names if not name.isidentifier()]


def _ending(status: StatusRecord, record: RunRecord, context: Context, cell: str) -> str:
    """Return how the run is, or why it failed and on which line of the cell."""
    if status.status is not Status.FAILED:
        return f"{record.name} is {status.status.word}"
    failure = Failure.of(status, record)
    found = re.search(rf"{re.escape(context.title)}, line (\d+)", str(status.fields.get("traceback_tail") or ""))
    has_its_lines = not cell.startswith("%%")
    line = f", in line {found[1]} of the cell below" if found and has_its_lines else ""
    return f"{record.name} failed{line}: {status.reason or failure.message}"


def _end_of_traceback(status: StatusRecord) -> str:
    lines = str(status.fields.get("traceback_tail") or "").splitlines()
    cut = ["…"] if len(lines) > _MOST_LINES else []
    return plain("".join(f"{line}\n" for line in (*cut, *lines[-_MOST_LINES:])))


def _what_is_back(context: Context, record: RunRecord, files: LoadedFiles) -> list[str]:
    names = [name for name in _names(context) if name != context.run_name]
    texts = [f"back from {record.name}: {_listed(names)}" if names else f"{record.name} needed nothing of its notebook"]
    if context.run_name:
        texts.append(f"{context.run_name!r} is an offline run here: it prints what it is given and keeps nothing")
    if arguments := record.arguments:
        texts.append(f"sys.argv has the run's arguments: {' '.join(arguments)}")
    if context.state:
        states = [f"{state.module}'s {state.what}" for state in context.state]
        texts.append(f"set as they were in the notebook: {', '.join(states)}")
    if record.environment_variables:
        names_of_values = ", ".join(record.environment_variables)
        texts.append(f"the values of the run's own environment variables aren't kept: {names_of_values}")
    return [*texts, *files.notes()]


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return ", ".join(names[:_MOST_LISTED]) + more


def _source(record: RunRecord) -> str:
    """Return the cell as the notebook had it."""
    return str((record.cell or {}).get("source") or "")


def _cell(record: RunRecord, files: LoadedFiles) -> str:
    """Return the cell as the notebook had it, its magic as a comment, so that lines keep their numbers.

    Above another cell magic there can be no comment: then the lines move up by one.
    """
    lines = _source(record).split("\n")
    magic = next((number for number, line in enumerate(lines) if line.lstrip().startswith("%%submit")), None)
    if magic is None:  # submitted by code, or below another magic: the Python that ran
        return (files.folder / "cell.py").read_text(encoding="utf-8")
    if "\n".join(lines[magic + 1 :]).lstrip().startswith("%%"):  # IPython takes a cell magic from the first line alone
        return "\n".join(lines[magic + 1 :])
    return "\n".join(f"# {line}".rstrip() if number <= magic else line for number, line in enumerate(lines))

"""`%start_logging`: an interactive run, whose log is what the cells print while it is open."""

from __future__ import annotations

from contextlib import suppress

from IPython.core.error import UsageError
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

from cellrun.core.errors import RunNotFoundError
from cellrun.core.experiment import Experiment
from cellrun.core.runs import open_runs
from cellrun.core.runs.output_tee import OutputTee
from cellrun.core.runs.run import Run
from cellrun.core.store.status import Status
from cellrun.core.workspace import Workspace
from cellrun.magics.options import MagicParser, python_name
from cellrun.magics.shell import NotebookCell, bind_run, check_name, default_experiment, plain_errors, say, show

_SAMPLE = """\
%start_logging example
run.log('accuracy', 0.9)
run.complete()"""


def _parser() -> MagicParser:
    parser = MagicParser("start_logging", _SAMPLE)
    add = parser.add_argument
    add("experiment", nargs="?", help="the run's experiment; left out, the notebook's name; e.g. example")
    add("--name", metavar="TEXT", help="the run's display name; e.g. --name 'first look'")
    add("--as", dest="as_name", type=python_name, metavar="NAME", help="the variable for the run; e.g. --as trial")
    add("--no-code", action="store_true", help="keep no text of the cells that run meanwhile; e.g. --no-code")
    add("--no-view", action="store_true", help="show no live view below the cell; e.g. --no-view")
    return parser


_PARSER = _parser()


class StartLoggingMagic:
    """The magic `%start_logging` of one shell; it remembers the run that it opened last."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._logged: _LoggedRun | None = None

    @_PARSER.explains
    def start_logging(self, line: str) -> None:
        """Open a run in this notebook, bind it to `run` and show it live.

            %start_logging example
            for x in np.linspace(0, 10):
                run.log_row('sine', x=x, y=np.sin(x))
            run.complete()

        What cells print while the run is open is its log, and their text its code, unless `--no-code` says not to keep
        it. Running this again ends the run that it opened before.
        """
        given = _PARSER.parse_line(line)
        check_name(self._shell, given.as_name, ending=self._logged.run if self._logged else None)
        cell = NotebookCell.current(self._shell, f"%start_logging {line}")
        with plain_errors():
            experiment = Experiment(Workspace.from_config(), given.experiment or default_experiment(self._shell))
            run = experiment.start_logging(display_name=given.name, cell=cell.record(), code=not given.no_code)
        if self._logged is not None:
            self._logged.replace_by(run)
        self._logged = _LoggedRun(self._shell, run)
        bind_run(self._shell, run, given.as_name)
        if not given.no_view:
            show(self._shell, run)


class _LoggedRun:
    """An open run, to whose log the shell's output is copied: prints, shell lines, tracebacks."""

    def __init__(self, shell: InteractiveShell, run: Run) -> None:
        self._shell = shell
        self.run = run
        self._tee = OutputTee(run.layout.log, lambda: open_runs.get(run.id) is not None)
        self._tee.start()
        shell.events.register("pre_run_cell", self._before_cell)
        shell.events.register("post_run_cell", self._after_cell)

    def replace_by(self, other: Run) -> None:
        """End the run, if it is open, because another one takes its place; let go of one that was ended elsewhere."""
        self._stop()
        was_open = self._is_open()
        with suppress(RunNotFoundError):  # deleted
            self.run.cancel(f"replaced by {other.name}")
        if was_open:
            say(f"{self.run.name} is ended: replaced by {other.name}")

    def _before_cell(self, _info: object) -> None:
        if self._is_open():
            self._tee.start()  # a stream may have been replaced since
        else:
            self._stop()

    def _after_cell(self, result: ExecutionResult) -> None:
        error = result.error_before_exec or result.error_in_exec
        shown = getattr(self._shell, "_last_traceback", None)  # a kernel sends it; everything else is printed
        if error is not None and shown and not isinstance(error, UsageError):
            self._tee.write("\n".join(shown) + "\n")
        if not self._is_open():
            self._stop()

    def _is_open(self) -> bool:
        try:
            return not Status(self.run.get_status()).is_terminal
        except RunNotFoundError:  # deleted: whoever uses the run is told
            return False

    def _stop(self) -> None:
        if self._tee.is_open:
            self._tee.stop()
            self._shell.events.unregister("pre_run_cell", self._before_cell)
            self._shell.events.unregister("post_run_cell", self._after_cell)

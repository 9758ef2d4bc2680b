"""`%%submit`: a cell becomes a run; `%submit`: a script or a command does."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import no_var_expand
from IPython.display import display

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.experiment import Experiment
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.portal.address import web_view
from cellrun.core.runs.printing import WEB_VIEW
from cellrun.core.submission.script_run_config import ScriptRunConfig
from cellrun.core.workspace import Workspace
from cellrun.magics.capture.notebook import Choices
from cellrun.magics.cell_run_config import CellRunConfig, CellToSubmit
from cellrun.magics.named_data import named_input, named_output
from cellrun.magics.options import (
    MagicParser,
    is_python_name,
    name_list,
    option,
    python_name,
    seconds,
    split_line,
    unquoted,
    variable,
    without_comment,
)
from cellrun.magics.shell import (
    RUN_NAME,
    NotebookCell,
    announce_results,
    bind_run,
    cells_syntax_errors,
    check_name,
    default_experiment,
    is_notebook,
    plain_errors,
    plain_interrupt,
    plain_warnings,
    say,
    show,
    take_results,
)

_NO_FRAME = 1_000_000  # deeper than any stack: only the notebook's names are meant, none of ours

_SAMPLE = """\
%%submit digits --cpus 2 --timeout 10m -- --learning_rate 0.001
import argparse
parser = argparse.ArgumentParser()
parser.add_argument('--learning_rate', type=float)
run.log('rate', parser.parse_args().learning_rate)

%submit digits --script train.py --source-directory src -- --learning_rate 0.001"""

_SAMPLE_OF_CHOICES = """\
%%submit digits --with data/labels.csv --without cache
import os
print(os.listdir('data'))
try:
    table = cache
except NameError:
    table = None"""


def _parser() -> MagicParser:
    parser = MagicParser("submit", _SAMPLE, takes_arguments=True)
    add = parser.add_argument
    add("experiment", nargs="?", help="the run's experiment; left out, the notebook's name; e.g. digits")
    add("--target", metavar="NAME", help="where it runs; left out, this machine; e.g. --target local")
    add("--name", metavar="TEXT", help="the run's display name; e.g. --name 'smaller batches'")
    cores = "cores that it holds, 1 if left out; given, numeric libraries use so many threads; e.g. --cpus 4"
    add("--cpus", type=int, metavar="N", help=cores)
    add("--gpus", type=int, default=0, metavar="N", help="GPUs that it gets for itself; e.g. --gpus 1")
    add("--memory", metavar="SIZE", help="memory that it holds, waiting until that is free; e.g. --memory 4G")
    limit = "after so long the run is stopped, and Failed; e.g. --timeout 90s, --timeout 10m"
    add("--timeout", type=seconds, metavar="TIME", help=limit)
    more = "one more environment variable; NAME alone passes on the notebook's; e.g. --env MODE=quick --env HF_TOKEN"
    add("--env", type=variable, action="append", default=[], metavar="NAME=VALUE", help=more)
    shown = "values of --env may be told to an engine that shows them to others, as Ray does; e.g. --env-in-engine"
    add("--env-in-engine", action="store_true", help=shown)
    told = "what the target's engine is told for this run, as often as needed; e.g. --option partition=gpu"
    add("--option", dest="options", type=option, action="append", default=[], metavar="NAME=VALUE", help=told)
    data = (
        "a dataset for the run, as a path in NAME ($NAME in a command): a registered one, a variable's, a path, an "
        "https address; e.g. --input train=mydata --input test=mydata:2"
    )
    add("--input", type=named_input, action="append", default=[], metavar="NAME=DATA", help=data)
    folder = (
        "a folder that the run fills, as a path in NAME; its content is kept in the datastore, and registered as "
        "DATASET; e.g. --output model=best"
    )
    add("--output", type=named_output, action="append", default=[], metavar="NAME=DATASET", help=folder)
    added = "names, files, folders and modules that go along although the cell doesn't name them; e.g. --with a,b"
    add("--with", dest="added", nargs="+", action="extend", default=[], metavar="NAME", help=added)
    left_out = "what the cell names and is to be left behind; e.g. --without cfg data/large.csv"
    add("--without", dest="left_out", nargs="+", action="extend", default=[], metavar="NAME", help=left_out)
    dry = "submit nothing: show what the cell needs, and what of it can't go along; e.g. --dry"
    add("--dry", action="store_true", help=dry)
    back = "values that come back: run.result('a'), and with --wait variables here; e.g. --return a,b --wait"
    add("--return", dest="returned", nargs="+", action="extend", default=[], metavar="NAME", help=back)
    elsewhere = (
        "what runs it: requirements.txt, pyproject.toml[extra] or environment.yml, built before it starts; a virtual "
        "environment, a conda prefix or an interpreter; an environment of the workspace (NAME or NAME:VERSION); "
        "notebook, what this one has; left out, what the header # /// script asks for, else this notebook's Python; "
        "e.g. --environment ~/envs/old"
    )
    add("--environment", metavar="WHICH", help=elsewhere)
    one = "a package of its environment, which is built before it starts; e.g. --with-package scikit-learn==1.5"
    add("--with-package", dest="packages", action="append", default=[], metavar="PACKAGE", help=one)
    add("--wait", action="store_true", help="wait for its end; its failure is then this cell's too; e.g. --wait")
    name = "the variable for it, here and in the cell; e.g. --as trial"
    add("--as", dest="as_name", type=python_name, metavar="NAME", help=name)
    add("--script", metavar="FILE", help="submit a script, no cell; e.g. %%submit --script train.py")
    folder = (
        "the folder that goes along with a script or command; left out, the current one; e.g. --source-directory src"
    )
    add("--source-directory", metavar="DIR", help=folder)
    shell = "the cell, or what follows --, is for a shell; e.g. %%submit --command -- python train.py && ls outputs"
    add("--command", action="store_true", help=shell)
    return parser


_PARSER = _parser()


class SubmitMagic:
    """The magics `%%submit` and `%submit` of one shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell

    @no_var_expand  # `$i` in a command is the shell's
    @_PARSER.explains
    def submit(self, line: str, cell: str | None = None) -> None:
        """Submit the cell below as a run, and show it live.

            %%submit digits --cpus 2 --timeout 10m -- --learning_rate 0.001
            import argparse
            ...
            run.log('accuracy', accuracy)

        The cell runs as a script in a process of its own, and this notebook is free at once. What the cell uses
        from the notebook goes along: variables, functions, classes, imports, local modules. In it, `run` is the
        run. After ` -- ` come the cell's arguments, as in sys.argv; {name} and $name stand for the notebook's
        values there. The same with a script, or with a shell command, whose $name is the shell's own:

            %submit digits --script train.py --source-directory src -- --learning_rate 0.001
            %submit digits --command -- export RANK=0 && python train.py
        """
        before, after = split_line(line)
        given = _PARSER.parse_line(self._expanded(before))
        if after and not given.command:
            after = self._expanded(after)
        check_name(self._shell, given.as_name)
        with plain_errors(), cells_syntax_errors(self._shell):
            if given.dry:
                with plain_interrupt("there is no card"):
                    self._show_card(given, cell, line, after)
                return
            workspace = Workspace.from_config()
            returned = _returned(given)
            with plain_interrupt("nothing was submitted"):
                config: CellRunConfig | ScriptRunConfig
                if given.script or given.command:
                    config = _script_config(given, cell, after, self._data(given, workspace.layout), workspace.layout)
                else:
                    config = self._cell_config(given, cell, line, after, workspace.layout)
                with plain_warnings():
                    run = Experiment(workspace, given.experiment or default_experiment(self._shell)).submit(config)
            run_name = bind_run(self._shell, run, given.as_name)
            for note in config.notes() if isinstance(config, CellRunConfig) else config.environment_notes():
                say(note)
            show(self._shell, run)
            if given.wait:
                run.wait_for_completion(show_output=not is_notebook(self._shell))
                take_results(self._shell, run, returned)
            else:
                if not is_notebook(self._shell):
                    print(WEB_VIEW.format(page=web_view(run.layout, workspace.id)))  # noqa: T201  # as the text above it
                announce_results(run_name, returned)

    def _expanded(self, text: str) -> str:
        """Return a text with the notebook's values for `{name}` and `$name`, as IPython does for other magics."""
        return str(self._shell.var_expand(without_comment(text), depth=_NO_FRAME))  # type: ignore[no-untyped-call]

    def _cell_config(
        self, given: Namespace, cell: str | None, line: str, after: str | None, workspace: WorkspaceLayout
    ) -> CellRunConfig:
        if given.source_directory:
            _PARSER.error("--source-directory goes with --script or --command: a cell takes along what it needs")
        if not cell or not cell.strip():
            _PARSER.error("there is no cell to submit, and neither --script nor --command")
        notebook_cell = NotebookCell.current(self._shell, f"%%submit {line}\n{cell}")
        run_name = given.as_name or RUN_NAME
        to_submit = CellToSubmit(notebook_cell, cell, run_name, _PARSER.words(after or ""), _choices(given))
        environment, data = (
            _environment(given.environment, given.packages, cell, workspace),
            self._data(given, workspace),
        )
        config = CellRunConfig(self._shell, to_submit, workspace, environment=environment, data=data, **_common(given))
        if mistakes := config.mistakes():
            _PARSER.error("; ".join(mistakes), _SAMPLE_OF_CHOICES)
        return config

    def _data(self, given: Namespace, workspace: WorkspaceLayout) -> list[Any]:
        """Return the run's data. Raises UsageError for two of one name."""
        if not given.input and not given.output:
            return []
        from cellrun.magics.data_options import data_of  # noqa: PLC0415  # few runs have data

        names = [each.name for each in (*given.input, *given.output)]
        if twice := [name for name in names if names.count(name) > 1 or name == (given.as_name or RUN_NAME)]:
            _PARSER.error(f"{twice[0]!r} is to be two things in the run; give each input and output a name of its own")
        return data_of(given.input, given.output, self._shell.user_ns, workspace)

    def _show_card(self, given: Namespace, cell: str | None, line: str, after: str | None) -> None:
        """Show what the cell would take along: no run, no workspace, no file is made."""
        if given.script or given.command:
            _PARSER.error("--dry shows what a cell needs; a script or a command takes its --source-directory along")
        workspace = Workspace.layout_of_config()
        config = self._cell_config(given, cell, line, after, workspace)
        experiment = given.experiment or default_experiment(self._shell)
        display(config.card(workspace, experiment))  # type: ignore[no-untyped-call]


def _choices(given: Namespace) -> Choices:
    """Return what the user adds, leaves out and wants back. Raises UsageError for what is both added and left out."""
    data = tuple(each.name for each in (*given.input, *given.output))
    choices = Choices(name_list(given.added), name_list(given.left_out), _returned(given), data)
    if both := [name for name in choices.added if name in choices.left_out]:
        _PARSER.error(f"{both[0]!r} is in both --with and --without", _SAMPLE_OF_CHOICES)
    return choices


def _returned(given: Namespace) -> tuple[str, ...]:
    """Return the names whose values are to come back. Raises UsageError for what can't be one."""
    names = name_list([name for words in given.returned for name in words.split()])
    if names and (given.script or given.command):
        _PARSER.error("--return gives back variables of a cell; a script or command leaves files in outputs/")
    for name in names:
        if not is_python_name(name):
            _PARSER.error(f"--return {name}: {name!r} is no name of a variable; give names such as a,b")
    return names


def _script_config(
    given: Namespace, cell: str | None, after: str | None, data: list[Any], workspace: WorkspaceLayout
) -> ScriptRunConfig:
    if given.script and (given.command or cell):
        _PARSER.error(f"--script and {'--command' if given.command else 'a cell'} exclude each other")
    if given.added or given.left_out:
        _PARSER.error("--with and --without go with a cell; a script or a command takes its --source-directory along")
    folder = given.source_directory or "."
    if given.script:
        config = ScriptRunConfig(folder, given.script, _PARSER.words(after or ""), data=data, **_common(given))
        config.environment = _environment(given.environment, given.packages, config.source_text(), workspace)
        return config
    if bool(cell) == bool(after):
        raise UsageError(
            "--command takes its command from the cell or from what follows ` -- `; for example:\n\n"
            "%submit digits --command -- export RANK=0 && python train.py"
        )
    environment = _environment(given.environment, given.packages, "", workspace)
    return ScriptRunConfig(
        folder, command=cell or unquoted(after or ""), environment=environment, data=data, **_common(given)
    )


def _common(given: Namespace) -> dict[str, Any]:
    """Return the options that all kinds of runs have."""
    return {
        "compute_target": given.target,
        "name": given.name,
        "cpus": given.cpus,
        "gpus": given.gpus,
        "memory": given.memory,
        "max_run_duration_seconds": given.timeout,
        "environment_variables": dict(given.env),
        "env_in_engine": given.env_in_engine,
        "target_options": dict(given.options),
    }


def _environment(given: str | None, packages: Sequence[str], code: str, workspace: WorkspaceLayout) -> object:
    """Return the environment for a config: None where neither option is given.

    Packages are added to the environment that is given, else to what the header of the code asks for (PEP 723).
    Raises UserErrorException for what is no environment.
    """
    if given is None and not packages:
        return None
    from cellrun.core.environments.given import spec_from  # noqa: PLC0415  # most cells have neither
    from cellrun.core.environments.sources.script_header import spec_of_script  # noqa: PLC0415  # as above

    environment: str | EnvironmentSpec | None = given if given is not None else spec_of_script(code)
    return spec_from(environment, workspace, packages)

"""A run's beginning and end: started, waited for, stopped, ended, deleted; and why an interactive one failed."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

from cellrun.core.errors import UserErrorException
from cellrun.core.layout import RunLayout
from cellrun.core.runs.control import PartControl, RunControl
from cellrun.core.runs.details import BriefDetails
from cellrun.core.runs.watch import wait_for_end
from cellrun.core.store.status import Status

if TYPE_CHECKING:
    from typing_extensions import Self  # typing.Self came with Python 3.11

    from cellrun.core.experiment import Experiment
    from cellrun.core.runs.reader import RunReader
    from cellrun.core.runs.run import Run

_TAIL_LINES = 20


class EndVerbs:
    """The part of `Run` that is about its beginning and its end."""

    _layout: RunLayout
    _reader: RunReader
    _control: RunControl
    _outputs: str | os.PathLike[str] | None
    id: str
    layout: RunLayout
    experiment: Experiment

    if TYPE_CHECKING:

        def get_status(self) -> str:
            """Return its status."""

        def get_details(self) -> dict[str, Any]:
            """Return what is known of it."""

    def start(self) -> None:
        """Start a child that `create_children` made: this process owns it and ends it. One that it owns already stays.

        Raises UserErrorException for a run that somebody else has started, RunClosedError for one that has ended.
        """
        if not isinstance(self._control, PartControl):
            self._control = _interactive().take_over(self, self._outputs)

    def _take_over(self) -> None:
        """Start a child that waits for that; any other run is left as it is."""
        is_stranger = not isinstance(self._control, PartControl)
        if is_stranger and self._reader.record.kind == "interactive" and self.get_status() == Status.NOT_STARTED:
            self.start()

    def submit_again(self, *, trust: bool = False) -> Run:
        """Submit the same code once more, with the same arguments, resources and interpreter, and return the new run.

        What a cell got from its notebook is the same too, whatever the notebook holds now. Of the environment variables
        that were given to the run only the names are kept: they get the values that this process has, and the new run's
        `get_details()` says which it has none for.

        Raises UntrustedError for a run that isn't signed as this user's own, or was changed since, unless `trust` says
        to run its code all the same; UserErrorException for an interactive run: it has no code of its own. Else what
        `Experiment.submit` does.
        """
        from cellrun.core.submission.again import resubmit  # noqa: PLC0415  # a job never submits

        return self.experiment.run(resubmit(self.layout, trust=trust).run_id)

    def wait_for_completion(
        self,
        show_output: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        wait_post_processing: bool = False,  # noqa: FBT001, FBT002, ARG002
        raise_on_error: bool = True,  # noqa: FBT001, FBT002
    ) -> dict[str, Any]:
        """Wait until the run has ended, with `show_output` printing its log as it is written. Returns `get_details()`.

        A front end or a terminal is shown where the run's page is; a server that has to be started for that starts in
        the background, and nothing waits for it.

        Raises ActivityFailedException if it Failed, unless `raise_on_error` is False; ExperimentExecutionException when
        interrupted (Ctrl-C): the run goes on; UserErrorException, at once, for an interactive run that is open in this
        process and for the run that this code is part of. It always waits for the very end, as `wait_post_processing`
        asks for.
        """
        self._control.refuse_own_wait()
        page = None
        if show_output:
            from cellrun.core.portal.address import web_view  # noqa: PLC0415  # a job rarely shows another run's output

            page = partial(web_view, self._layout, self.experiment.workspace.id)
        wait_for_end(self._layout, self._control.status, self._reader.notes, page=page, raise_on_error=raise_on_error)
        return BriefDetails(self.get_details())

    def cancel(self, reason: str | None = None) -> None:
        """Stop the run; nothing happens to one that has ended. Of an interactive run, the next log call raises.

        A submitted run is interrupted as by Ctrl-C and has 10 s (`CELLRUN_GRACE_S`) to keep what it has computed, then
        it gets SIGTERM, after as long again SIGKILL. One more call meanwhile goes to the next of these at once.

        A reason is kept with an interactive run's status.
        """
        self._control.cancel(reason)

    def complete(self, _set_status: bool = True) -> None:  # noqa: FBT001, FBT002  # Azure ML's own
        """End an interactive run as Completed, with the files that were written to `./outputs`.

        In a submitted run it does nothing: the end of the script ends the run.
        """
        if _set_status:
            self._take_over()
            self._control.complete()

    def fail(
        self,
        error_details: object = None,
        error_code: str | None = None,
        _set_status: bool = True,  # noqa: FBT001, FBT002  # Azure ML's own
    ) -> None:
        """End an interactive run as Failed, with an exception or a text that says why."""
        if _set_status:
            self._take_over()
            self._control.fail(**failure_fields(error_details, error_code))

    def clean(self) -> None:
        """Do nothing: what a run leaves on its target is taken away when it ends. `delete()` deletes all of it."""

    def delete(self) -> None:
        """Delete the run for good: its folder, and captured values that no other run needs. Its number stays taken.

        Its children go with it. Raises UserErrorException if it, or one of them, hasn't ended: cancel it first.
        """
        from cellrun.core.runs.deletion import delete_runs  # noqa: PLC0415  # a job never deletes a run

        self._reader.check_is_there()
        deleted, *_ = delete_runs(self.layout.workspace, [self.id]).runs
        if deleted.refused:
            raise UserErrorException(f"run {self.id} can't be deleted: {deleted.refused}")

    def __enter__(self) -> Self:
        """Begin a block that ends an interactive run: Completed, or Failed with its exception. Prints are logged."""
        self._take_over()
        self._control.enter()
        return self

    def __exit__(self, exit_type: object, value: BaseException | None, traceback: object) -> bool:
        return self._control.leave(value)


def failure_fields(cause: object, code: str | None = None) -> dict[str, str]:
    """Return the reason and, of an exception, the traceback's tail and last line.

    `cause` is an exception or whatever `Run.fail` was given; `code` is the user's own.
    """
    if isinstance(cause, BaseException):
        import traceback  # noqa: PLC0415  # most runs don't fail

        lines = "".join(traceback.format_exception(cause)).rstrip().splitlines()
        last = "".join(traceback.format_exception_only(cause)).strip()
        fields = {"reason": last, "traceback_tail": "\n".join(lines[-_TAIL_LINES:]), "last_line": last}
    else:
        fields = {"reason": "run.fail() was called" if cause is None else str(cause)}
    if code is not None:
        fields["reason"] += f" (error code {code})"
    return fields


def _interactive() -> Any:
    from cellrun.core.runs import interactive  # noqa: PLC0415  # it makes runs, and most jobs have no children

    return interactive

"""A driver for tests: starts its children one after another, or all at once."""

import warnings

from cellrun.core.driving.drive import say
from cellrun.core.driving.driver import Driver
from cellrun.core.errors import CellrunError
from cellrun.core.store.status import Status


class OneByOne(Driver):
    """Starts the next child when the one before has Completed; `at_once` doesn't wait."""

    failed = ""

    def advance(self) -> bool:
        """Start the next one."""
        warnings.warn("the target warns", stacklevel=1)
        seen = self.children.look()
        if bad := [run.run_id for run, status in seen.items() if status.status in {Status.FAILED, Status.CANCELED}]:
            self.failed = f"{bad[0]} failed"
        goes_on = any(not status.status.is_terminal for status in seen.values())
        waiting = list(self.plan.requests.values())[len(seen) :]
        if self.failed or not waiting:
            return not goes_on
        if goes_on and not self.plan.options["at_once"]:
            return False
        try:
            say(f"started {self.children.start(waiting[0]).run_id}")
        except CellrunError as error:
            self.failed = str(error)
        return False

    def failure(self) -> str:
        """Return what failed."""
        return self.failed

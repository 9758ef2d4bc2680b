"""Cells that more than one test runs."""

BUSY = """%start_logging busy
import time
from cellrun.core.errors import RunClosedError
try:
    for step in range(100_000):
        run.log('step_time', step)
        time.sleep(0.2)
except RunClosedError as error:
    print('closed:', error)
"""
"""Keeps its kernel busy until its run is canceled."""

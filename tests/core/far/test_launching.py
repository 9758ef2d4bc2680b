from collections.abc import Callable

from cellrun.core.status import Status
from tests.core.far.boxes import Box, Made


def test_a_script_runs_to_its_end_on_a_python_that_has_nothing(any_box: Box, make_run: Callable[..., Made]):
    run = make_run("import sys; print('from', sys.version_info[:2], sys.argv[1:])", "--epochs", 3)
    answer = run.launch(any_box.link())
    assert answer.facts["status"] in {"Starting", "Running", "Queued", "Completed"}
    assert any_box.ended(run.layout).status is Status.COMPLETED
    assert "['--epochs', '3']" in any_box.there(run.layout).log.read_text()

"""What is kept of a cell whose magic gives values to environment variables."""

import json
from pathlib import Path

import pytest

from cellrun.core.likely_secrets import masked
from cellrun.core.store.record import RunRecord
from tests.core.submitted_runs import wait_for
from tests.files_below import files_below
from tests.magics.notebook_shell import log

CASES = json.loads((Path(__file__).parents[1] / "data" / "masked.json").read_text())


@pytest.mark.parametrize(("source", "kept"), CASES)
def test_values_are_masked_and_nothing_else(source, kept):
    assert masked(source) == kept
    assert masked(kept) == kept


def test_the_run_gets_a_value_that_none_of_its_files_has(notebook):
    run = notebook.submit("import os\nprint(os.environ['KEY'][::-1])", "digits --env KEY=hush-hush")
    assert log(run) == "hsuh-hsuh\n"
    assert RunRecord.read(run.layout).cell["source"].startswith("%%submit digits --env KEY=***\nimport os")
    wait_for(
        run.layout.environment.exists, "the recorder, which stands behind all that the other tests do", within_s=100
    )
    kept = files_below(run.layout.workspace.folder)
    assert len(kept) > 5
    assert not [path for path, content in kept.items() if b"hush-hush" in content]


def test_a_masked_value_is_asked_for_anew(notebook):
    with pytest.raises(Exception, match=r"the value of 'KEY' isn't kept with a run; give it anew: --env KEY=VALUE"):
        notebook.submit("pass", "digits --env KEY=***")

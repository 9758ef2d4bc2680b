"""Names of other libraries: an AttributeError that says what to write here, and what it says works."""

import copy
import pickle
import re

import pytest

from cellrun.core import Run, Workspace
from cellrun.core.runs.name_hints import WRITE


@pytest.fixture(params=["interactive", "offline"])
def run(request, exp):
    """A run, and one that is offline, which has the same."""
    if request.param == "offline":
        yield Run.get_context()
        return
    with exp.start_logging() as opened:
        yield opened


@pytest.mark.parametrize("name", sorted(WRITE))
def test_a_habit_is_an_attribute_error_that_says_what_to_write(run, name):
    assert not hasattr(run, name)
    with pytest.raises(AttributeError, match=f"has no attribute '{name}': ") as caught:
        getattr(run, name)
    with pytest.raises(AttributeError, match=f"has no attribute '{name}': "):
        getattr(type(run), name)
    assert caught.value.name == name
    for verb in re.findall(r"run\.(\w+)", str(caught.value)):
        assert hasattr(type(run), verb), f"it names run.{verb}, which isn't there"


def test_any_other_name_is_a_plain_one(run):
    with pytest.raises(AttributeError, match=r"no attribute 'flights'$"):
        run.flights  # noqa: B018  # asking is the test
    with pytest.raises(AttributeError, match=r"no attribute 'lgo'; did you mean 'log'\?$"):
        run.lgo  # noqa: B018  # as above
    assert getattr(run, "_repr_png_", None) is None


def test_what_it_says_about_metrics_files_and_parameters_works(run, tmp_path, capsys):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("a")
    values = {"name": "m", "value": 1, "step": 2, "path": tmp_path / "folder" / "a.txt", "folder": tmp_path / "folder"}
    for habit in ("log_metric", "log_metrics", "log_param", "log_params", "log_artifact", "log_artifacts"):
        call = WRITE[habit].removeprefix("write ").replace(", ...", "")
        eval(call, {"run": run}, {**values, "name": habit})
    assert {name: run.get_metrics()[name] for name in ("log_metric", "log_metrics")} == {
        "log_metric": 1,
        "log_metrics": 1,
    }
    assert run.tags == {"log_param": "1", "log_params": "1"}
    assert {"log_artifact", "log_artifacts/a.txt"} <= set(run.get_file_names())


def test_a_run_is_still_pickled_and_copied(ws, exp):
    with exp.start_logging() as run:
        assert pickle.loads(pickle.dumps(run)).id == copy.copy(run).id == run.id
    assert Workspace.from_config().get_run(run.id).id == run.id

from __future__ import annotations

import gc
import os
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.places import default_workspace
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
from cellrun.core.targets.keeper.start import NoKeeperError
from tests.keepers import at_home, left_behind

AZUREML = Path(__file__).parent / "azureml"
LONGEST = (
    *("tests/browser/", "tests/notebooks/", "tests/widgets/", "tests/core/targets/test_conformance.py"),
    *("tests/core/targets/", "tests/core/supervision/", "tests/server/", "tests/magics/", ""),
)

_OBJECTS = 50_000
"""So many more objects than before, and garbage is looked for: after 700 it takes 7 % of a test process's time."""

settings.register_profile("cellrun", deadline=None, derandomize=True)  # neither timing nor luck decides a test
settings.load_profile("cellrun")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Use three processes more than there are processors: many tests wait."""
    return (os.cpu_count() or 1) + 3


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests.scheduling import ByFile  # noqa: PLC0415  # pytest-xdist may not be there

    return ByFile(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage among what thousands of tests are made of: it stays, and that takes half of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(_OBJECTS)
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what takes longest or waits most: at the end no process waits for another one's long file."""
    ids = Counter(item.nodeid for item in items)
    if twice := [each for each, count in ids.items() if count > 1]:  # of these a process would run one
        raise pytest.UsageError(f"more than one test has the id {', '.join(twice)}; give each an id of its own")
    items.sort(key=lambda item: next(n for n, folder in enumerate(LONGEST) if item.nodeid.startswith(folder)))


@pytest.fixture(scope="session", autouse=True)
def nobody_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No keeper and no far side outlives the tests."""
    yield
    assert left_behind(tmp_path_factory.getbasetemp()) == []


@pytest.fixture(autouse=True)
def without_old_names(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget that another test of this process has imported the names of Azure ML's first SDK, as old code does."""
    if "azureml" in sys.modules and request.path.parent != AZUREML:
        for name in [name for name in sys.modules if name.partition(".")[0] == "azureml"]:
            monkeypatch.delitem(sys.modules, name)


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of all tests of a module that is marked `one_home`."""
    with at_home(tmp_path_factory.mktemp("shared")) as home:
        yield home


@pytest.fixture(autouse=True)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A home and a runtime folder of the test's own, or of its module's."""
    if request.node.get_closest_marker("one_home"):
        yield request.getfixturevalue("shared_home")
    else:
        with at_home(tmp_path) as own:
            yield own


@pytest.fixture
def without_keeper(tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    """Let no keeper be had, as where no process is left, until that is undone: who looks at a run asks its engine."""

    def none(_: object) -> bool:
        raise NoKeeperError("the test wants none")

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CELLRUN_RUNTIME_DIR", str(tmp_path / "runtime"))  # not where that of a module's is
        patch.setattr("cellrun.core.targets.keeper.asking.start", none)
        yield patch


@pytest.fixture
def without_recorder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let interactive runs not record what they are run by: a Python and two gits for each, which few tests look at."""
    monkeypatch.setattr("cellrun.core.runs.interactive.start_recorder", lambda *_, **__: None)


@pytest.fixture
def workspace_layout() -> WorkspaceLayout:
    """The layout of the home's default workspace."""
    return default_workspace()


@pytest.fixture
def new_run(workspace_layout: WorkspaceLayout) -> Callable[..., RunLayout]:
    """Make a run folder: `new_run(experiment="digits", kind="interactive", **record fields)`."""

    def make(experiment: str = "digits", **fields: object) -> RunLayout:
        record = RunRecord(**{"experiment": experiment, "kind": "interactive", **fields})  # type: ignore[arg-type]
        return RunStore(workspace_layout).create(record, lambda _: None)

    return make

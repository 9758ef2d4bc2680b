"""Old names in a real notebook: by `%load_ext cellrun.azureml`, in its cells, their runs and what they start."""

import os

import pytest
from jupyter_client.manager import KernelManager

from cellrun.azureml.finder import CHILDREN_TOO
from tests.magics.kernels import connected

HINT = "%load_ext cellrun.azureml in a notebook"


@pytest.fixture
def kernel(tmp_path):
    """A kernel with the magics, in a notebook's folder."""
    manager = KernelManager()
    os.environ.pop(CHILDREN_TOO, None)
    environment = {**os.environ, "JPY_SESSION_NAME": str(tmp_path / "old.ipynb"), "IPYTHONDIR": str(tmp_path / "ip")}
    manager.start_kernel(cwd=str(tmp_path), env=environment)
    try:
        with connected(manager.blocking_client()) as kernel:
            yield kernel
    finally:
        manager.shutdown_kernel(now=True)


def test_a_notebook_of_the_old_sdk(kernel):
    assert kernel.run("%load_ext cellrun.magics").error == []
    assert HINT in "\n".join(kernel.run("from azureml.core import Workspace").error)
    kernel.run("%load_ext cellrun.azureml")
    told = kernel.run(
        "from azureml.core import Experiment, Run, Workspace\n"
        "from azureml.widgets import RunDetails\n"
        "run = Experiment(Workspace.from_config(), 'old').start_logging()\n"
        "run.log('here', 1)\nRunDetails(run).show()\nrun.complete()\nprint(run.get_metrics())"
    )
    assert told.error == []
    assert "{'here': 1}" in told.text
    child = kernel.run(
        "import sys\n!{sys.executable} -c \"import azureml.core; print('version', azureml.core.VERSION)\""
    )
    assert "version 1." in child.text
    kernel.run("import azureml.core, azureml.core.run as old\nfrom azureml.core.run import Run as OldRun")
    submitted = kernel.run(
        "%%submit --wait\nassert old.Run is OldRun and azureml.core.run is old and azureml.core.VERSION\n"
        "OldRun.get_context().log('there', 2)"
    )
    assert submitted.error == []
    assert "{'there': 2}" in kernel.run("print(run.get_metrics())").text

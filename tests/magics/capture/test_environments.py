"""Environments that a cell names travel as what they say."""

from tests.magics.notebook_shell import log

SETUP = """
from cellrun.core import CondaDependencies, Environment, Workspace
ws = Workspace.from_config()
env = Environment("digits")
env.python.conda_dependencies.add_pip_package("six==1.16")
env.docker.enabled = True
env.register(ws)
packages = CondaDependencies.create(pip_packages=["numpy"], python_version="3.11")
"""
CELL = """
print(env.name, env.version, env.spec().packages, env.docker.enabled)
print(packages.pip_packages, packages.python_version)
env.python.conda_dependencies.add_pip_package("numpy")
print(env.register(ws).version)
"""


def test_one_that_a_cell_names_is_there_in_its_run(notebook):
    notebook.run(SETUP)
    run = notebook.submit(CELL)
    assert run.get_status() == "Completed", log(run)
    assert log(run) == "digits 1 ('six==1.16',) True\n['numpy'] 3.11\n2\n"
    notebook.run("assert ws.environments['digits'].version == '2' and env.version == '1'")

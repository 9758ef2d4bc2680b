"""Run the two notebooks without a browser, then print their runs, metrics and folders: `make demo`."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

from cellrun.core import Experiment, Run, Workspace

HERE = Path(__file__).parent


def execute(name: str) -> None:
    """Run a notebook's cells in a kernel of its own; what they print isn't kept."""
    print(f"running {name} …", flush=True)
    notebook = nbformat.read(HERE / name, as_version=4)  # type: ignore[no-untyped-call]  # nbformat has no types
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(HERE)}}).execute()


def show(run: Run) -> None:
    """Print a run: name, status, the last value of each metric, and its folder."""
    print(f"\n{run.name}  {run.get_status()}  ({run.id})")
    for name, value in run.get_metrics().items():
        last = {column: values[-1] for column, values in value.items()} if isinstance(value, dict) else value
        print(f"  {name:<10} {last[-1] if isinstance(last, list) else last}")
    print(f"  {run.layout.folder}")


def main() -> None:
    """Execute, then look the runs up as any other program would."""
    execute("sine.ipynb")
    execute("digits.ipynb")
    workspace = Workspace.from_config()
    for experiment in ("example", "digits"):
        show(next(iter(Experiment(workspace, experiment).get_runs())))


if __name__ == "__main__":
    main()

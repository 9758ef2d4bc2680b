"""Azure ML's first SDK by its own names: `azureml` and all below it are cellrun.

In a notebook `%load_ext cellrun.azureml`, in a script `import cellrun.azureml; cellrun.azureml.install()`; in a run's
own processes, and in what these start, it is so by itself. This package is then what `import azureml` gives, and each
module in it the module of its name there: `azureml.core.run` is `cellrun.azureml.core.run`, one object by both names.
"""

from __future__ import annotations

from cellrun.azureml.finder import install

TYPE_CHECKING = False
if TYPE_CHECKING:  # every process of a run loads this first: see finder
    from typing import Any

__all__ = ["install", "load_ipython_extension"]


def __getattr__(name: str) -> Any:
    from cellrun.azureml.lazy import below  # noqa: PLC0415  # as above

    return below(__name__, name)


def load_ipython_extension(_shell: object) -> None:
    """Do what `%load_ext cellrun.azureml` asks for."""
    install()

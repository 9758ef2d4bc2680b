"""What a Python process does at its start if it is part of a run.

`cellrun_azureml.pth`, beside the packages, imports this.
"""

from __future__ import annotations

from cellrun.azureml.finder import install

install()

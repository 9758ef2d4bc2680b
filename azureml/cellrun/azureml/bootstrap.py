"""`azureml` where cellrun was copied for a Python that hasn't got it: what `import azureml` finds first.

The copy's folder is on PYTHONPATH, where no .pth is read. This file stands there as `azureml/__init__.py`; from its
import on `azureml` and all below it are cellrun.
"""

import sys

import cellrun.azureml
from cellrun.azureml.finder import OldNames

sys.meta_path.insert(0, OldNames())
sys.modules["azureml"] = cellrun.azureml

"""Environments that Azure ML has by a name of its own, `AzureML-…`: what their names say is in them."""

from __future__ import annotations

import re

from packaging.utils import canonicalize_name

_CURATED = re.compile(r"AzureML-.+", re.IGNORECASE)
_FRAMEWORK = re.compile(
    r"(?<![a-z])(scikit-learn|sklearn|pytorch|tensorflow|xgboost|lightgbm|pyspark|chainer|deepspeed|onnxruntime)"
    r"(?:-(\d+(?:\.\d+)+))?"
)
_PACKAGES = {"sklearn": "scikit-learn", "pytorch": "torch"}
_TUTORIAL = ("matplotlib", "numpy", "pandas", "scikit-learn")


def is_curated(name: str) -> bool:
    """Whether a name is one of Azure ML's own environments'."""
    return _CURATED.fullmatch(name) is not None


def packages_of(name: str) -> tuple[str, ...]:
    """Return the packages that a curated environment's name tells: of `AzureML-sklearn-0.24-…`, scikit-learn 0.24."""
    text = name.lower()
    if "tutorial" in text:
        return _TUTORIAL
    found: dict[str, str] = {}
    for framework, version in _FRAMEWORK.findall(text):
        package = canonicalize_name(_PACKAGES.get(framework, framework))
        found.setdefault(package, f"{package}=={version}.*" if version else package)
    return tuple(found.values())

"""What `--environment` and `--with-package` of `%%submit` mean."""

from __future__ import annotations

from collections.abc import Sequence

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.layout import WorkspaceLayout


def wanted(given: str | None, packages: Sequence[str], code: str, workspace: WorkspaceLayout) -> object:
    """Return the environment for a config: None where neither option is given.

    Packages are added to the environment that is given, else to what the header of the code asks for (PEP 723).
    Raises UserErrorException for what is no environment.
    """
    if given is None and not packages:
        return None
    from cellrun.core.environments.given import spec_from  # noqa: PLC0415  # most cells have neither
    from cellrun.core.environments.sources.script_header import spec_of_script  # noqa: PLC0415  # as above

    environment: str | EnvironmentSpec | None = given if given is not None else spec_of_script(code)
    return spec_from(environment, workspace, packages)

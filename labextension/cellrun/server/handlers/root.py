"""The server's version, and the description of its routes."""

from __future__ import annotations

import os
from importlib.metadata import version
from importlib.resources import files

from cellrun.core.live.frame import PROTOCOL
from cellrun.server.base_handler import ApiHandler


class RootHandler(ApiHandler):
    """What a front end asks first, of whichever version it is."""

    async def get(self) -> None:
        """Answer with the versions of cellrun and of the stream's protocol, and with the folder that Jupyter serves."""
        self.asked()
        await self.answer({"version": version("cellrun"), "protocol": PROTOCOL, "root": self._root()})

    def _root(self) -> str | None:
        """Return the folder that notebooks' paths are relative to; None where they aren't on a disk."""
        root = getattr(self.contents_manager, "root_dir", None)
        if not isinstance(root, str) or not root:
            return None
        return os.path.abspath(root)  # noqa: PTH100  # as kernels name it: with the links in it


class OpenApiHandler(ApiHandler):
    """The description of all routes."""

    async def get(self) -> None:
        """Answer with the file that the package ships."""
        self.asked()
        self.set_header("Content-Type", "application/yaml")
        await self.answer_bytes((files("cellrun.server") / "openapi.yaml").read_bytes())

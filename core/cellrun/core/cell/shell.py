"""An IPython shell for a cell: plain, without history, terminal or kernel; what it displays is kept with the run."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Mapping
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.formatters import DisplayFormatter
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Any as AnyValue
from traitlets.config import Config, Configurable

from cellrun.core.cell.display import shown
from cellrun.core.cell.notebook_builtins import named_as_in_notebook
from cellrun.core.layout import RunLayout

_Bundle = dict[str, Any]
_NO_TEXT = re.compile(r"<IPython\.core\.display\.\w+ object>")


class _Formatter(DisplayFormatter):
    """Turns objects into text, pictures and pages as a notebook does, and labels them for the run."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.formatters["image/png"].for_type_by_name("matplotlib.figure", "Figure", _png)

    def format(self, obj: Any, *args: Any, **options: Any) -> tuple[_Bundle, _Bundle]:
        """Return an object's forms and their metadata, by MIME type."""
        bundle, metadata = super().format(obj, *args, **options)  # type: ignore[no-untyped-call]
        if any(mime != "text/plain" for mime in bundle):
            metadata = {**metadata, shown.LABEL: _label(obj, bundle)}
        return bundle, metadata


class _Publisher(DisplayPublisher):
    """Prints the text of what is displayed, and keeps the rest; of an update a text that is the same isn't printed."""

    _is_printing = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)  # type: ignore[no-untyped-call]
        self._texts: dict[str, str] = {}

    def publish(
        self,
        data: _Bundle,
        metadata: _Bundle | None = None,
        source: object = None,  # noqa: ARG002  # IPython's signature
        *,
        transient: Mapping[str, Any] | None = None,
        update: bool = False,
        **_: Any,
    ) -> None:
        """Take what `display` shows."""
        display_id = (transient or {}).get("display_id")
        kept = shown.keep(data, metadata, display_id)
        text = data.get("text/plain")
        if text is not None and not (update and self._texts.get(display_id or "") == text):
            self._print(_text_of(data, kept))
        if text is not None and display_id:
            self._texts[display_id] = text

    def _print(self, text: str) -> None:
        """Print where redirect_stdout and %%capture look for it; if that displays what it gets, in the log at once."""
        if self._is_printing:
            print(text, file=sys.__stdout__, flush=True)
            return
        self._is_printing = True
        try:
            print(text)  # noqa: T201  # as said
        finally:
            self._is_printing = False

    def clear_output(self, wait: bool = False) -> None:  # noqa: FBT001, FBT002  # IPython's signature
        """Clear nothing: a log keeps what was printed."""


class _DisplayHook(DisplayHook):
    """Echoes what cells within the cell give, as `get_ipython().run_cell` does, without a prompt."""

    def write_output_prompt(self) -> None:
        """Write none."""

    def write_format_data(self, format_dict: _Bundle, md_dict: _Bundle | None = None) -> None:
        """Show the value as `display` does."""
        _CellShell.instance().display_pub.publish(format_dict, md_dict)


class InlineBackend(Configurable):
    """Takes what notebooks say by `%config InlineBackend`; figures are PNG images all the same."""

    figure_format = AnyValue().tag(config=True)
    figure_formats = AnyValue().tag(config=True)
    print_figure_kwargs = AnyValue().tag(config=True)
    close_figures = AnyValue().tag(config=True)
    rc = AnyValue().tag(config=True)


class _CellShell(InteractiveShell):
    """What the cell's `get_ipython()` returns."""

    system = InteractiveShell.system_raw  # straight into the run's log: no pipe, no terminal in between

    def init_display_formatter(self) -> None:
        """Make what turns objects into text and more."""
        self.display_formatter = _Formatter(parent=self)
        configurables: list[Any] = self.configurables  # typed as shells, of which the first is one
        configurables += [self.display_formatter, InlineBackend(parent=self)]

    def enable_gui(self, gui: str | None = None) -> None:
        """Take `%gui qt` and the like without doing anything: there is no window here, nor will be."""

    def enable_matplotlib(self, gui: str | None = None) -> tuple[str | None, str]:
        """Take `%matplotlib inline`, `widget` and the like: figures are shown as the run's images anyway."""
        return gui, "inline"


def _text_of(data: Mapping[str, str], kept: str | None) -> str:
    """Return what a log has of something displayed: what IPython made to display alone has no text but its address."""
    text = data["text/plain"]
    if _NO_TEXT.fullmatch(text) is None:
        return text
    return data.get("text/markdown") or data.get("text/latex") or kept or text


def start_shell(module: types.ModuleType, layout: RunLayout) -> None:
    """Start a shell on a module, whose names become the shell's; its files stay in the run's folder."""
    names = dict(vars(module))
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    kind = named_as_in_notebook(_CellShell)
    shell = kind.instance(
        config=config,
        user_module=module,
        user_ns=vars(module),
        ipython_dir=str(layout.folder / "ipython"),
        display_pub_class=_Publisher,
        displayhook_class=_DisplayHook,
    )
    shell.events.register("post_execute", _show_figures)
    vars(module).update(names)  # the cell's own `_` and `Out`, not the empty ones of a new shell


def _show_figures() -> None:
    """Show what a cell within the cell has drawn, as a notebook does: `%%capture` takes it."""
    figures = sys.modules.get("cellrun.core.cell.display.figures")
    if figures is not None:
        figures.flush()


def _png(figure: Any) -> bytes | None:
    from cellrun.core.cell.display.figures import png  # noqa: PLC0415  # matplotlib is loaded where a figure is

    return png(figure)


def _label(obj: object, bundle: Mapping[str, Any]) -> shown.Label:
    kind = type(obj)
    if kind.__module__ == "matplotlib.figure":
        from cellrun.core.cell.display.figures import label  # noqa: PLC0415  # as above

        return label(obj)  # type: ignore[arg-type]  # a figure
    return shown.Label("image" if any(mime.startswith("image/") for mime in bundle) else kind.__name__.lower())

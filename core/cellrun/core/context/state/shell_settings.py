"""Settings of the notebook's IPython shell: which statements are echoed, how values are printed, magics of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from types import CodeType, ModuleType
from typing import Any

from cellrun.core.context.state import echoing
from cellrun.core.context.state.kind import StateKind

_TEXT = "text/plain"
_FIGURES = "matplotlib.figure"  # the run shows figures in its own way


def _read_interactivity(ipython: ModuleType, _: Collection[str]) -> Any:
    shell = ipython.get_ipython()
    now = getattr(shell, "ast_node_interactivity", "last_expr")  # of the shell, or set on its class
    return now if now != "last_expr" else None


def _echo_statements(interactivity: Any) -> None:
    echoing.interactivity = interactivity


def _write_interactivity(ipython: ModuleType, interactivity: Any) -> None:
    ipython.get_ipython().ast_node_interactivity = interactivity


def _read_text_format(ipython: ModuleType, _: Collection[str]) -> Any:
    shell = ipython.get_ipython()
    if shell is None:
        return None
    formatter = shell.display_formatter.formatters[_TEXT]
    return {
        name: value
        for name, trait in formatter.traits(config=True).items()
        if type(value := getattr(formatter, name)) in {bool, int, str} and value != trait.default(formatter)
    } or None


def _echo_by_ipython(_: Any) -> None:
    echoing.always_by_ipython = True


def _write_text_format(ipython: ModuleType, traits: Any) -> None:
    formatter = ipython.get_ipython().display_formatter.formatters[_TEXT]
    for name, value in traits.items():
        setattr(formatter, name, value)


def _read_printers(ipython: ModuleType, needed: Collection[str]) -> Any:
    """Return the printers that the notebook gave to classes: of its own, and of modules that the cell needs."""
    shell = ipython.get_ipython()
    if shell is None:
        return None
    from IPython.core.formatters import DisplayFormatter  # noqa: PLC0415  # it is loaded, as there is a shell

    fresh = DisplayFormatter().formatters
    found = {}
    for mime, formatter in shell.display_formatter.formatters.items():
        before = dict(_printers(fresh[mime])) if mime in fresh else {}
        for kind, printer in _printers(formatter):
            module, name = (kind.__module__, kind.__qualname__) if isinstance(kind, type) else kind
            is_met = module.partition(".")[0] in {"__main__", "builtins", *needed}
            if is_met and module != _FIGURES and _code(printer) != _code(before.get(kind)):
                found[f"{module}.{name} as {mime}"] = (mime, kind, printer)
    return found or None


def _printers(formatter: Any) -> Iterator[tuple[Any, Any]]:
    """Iterate over the classes that have a printer, or their modules and names, with the printers."""
    yield from formatter.type_printers.items()
    yield from formatter.deferred_printers.items()


def _code(printer: Any) -> CodeType | Any:
    return getattr(printer, "__code__", printer)


def _write_printers(ipython: ModuleType, printers: Any) -> None:
    formatters = ipython.get_ipython().display_formatter.formatters
    for mime, kind, printer in printers.values():
        if isinstance(kind, type):
            formatters[mime].for_type(kind, printer)
        else:
            formatters[mime].for_type_by_name(*kind, printer)


def _write_magics(ipython: ModuleType, magics: Any) -> None:
    """Register magics: `{kind of registration: what it takes}`, as the carrier of magics writes them."""
    shell = ipython.get_ipython()
    for extension in magics.get("extensions", ()):
        shell.extension_manager.load_extension(extension)
    for name, kind, function in magics.get("functions", ()):
        shell.register_magic_function(function, kind, name)
    for made, attributes in magics.get("classes", ()):
        instance = made.__new__(made)
        super_init = next(each for each in made.__mro__ if each.__module__ == "IPython.core.magic").__init__
        super_init(instance, shell)  # its own was called in the notebook, with arguments that nobody knows
        for name, value in attributes.items():
            setattr(instance, name, value)
        shell.register_magics(instance)
    for name, command in magics.get("aliases", ()):
        shell.alias_manager.define_alias(name, command)
    for name, target, kind, parameters in magics.get("other names", ()):
        shell.magics_manager.register_alias(name, target, kind, parameters)


MAGICS = StateKind(
    "IPython",
    "magics",
    lambda _, __: None,  # which of them a cell uses, the cell tells
    _write_magics,
    frozenset({"IPython"}),
    by_name=True,
)
SHELL_SETTINGS = (
    StateKind(
        "IPython", "ast_node_interactivity", _read_interactivity, _write_interactivity, write_early=_echo_statements
    ),
    StateKind("IPython", "text format", _read_text_format, _write_text_format, write_early=_echo_by_ipython),
    StateKind(
        "IPython", "printers of types", _read_printers, _write_printers, write_early=_echo_by_ipython, by_name=True
    ),
    MAGICS,
)

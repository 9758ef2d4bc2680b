"""State of libraries: how they print and echo, how figures look, what random generators draw next; IPython's own."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from cellrun.core.context.state import echoing
from cellrun.core.context.state.kind import StateKind

_NUMPY_PRINT = {  # documented at numpy.set_printoptions
    "edgeitems": 3,
    "threshold": 1000,
    "floatmode": "maxprec",
    "precision": 8,
    "suppress": False,
    "linewidth": 75,
    "nanstr": "nan",
    "infstr": "inf",
    "sign": "-",
    "formatter": None,
    "legacy": False,
    "override_repr": None,
}
_NUMPY_ERRORS = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
_TORCH_PRINT = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": None}
# Where pandas finds no kernel it fits a table's columns to the terminal; in a kernel its default is 20 of them.
_PANDAS_WITHOUT_KERNEL = {"display.max_columns": 0}
# The run has a backend of its own, and nobody sits before it.
_OF_THE_KERNEL = frozenset({"backend", "backend_fallback", "interactive"})


def _differing(values: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any] | None:
    return {name: value for name, value in values.items() if value != defaults.get(name)} or None


def _read_numpy_print(numpy: ModuleType, _: Collection[str]) -> Any:
    return _differing(numpy.get_printoptions(), _NUMPY_PRINT)


def _write_numpy_print(numpy: ModuleType, options: Any) -> None:
    numpy.set_printoptions(**options)


def _read_numpy_errors(numpy: ModuleType, _: Collection[str]) -> Any:
    return _differing({**numpy.geterr(), "call": numpy.geterrcall()}, _NUMPY_ERRORS)


def _write_numpy_errors(numpy: ModuleType, errors: Any) -> None:
    errors = dict(errors)
    if "call" in errors:
        numpy.seterrcall(errors.pop("call"))
    numpy.seterr(**errors)


def _read_pandas(pandas: ModuleType, _: Collection[str]) -> Any:
    config = vars(pandas._config.config)  # noqa: SLF001  # nothing public tells an option's default
    changed = {}
    for name, option in config["_registered_options"].items():
        value: Any = config["_global_config"]
        for part in name.split("."):
            value = value[part]
        defaults = (option.defval, _PANDAS_WITHOUT_KERNEL.get(name, option.defval))  # a run without IPython finds none
        if not all(value is each or value == each for each in defaults):
            changed[name] = value
    return changed or None


def _write_pandas(pandas: ModuleType, options: Any) -> None:
    for name, value in options.items():
        pandas.set_option(name, value)


def _read_matplotlib(matplotlib: ModuleType, _: Collection[str]) -> Any:
    # A matplotlibrc beside the notebook isn't beside the run: there, what it says has to be told.
    is_own = Path(matplotlib.matplotlib_fname()).absolute().parent == Path.cwd()
    fresh = matplotlib.rcParamsDefault if is_own else matplotlib.rcParamsOrig
    now, before = dict(dict.items(matplotlib.rcParams)), dict(dict.items(fresh))  # plain: no backend is looked for
    return {
        name: value for name, value in now.items() if name not in _OF_THE_KERNEL and value != before.get(name)
    } or None


def _write_matplotlib(matplotlib: ModuleType, parameters: Any) -> None:
    matplotlib.rcParams.update(parameters)


def _read_torch_options(torch: ModuleType, _: Collection[str]) -> Any:
    found: dict[str, Any] = {}
    shown = torch._tensor_str.PRINT_OPTS  # noqa: SLF001  # there is a setter alone
    printed = _differing({name: getattr(shown, name) for name in _TORCH_PRINT if hasattr(shown, name)}, _TORCH_PRINT)
    if printed:
        found["print"] = printed
    kind = str(torch.get_default_dtype())
    if kind != "torch.float32":
        found["dtype"] = kind.removeprefix("torch.")
    if not torch.is_grad_enabled():
        found["grad"] = False
    return found or None


def _write_torch_options(torch: ModuleType, options: Any) -> None:
    if "print" in options:
        torch.set_printoptions(**options["print"])
    if "dtype" in options:
        torch.set_default_dtype(getattr(torch, options["dtype"]))
    if "grad" in options:
        torch.set_grad_enabled(options["grad"])


_NUMPY, _PANDAS, _PLOTS, _TORCH = map(frozenset, (["numpy"], ["pandas"], ["matplotlib"], ["torch"]))
OPTIONS = (
    StateKind("numpy", "print options", _read_numpy_print, _write_numpy_print, _NUMPY, of_packages=True),
    StateKind("numpy", "error handling", _read_numpy_errors, _write_numpy_errors, _NUMPY, of_packages=True),
    StateKind("pandas", "options", _read_pandas, _write_pandas, _PANDAS, of_packages=True),
    StateKind("matplotlib", "rcParams", _read_matplotlib, _write_matplotlib, _PLOTS, of_packages=True),
    StateKind("torch", "options", _read_torch_options, _write_torch_options, _TORCH, of_packages=True),
)


def _read_sklearn(sklearn: ModuleType, _: Collection[str]) -> Any:
    fresh = sys.modules["sklearn._config"]._global_config  # noqa: SLF001  # nothing public tells a setting's default
    return {name: value for name, value in sklearn.get_config().items() if value != fresh.get(name)} or None


def _write_sklearn(sklearn: ModuleType, settings: Any) -> None:
    sklearn.set_config(**settings)


def _read_progress(pandas: ModuleType, _: Collection[str]) -> Any:
    """Return the class of the bars that `tqdm.pandas()` has given to frames, and their arguments."""
    patched = getattr(pandas.DataFrame, "progress_apply", None)
    if patched is None or not patched.__module__.startswith("tqdm"):
        return None
    closure = dict(zip(patched.__code__.co_freevars, patched.__closure__, strict=True))
    made = closure["cls"].cell_contents
    return {"module": made.__module__, "class": made.__qualname__, "options": closure["tqdm_kwargs"].cell_contents}


def _write_progress(_: ModuleType, bars: Any) -> None:
    getattr(importlib.import_module(bars["module"]), bars["class"]).pandas(**bars["options"])


def _read_sympy(printer: ModuleType, _: Collection[str]) -> Any:
    return dict(printer.Printer._global_settings) or None  # noqa: SLF001  # there is a setter alone


def _write_sympy(printer: ModuleType, settings: Any) -> None:
    printer.Printer.set_global_settings(**settings)


def _read_plotly(io: ModuleType, _: Collection[str]) -> Any:
    if "plotly.io._templates" not in sys.modules:  # loaded at the first figure
        return None
    own = {
        name: template.to_plotly_json()
        for name, template in vars(io.templates)["_templates"].items()
        if name not in _PLOTLY_TEMPLATES
    }
    default = io.templates.default
    return {"templates": own, "default": default} if own or default != "plotly" else None


def _write_plotly(io: ModuleType, value: Any) -> None:
    for name, template in value["templates"].items():
        io.templates[name] = template
    io.templates.default = value["default"]


_PLOTLY_TEMPLATES = frozenset(
    {
        *("ggplot2", "seaborn", "simple_white", "plotly", "plotly_white", "plotly_dark"),
        *("presentation", "xgridoff", "ygridoff", "gridon", "none"),
    }
)
_SKLEARN, _PLOTLY, _SYMPY = map(frozenset, (["sklearn"], ["plotly"], ["sympy"]))
LIBRARIES = (
    StateKind("sklearn", "settings", _read_sklearn, _write_sklearn, _SKLEARN, of_packages=True),
    StateKind("pandas", "progress bars of tqdm", _read_progress, _write_progress, _PANDAS),
    StateKind("sympy.printing.printer", "settings", _read_sympy, _write_sympy, _SYMPY, of_packages=True),
    StateKind("plotly.io", "templates", _read_plotly, _write_plotly, _PLOTLY, of_packages=True),
)


_WHAT = "random generator"


def _read_random(random: ModuleType, _: Collection[str]) -> Any:
    return random.getstate()


def _write_random(random: ModuleType, state: Any) -> None:
    version, words, gauss = state
    random.setstate((version, tuple(words), gauss))


def _read_numpy(random: ModuleType, _: Collection[str]) -> Any:
    state = random.get_state(legacy=False)
    if state["bit_generator"] != "MT19937":  # another one was put in its place: it is set by code, not by a state
        return None
    inner = state["state"]
    return {**state, "state": {"key": inner["key"].tolist(), "pos": int(inner["pos"])}}


def _write_numpy(random: ModuleType, state: Any) -> None:
    import numpy as np  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415  # its own submodule was loaded

    inner = state["state"]
    random.set_state({**state, "state": {**inner, "key": np.array(inner["key"], dtype=np.uint32)}})


def _read_torch(torch: ModuleType, _: Collection[str]) -> Any:
    return bytes(torch.get_rng_state().tolist()).hex()


def _write_torch(torch: ModuleType, state: Any) -> None:
    torch.set_rng_state(torch.tensor(list(bytes.fromhex(state)), dtype=torch.uint8))


GENERATORS = (
    StateKind("random", _WHAT, _read_random, _write_random, frozenset({"random", "statistics"}), of_packages=True),
    StateKind("numpy.random", _WHAT, _read_numpy, _write_numpy, frozenset({"numpy"}), of_packages=True),
    StateKind("torch", _WHAT, _read_torch, _write_torch, frozenset({"torch"}), of_packages=True),
)
NEVER_DRAW = {"random": frozenset({"numpy", "pandas", "matplotlib", "scipy", "sklearn", "seaborn", "torch"})}
"""By module with a generator, widespread packages that never draw from it: their users needn't see a row for it."""


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
    found = {}
    for mime, formatter in shell.display_formatter.formatters.items():
        before = _fresh_printers().get(mime, {})
        for kind, printer in _printers(formatter):
            module, name = (kind.__module__, kind.__qualname__) if isinstance(kind, type) else kind
            is_met = module.partition(".")[0] in {"__main__", "builtins", *needed}
            if is_met and module != _FIGURES and _code(printer) != _code(before.get(kind)):
                found[f"{module}.{name} as {mime}"] = (mime, kind, printer)
    return found or None


@cache
def _fresh_printers() -> Mapping[str, Mapping[Any, Any]]:
    """Return the printers of a shell that was just started, by class, or by its module and name, by MIME type."""
    from IPython.core.formatters import DisplayFormatter  # noqa: PLC0415  # it is loaded, as there is a shell

    return {mime: dict(_printers(each)) for mime, each in DisplayFormatter().formatters.items()}


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

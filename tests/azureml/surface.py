"""The public names of Azure ML's first SDK, one by one: the same here, better, or not supported and why.

    python -m tests.azureml.surface           counts them
    python -m tests.azureml.surface --write   and writes the table of docs/azureml.md anew

What is there is found by looking (a name by its class, a parameter by its signature); what is better is said in BETTER,
and why something isn't supported where it is refused. So the table can't say what isn't so.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from enum import EnumMeta
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.azureml import install
from cellrun.azureml.unsupported import TABLE, _IsUsed
from cellrun.core import TabularDataset, azure_workspace
from cellrun.core.data.datasets.tabular_dataset import NOT_OFFERED
from cellrun.core.unsupported import REFUSES

HERE = Path(__file__).parent
SURFACE: Mapping[str, Mapping[str, str]] = json.loads((HERE / "azure_v1_surface.json").read_text())
PAGE = HERE.parents[1] / "docs" / "azureml.md"
BEGIN, END = "<!-- made by python -m tests.azureml.surface --write -->\n", "<!-- until here -->\n"
MODULE = " (module)"
CONSTRUCTOR = "(constructor)"

BETTER = {
    "Workspace.from_config": "needs no file: without one it is the default workspace",
    "Workspace.create": "takes a folder of your own, too",
    "Experiment.submit": "says all that is wrong at once, before a run exists",
    "Run.get_context": "outside a run it has the whole interface, in memory",
    "Run.wait_for_completion": "streams whole lines within a second, and prints the log of a run that has ended, too",
    "Run.log": "takes a dict of several values; `np.int64` is an int; NaN and infinities are kept",
    "Run.log_row": "a column that comes later, or a text, loses nothing",
    "Run.log_table": "takes numpy's columns and frames",
    "Run.log_list": "takes any iterable",
    "Run.get_metrics": "has each value as soon as it was logged; none is lost when something is killed",
    "Run.cancel": "the code's own `finally` runs first",
    "Run.get_details": "has what else the run wrote, its packages and its hardware",
    "Run.get_portal_url": "is a page of your own machine; no account",
    "CondaDependencies.create": "asks for the running Python, and for no package that you don't",
    "Environment.from_pip_requirements": "comments and blank lines aren't packages, `-r` and `-c` are followed",
    "AzureBlobDatastore.upload": "several files at once; what was broken off goes on",
    "RunDetails.show": "lives on through a reload and a restart, ends with the run, is a still picture afterwards",
    "_OfflineRun": "has the whole interface of a run",
    "Keyvault": "in the keyring of your own system, or a file that nobody else reads",
}
"""What a name does beyond the original, by class and name, or by the class alone for all of it that is there."""

CLOUDS_OWN = {
    "AzureBlobDatastore": ("blob_service", "workspace_msi_has_access", "service_data_access_auth_identity"),
    "ComputeTarget": ("cluster_resource_id", "cluster_location"),
    "AmlCompute": (
        *("add_identity", "remove_identity", "identity_type", "identity_id", "admin_username", "admin_user_password"),
        *(
            "admin_user_ssh_key",
            "vnet_resourcegroup_name",
            "vnet_name",
            "subnet_name",
            "remote_login_port_public_access",
        ),
        *("list_quotas", "list_usages", "update_quotas", "cluster_resource_id", "cluster_location"),
    ),
    "FileDataset": ("as_cache", "hydrate"),
    "TabularDataset": ("get_profile_runs", "submit_profile_run"),
    "Datastore": ("register_azure_data_lake",),
    "Model": ("deploy", "package", "profile", "print_configuration", "get_sas_urls"),
    "Workspace": tuple(name for name in azure_workspace.UNSUPPORTED if azure_workspace.is_clouds_own(name)),
    "core": tuple(name for row in TABLE if row.module == "azureml.core" and row.is_clouds_own for name in row.names),
}
"""What nothing on another machine could mean: by class, beside what says so of itself."""


REFUSED = {"Workspace": azure_workspace.UNSUPPORTED, "TabularDataset": NOT_OFFERED}
"""What instances refuse that their classes don't have: why, and what there is instead."""

RETURNED = {"Dataset": TabularDataset}
"""What the verbs of a class return that its names are asked of: whoever gets a `Dataset` has one of these."""


class Name(NamedTuple):
    """A public name: of a class, or of a module."""

    holder: str
    """`azureml.core.Run`, or a module."""
    name: str
    state: str
    """same, better, unsupported, not yet."""
    told: str
    """What is better, or why it isn't supported."""
    is_clouds_own: bool
    parameters: tuple[str, ...]
    missing: tuple[str, ...]
    """Of its parameters, those that aren't taken."""


def names() -> Iterator[Name]:
    """Iterate over all names of the surface."""
    install()
    for title, members in SURFACE.items():
        holder = title.removesuffix(MODULE)
        for name, kind in members.items():
            yield _name(holder, name, kind, is_module=title.endswith(MODULE))


def _name(holder: str, name: str, kind: str, *, is_module: bool) -> Name:
    short = holder.rpartition(".")[2]
    is_own = name in CLOUDS_OWN.get(short, ())
    owner = importlib.import_module(holder) if is_module else _found(holder)
    parameters = _parameters(kind)
    if owner is None:
        return Name(holder, name, "not yet", "", is_own, parameters, parameters)
    if name in REFUSED.get(short, ()):
        return Name(holder, name, "unsupported", _reason(*REFUSED[short][name]), is_own, (), ())
    value = owner if name == CONSTRUCTOR else _member(owner, name)
    if short in RETURNED and (value in {None, _OF_INSTANCES} or _refusal(value)):
        value = inspect.getattr_static(RETURNED[short], name, value)
    refusal = _refusal(value)
    if refusal:
        return Name(holder, name, "unsupported", _reason(*refusal), is_own, (), ())
    if value is None:
        return Name(holder, name, "not yet", "", is_own, parameters, parameters)
    better = BETTER.get(f"{short}.{name}") or BETTER.get(short, "")
    missing = tuple(each for each in parameters if not _takes(value, each))
    return Name(holder, name, "better" if better else "same", better, is_own, parameters, missing)


def _found(path: str) -> Any:
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        return None


_OF_INSTANCES = object()


def _member(owner: Any, name: str) -> Any:
    if inspect.ismodule(owner):
        try:
            return getattr(owner, name)
        except (ImportError, AttributeError):
            return None
    found = inspect.getattr_static(owner, name, None)
    if found is None and _is_set_by(owner, name):
        return _OF_INSTANCES
    return getattr(found, "__func__", found)


def _is_set_by(owner: type, name: str) -> bool:
    """Whether instances have an attribute, as far as the sources of their class and its bases show it."""
    pattern = rf"(self|made)\.{name}\b[^=\n]*=|[\"(,\s]{name}[\"]?\s*[:=]"
    for each in owner.__mro__:
        if each.__module__.startswith("cellrun.") and (
            name in getattr(each, "__annotations__", ()) or re.search(pattern, _source(each))
        ):
            return True
    return False


def _source(owner: type) -> str:
    return inspect.getsource(inspect.getmodule(owner) or owner)


def _refusal(value: Any) -> tuple[str, str] | None:
    if isinstance(value, _IsUsed):
        return value.told[1:]
    return getattr(value, REFUSES, None)


def _reason(why: str, instead: str) -> str:
    return f"it {why}" + (f"; {instead}" if instead else "")


def _parameters(kind: str) -> tuple[str, ...]:
    """Return the public parameters of a signature."""
    if not kind.startswith("("):
        return ()
    text = re.sub(r"<[^<>]*(<[^<>]*>)?[^<>]*>", "None", kind)
    arguments = ast.parse(f"def f{text}: ...").body[0].args  # type: ignore[attr-defined]  # a function
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    return tuple(each.arg for each in every if each.arg not in {"self", "cls"} and not each.arg.startswith("_"))


def _takes(value: Any, parameter: str) -> bool:
    if isinstance(value, EnumMeta):  # its signature is Python's, and differs from version to version
        return True
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return True
    if value.__name__.startswith("__"):  # Python calls it, by place
        return True
    kinds = {each.kind for each in signature.parameters.values()}
    return parameter in signature.parameters or inspect.Parameter.VAR_KEYWORD in kinds


class Counts(NamedTuple):
    """How many names, and how many of their parameters, by state; the cloud's own aside."""

    names: Counter[str]
    parameters: Counter[str]
    clouds_own: int

    def __str__(self) -> str:
        done = self.names["same"] + self.names["better"]
        share = 100 * done / self.names.total()
        taken = 100 * self.parameters["taken"] / self.parameters.total()
        listed = ", ".join(f"{self.names[state]} {state}" for state in ("same", "better", "unsupported", "not yet"))
        return (
            f"{self.names.total()} names: {listed} ({share:.1f} % the same or better); of their "
            f"{self.parameters.total()} parameters {self.parameters['taken']} are taken ({taken:.1f} %); "
            f"{self.clouds_own} names are the cloud's own"
        )


def counts(found: list[Name]) -> Counts:
    """Count names and parameters."""
    ours = [each for each in found if not each.is_clouds_own]
    parameters = Counter(
        "missing" if parameter in each.missing else "taken" for each in ours for parameter in each.parameters
    )
    return Counts(Counter(each.state for each in ours), parameters, len(found) - len(ours))


def table(found: list[Name]) -> str:
    """Return the page's part that is made of the names."""
    lines = [f"{counts(found)}.", ""]
    for holder in dict.fromkeys(each.holder for each in found):
        members = [each for each in found if each.holder == holder and not each.is_clouds_own]
        plain = [f"`{each.name}`" for each in members if each.state == "same" and not each.missing]
        lines += [f"### `{holder}`", "", f"The same: {', '.join(plain) or 'none'}.", ""]
        if others := [_line(each) for each in members if each.state != "same" or each.missing]:
            lines += ["| name | here | |", "|---|---|---|", *others, ""]
    own = sorted({f"`{_spoken(each)}`" for each in found if each.is_clouds_own})
    lines += ["### The cloud's own", "", "About Azure itself; refused by name, or empty: " + ", ".join(own) + "."]
    rows = {(row.module, row.names): row for row in TABLE}.values()
    lines += ["", "### Modules and names that import and aren't done", "", "| name | why | instead |", "|---|---|---|"]
    for row in sorted(rows):
        what = ", ".join(f"`{name}`" for name in row.names) if row.names else "all of it"
        lines.append(f"| `{row.module}`: {what} | it {row.why} | {row.instead} |")
    return "\n".join(lines) + "\n"


def _line(each: Name) -> str:
    told = [each.told] if each.told else []
    if each.missing and each.state in {"same", "better"}:
        told.append("not taken: " + ", ".join(f"`{name}`" for name in each.missing))
    return f"| `{_spoken(each)}` | {each.state} | {'; '.join(told).replace('|', chr(92) + '|')} |"


def _spoken(each: Name) -> str:
    holder = each.holder.removeprefix("azureml.")
    return f"{holder}()" if each.name == CONSTRUCTOR else f"{holder}.{each.name}"


def page(text: str, found: list[Name]) -> str:
    """Return the page with its table made anew."""
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + table(found) + END + rest.partition(END)[2]


def main() -> None:
    """Count, and write if asked."""
    found = list(names())
    print(counts(found))
    if "--write" in sys.argv:
        PAGE.write_text(page(PAGE.read_text(), found))
    if "--list" in sys.argv:
        print("\n".join(_line(each) for each in found if each.state in {"not yet", "unsupported"} or each.missing))


if __name__ == "__main__":
    main()

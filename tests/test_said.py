"""What Python says in views and refusals has its Japanese: the catalogues' keys are the templates in the sources."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cellrun.core import names
from cellrun.core.context import trusted
from cellrun.core.context.state.table import TABLE
from cellrun.core.errors import InvalidNameError, InvalidSubmissionError, UntrustedError
from cellrun.core.live.failure import SENTENCES
from cellrun.core.processes.exits import JobExit
from cellrun.core.resources import Resources
from cellrun.core.runs.end_verbs import failure_fields
from cellrun.core.store import failure
from cellrun.core.store.failure import LogEnd
from cellrun.core.targets.launching import problems_here
from cellrun.core.targets.ssh.connect_errors import _ROWS

ROOT = Path(__file__).parents[1]
CORE, SERVER, MAGICS = "core/cellrun/core", "labextension/cellrun/server", "magics/cellrun/magics/capture"
JAPANESE = ROOT / "labextension/src/i18n/ja"

SAID = {
    f"{CORE}/cell/save_results.py": "_give_back",
    f"{CORE}/disk/control_file.py": "_KINDS _IN_THE_WAY open_control_file read_control_file open_to_append parsed "
    "check names_in",
    f"{CORE}/data/in_run/delivery.py": "_note",
    f"{CORE}/data/in_run/input_files.py": "note_at_end",
    f"{CORE}/engine/guard.py": "Guard._supervise Guard._end_run",
    f"{CORE}/environments/building/build_script.py": "_failure",
    f"{CORE}/remote/run_orders.py": "RunOrders",
    f"{CORE}/remote/messages.py": "refused no_python banner_words",
    f"{CORE}/live/failure.py": "Failure _where",
    f"{CORE}/live/metric_window.py": "_lead",
    "widgets/cellrun/widgets/view_feed.py": "failed",
    f"{CORE}/live/run_poller.py": "RunPoller._notes",
    f"{CORE}/mirror/assembly.py": "_sign _finish",
    f"{CORE}/mirror/receiver.py": "Receiver.give_up Receiver._conflict Receiver._note_left_out",
    f"{CORE}/pipelines/pipeline_driver.py": "PipelineDriver._reused",
    f"{CORE}/processes/memory_group.py": "MemoryGroup.use",
    f"{CORE}/runs/control.py": "RunControl.cancel RunControl.fail",
    f"{CORE}/runs/end_verbs.py": "failure_fields",
    f"{CORE}/runs/interactive.py": "cancel _end_children_of_job",
    f"{CORE}/resources.py": "duration_text resources_text",
    f"{CORE}/store/events/event_log.py": "_tell_dropped",
    f"{CORE}/store/events/event_tail.py": "Damage EventTail",
    f"{CORE}/store/events/reader.py": "EventReader.damage_notes",
    f"{CORE}/store/attempt.py": "StatusAttempt",
    f"{CORE}/store/record.py": "RunRecord.read RunRecord.of_bytes",
    f"{CORE}/store/ending.py": "OUTPUTS_LOST",
    f"{CORE}/store/notes.py": "DISK_WAS_FULL CANCELED_TOO_LATE",
    f"{CORE}/store/liveness.py": "checked_status _reason restart_reason _silent",
    f"{CORE}/submission/again.py": "_note",
    f"{CORE}/submission/submission.py": "_signed _launch _failed",
    f"{CORE}/store/failure.py": "reason _killed cannot_start",
    f"{CORE}/supervision/cancel_signal.py": "cancel_without_request",
    f"{CORE}/supervision/engine_signals.py": "limit_words",
    f"{CORE}/supervision/heartbeat.py": "Heartbeat",
    f"{CORE}/supervision/preparation.py": "prepare run_steps BEFORE FINISHING",
    f"{CORE}/supervision/start.py": "wait _error",
    f"{CORE}/supervision/stopping.py": "Stopping",
    f"{CORE}/supervision/watch.py": "adopted _nobody_left_alone Watch _processes",
    f"{CORE}/supervision/watched_job.py": "WatchedJob._found_memory_lack",
    f"{CORE}/sweep/driver.py": "_early_note",
    f"{CORE}/sweep/policy.py": "verdict",
    f"{CORE}/targets/local/admission.py": "reasons _lacks _gpus _cores _start _ended_while_waiting _note",
    f"{CORE}/targets/local/queue_lock.py": "pauses",
    f"{CORE}/targets/local/recovery.py": "recover recover_without_ticket",
    f"{CORE}/targets/local/target.py": "LocalTarget.launch _WAITS_ELSEWHERE cancel heed_cancellation",
    f"{CORE}/targets/sync_round.py": "_ended_unseen",
    f"{CORE}/targets/ray/entry.py": "_job_order",
    f"{CORE}/targets/keeper/kept_target.py": "_NO_ANSWER",
    f"{CORE}/targets/slurm/cluster.py": "_WAITED",
    f"{CORE}/targets/slurm/job.py": "SlurmEngine",
    f"{CORE}/targets/slurm/job_list.py": "_WAITS _ENDS JobList.asked",
    f"{CORE}/targets/slurm/launching.py": "_start_making",
    f"{CORE}/targets/slurm/environment_script.py": "_IS_MADE main",
    f"{CORE}/targets/slurm/job_observer.py": "_GIVEN_BACK _NOT_HANDED_OVER _NO_LONGER_MADE JobObserver",
    f"{CORE}/targets/slurm/partitions.py": "Partitions.problems _size_problems _limit_problems",
    f"{CORE}/targets/slurm/programs.py": "ask",
    f"{CORE}/targets/slurm/submission.py": "Submission",
    f"{CORE}/targets/ray/connection.py": "Connection._check Connection.refusal "
    "Connection.translate_errors Connection.no_answer unexpected_answer parsed _body _why",
    f"{CORE}/targets/ray/fetching.py": "_fetched _opened _copied _unfetched",
    f"{CORE}/targets/ray/submit_queue.py": "SubmitQueue._sent_run _cancel",
    f"{CORE}/targets/ray/logs.py": "_Reading.give_up",
    f"{CORE}/targets/ray/stored_values.py": "StoredValues.words StoredValues.named",
    f"{CORE}/targets/ray/target.py": "_WAITS _GIVEN_UP RayTarget._observed RayTarget._stop RayTarget._end_stopped",
    f"{CORE}/targets/ssh/fetching.py": "Fetching.__init__ Fetching._round",
    f"{CORE}/targets/ssh/launches.py": "Launches",
    f"{CORE}/targets/ssh/sending.py": "Sent",
    f"{CORE}/targets/ssh/remote_target.py": "_WAITS _IS_ASKED RemoteTarget.cancel RemoteTarget._observe",
    f"{CORE}/targets/ssh/connect_errors.py": "connect_error no_ssh",
}
"""Where what a view shows is made: functions, classes and constants by module."""

REFUSED = {
    f"{CORE}/comparison/comparison.py": "_check_count _check_once _read_all",
    f"{CORE}/context/signature.py": "why_untrusted SignedFiles",
    f"{CORE}/context/trusted.py": "_own _refuse",
    f"{CORE}/errors.py": "DamagedRunError EventNotKeptError IndexTooNewError NotOfferedError RunClosedError "
    "OthersTargetError RunNotFoundError did_you_mean",
    f"{CORE}/runs/deletion.py": "_judged _judged_family",
    f"{CORE}/store/files/run_files.py": "_IS_LINK _IS_NO_FILE listing OfferedFiles.open _why_not",
    f"{CORE}/submission/again.py": "resubmit _CodeOfRun.problems",
    f"{CORE}/targets/workspace_targets.py": "get _unknown",
    f"{SERVER}/checks.py": "FOREIGN admit",
    f"{SERVER}/errors.py": "RunGoneError TooLargeError",
    f"{SERVER}/handlers/delete.py": "delete_run",
    f"{SERVER}/handlers/files.py": "OutputHandler _shown _opened",
    f"{SERVER}/json_errors.py": "denied _words",
    f"{SERVER}/stream/run_messages.py": "failed",
    f"{SERVER}/tables.py": "read_tables _refused",
    f"{SERVER}/workspaces.py": "Workspaces.open",
}
"""Where what a page is refused for is made."""

ACCOUNT = {
    f"{MAGICS}/carriers/state.py": "EnvironmentCarrier.account",
    f"{MAGICS}/carriers/values.py": "_need",
    f"{CORE}/likely_secrets.py": "_KINDS",
    f"{MAGICS}/destination.py": "SentBefore",
    f"{MAGICS}/paths/shipment.py": "Shipment.account Links.add",
    f"{MAGICS}/source/analysis.py": "Read.place _place",
    f"{MAGICS}/words.py": "type_words code_words",
}
"""Where the account of what was captured with a cell is made."""

FOUND = {
    f"{CORE}/remote/logout.py": "logout_finding",
    f"{CORE}/targets/contract.py": "ComputeTarget.checked_settings",
    f"{CORE}/targets/fake/remote_side.py": "RemoteSide.finding",
    f"{CORE}/targets/fake/target.py": "FakeTarget.about FakeTarget.settings_known FakeTarget.checked_settings "
    "FakeTarget.doctor",
    f"{CORE}/targets/keeper/kept_state.py": "state_text",
    f"{CORE}/targets/kinds.py": "kind_named _loaded _checked",
    f"{CORE}/targets/local/cluster.py": "AmlCompute.about AmlCompute.settings_known AmlCompute.checked_settings "
    "ComputeInstance.about _ALIKE",
    f"{CORE}/targets/local/target.py": "LocalTarget.about LocalTarget.doctor",
    f"{CORE}/targets/ray/doctor.py": "findings is_open open_words _access _nodes _tails",
    f"{CORE}/targets/ray/probe.py": "probed _wait _python _server _store",
    f"{CORE}/targets/ray/settings.py": "SETTINGS checked _address_problem _url_problem _name_problem",
    f"{CORE}/targets/ray/target.py": "RayTarget.about",
    f"{CORE}/targets/slurm/doctor.py": "findings _partition _accounts _node _unseen",
    f"{CORE}/targets/slurm/kind.py": "SlurmTarget.about",
    f"{CORE}/targets/slurm/settings.py": "SETTINGS OPTIONS checked _place_problems option_problems _further_problem "
    "_NO_FOLDER",
    f"{CORE}/targets/ssh/doctor.py": "findings _ssh _machine _clock",
    f"{CORE}/targets/ssh/settings.py": "SETTINGS checked _host_problem _python_problem _folder_problem",
    f"{CORE}/targets/ssh/target.py": "SshTarget.about",
    f"{CORE}/targets/workspace_targets.py": "WorkspaceTargets.detach _as_kept WorkspaceTargets._taken",
    f"{SERVER}/errors.py": "BusyError",
    f"{SERVER}/handlers/targets.py": "TargetRoute.attachment",
}
"""Where the page of targets has its words from: what kinds and settings are, what is wrong with them, what is found."""

TABLES = {"said trouble": (*SENTENCES, *(row.words for row in _ROWS)), "account": tuple(kind.what for kind in TABLE)}
"""Texts that a table has."""

OF_A_FILE = ("is ", "isn't ", "has ", "can't ")
"""How texts begin that are said behind the name of a file (DamagedRunError)."""

NOT_SAID = {
    "import json",
    "Immediate execution impossible",
    "Unable to allocate resources",
    "srun --help",
    "is no subclass of cellrun.core.targets.contract.ComputeTarget",
    "known: {}",
    "lacks {}",
    "of unknown packages",
    "of unknown version",
    "{} packages",
    "{} run{}",
    " (and {} more)",
    " (at most {})",
    " (error code {})",
    " to {}://{}",
    "%Y-%m-%d %H:%M:%S",
    "run %s can't be read any more",
    "run.cancel() does nothing inside the run itself: end the script",
    "waiting: {}",
}
"""What those say to others than a page's reader, and the ends of texts, which are known as a whole."""

FROM_BROWSERS = {"Failed to fetch"}
"""What a browser says in English, whatever its language."""

GAP = re.compile(r"\{\w+\}")


@pytest.mark.parametrize(
    ("catalogues", "sources"), [("said trouble", SAID), ("refused", REFUSED), ("account", ACCOUNT), ("found", FOUND)]
)
def test_each_text_has_its_japanese_and_each_japanese_its_text(catalogues: str, sources: dict[str, str]) -> None:
    keys = {GAP.sub("{}", key): key for key in japanese(catalogues)}
    made = {text for path, scopes in sources.items() for text in templates(path, scopes)} - NOT_SAID
    made |= {GAP.sub("{}", text) for text in TABLES.get(catalogues, ()) if is_words(text)}
    made = {f"{{}} {text}" if text.startswith(OF_A_FILE) else text for text in made}
    assert sorted(made - keys.keys()) == []
    others = {key for text, key in keys.items() if text not in made | FROM_BROWSERS and is_words(text)}
    assert [key for key in sorted(others) if not any(fits(key, text) for text in composed())] == []


def test_texts_of_several_places_are_known_as_they_are_made() -> None:
    keys = [key for key in japanese("said trouble refused account found") if is_words(key)]
    assert [text for text in composed() if not any(fits(key, text) for key in keys)] == []


def test_a_reason_is_given_where_this_test_looks() -> None:
    """A new place that ends or stops a run has to be named above."""
    for path in sorted((ROOT / CORE).rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        given = [text for call in calls(path) for text in reasons(call)]
        made = templates(name, SAID[name]) if name in SAID else set()
        assert sorted(text for text in given if is_words(text) and text not in made) == [], name


def test_each_text_has_the_same_gaps_in_japanese() -> None:
    texts = japanese("said trouble refused account found")
    assert [key for key, text in texts.items() if sorted(GAP.findall(key)) != sorted(GAP.findall(text))] == []


def japanese(catalogues: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in catalogues.split():
        found |= json.loads((ROOT / f"labextension/src/i18n/ja/{name}.json").read_bytes())
    return found


def composed() -> Iterator[str]:
    """Return texts that several places make together, as they are really made."""
    for check, given in ((names.display_name, ""), (names.tag_name, "\0")):
        with pytest.raises(InvalidNameError) as caught:
            check(given)
        yield str(caught.value)
    yield UntrustedError("run digits_1", "it isn't signed", trusted._DANGER).reason
    yield str(InvalidSubmissionError(["its snapshot /x is gone"]))
    yield str(InvalidSubmissionError(["one", "other"])).partition("\n")[0]
    request: Any = SimpleNamespace(resources=Resources(10**6, 10**6, 10**18), environment=None)
    yield from problems_here(request, "local", Resources(1, 1, 10**9))
    yield failure.reason(JobExit(1, None), LogEnd("", "ValueError: no data", ""))
    yield failure_fields("no data", "E4")["reason"]
    yield "a.py was changed (and 3 more)"


def fits(key: str, text: str) -> bool:
    return re.fullmatch(".+".join(map(re.escape, GAP.split(key))), text, re.DOTALL) is not None


def templates(path: str, scopes: str) -> set[str]:
    """Return the words that some functions, classes and constants of a module hold, with {} for what is filled in."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {
        text for scope in scopes.split() for node in named(tree, scope) for text in texts_in(node) if is_words(text)
    }


def named(tree: ast.AST, scope: str) -> Iterator[ast.AST]:
    first, _, rest = scope.partition(".")
    found = [node for node in ast.walk(tree) if first in {getattr(node, "name", ""), *assigned(node)}]
    assert found, f"there is no {scope}"
    for node in found:
        yield from named(node, rest) if rest else (node,)


def assigned(node: ast.AST) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [getattr(target, "id", "") for target in targets]


def texts_in(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        parts: Iterator[ast.AST] = (part.value for part in node.values if isinstance(part, ast.FormattedValue))
    elif isinstance(node, ast.Constant):
        yield from [node.value] if isinstance(node.value, str) else []
        return
    else:
        parts = (part for part in ast.iter_child_nodes(node) if not is_docstring(part))
    for part in parts:
        yield from texts_in(part)


def is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_words(text: str) -> bool:
    """Whether a text says something: it isn't the name of a field, nor only what stands between others."""
    told = GAP.sub("", text).replace("{}", "")
    return re.search("[A-Za-z]", told) is not None and (" " in text.strip() or text in {"canceled", "interrupted"})


def calls(path: Path) -> Iterator[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def reasons(call: ast.Call) -> Iterator[str]:
    """Return the words that a call gives as a status's reason, or as a run's note."""
    name = getattr(call.func, "attr", "") or getattr(call.func, "id", "")
    given: list[ast.AST] = [keyword.value for keyword in call.keywords if keyword.arg == "reason"]
    if name in {"set_canceled", "add_note", "Ending"}:
        given += call.args[1:]
    for node in given:
        yield from texts_in(node)

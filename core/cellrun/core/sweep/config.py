"""The config of a sweep: Azure ML's HyperDriveConfig."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from random import SystemRandom
from typing import Any, NamedTuple

from cellrun.core.driving.driver_request import driver_request
from cellrun.core.driving.plan import Plan
from cellrun.core.errors import InvalidSubmissionError, shown
from cellrun.core.run_data import RunOutput
from cellrun.core.run_request import RunRequest
from cellrun.core.sweep.options import RUN, SweepOptions
from cellrun.core.sweep.policy import EarlyTerminationPolicy, NoTerminationPolicy
from cellrun.core.sweep.primary_metric import PrimaryMetric, PrimaryMetricGoal
from cellrun.core.sweep.run import HYPERPARAMETERS, SWEEP, HyperDriveRun
from cellrun.core.sweep.sampler import HyperParameterSampling, Trial

_WEEK_MINUTES = 10_080
_DRIVER = "cellrun.core.sweep.driver:SweepDriver"


class _Step(NamedTuple):
    """What is different about a sweep that is a step of a pipeline."""

    type: str
    name: str | None = None
    made: Sequence[tuple[RunOutput, str]] = ()
    seed: int | None = None


class HyperDriveConfig:
    """One script, or command, to be run with many hyperparameters (Azure ML's HyperDriveConfig).

    Nothing is checked here: `Experiment.submit` gathers all mistakes into one InvalidSubmissionError.

    hyperparameter_sampling: which hyperparameters are tried: each run gets them behind its own arguments, `--lr 0.1`.
    primary_metric_name, primary_metric_goal: what the runs log, and whether more of it is better.
    max_total_runs: so many runs at most; of a grid or another finite space no more than it has.
    max_concurrent_runs: so many at once; None for all at once, which wait in the queue while the machine is full.
    max_duration_minutes: after so long no run is started any more, and those that go on are canceled.
    policy: which runs are stopped early; None for none.
    run_config, estimator: what is run; exactly one of them.
    resume_from: earlier sweeps, by whose results a Bayesian sampling goes and among which the best run is looked for.
    resume_child_runs: runs of earlier sweeps whose hyperparameters are tried first.
    pipeline: refused; debug_flag and custom_run_id are taken and mean nothing here.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        self,
        hyperparameter_sampling: HyperParameterSampling | None = None,
        primary_metric_name: str | None = None,
        primary_metric_goal: PrimaryMetricGoal | None = None,
        max_total_runs: int | None = None,
        max_concurrent_runs: int | None = None,
        max_duration_minutes: float | None = _WEEK_MINUTES,
        policy: EarlyTerminationPolicy | None = None,
        estimator: Any = None,
        run_config: Any = None,
        resume_from: Any = None,
        resume_child_runs: Any = None,
        pipeline: object = None,
        debug_flag: object = None,  # noqa: ARG002  # for the service's makers
        custom_run_id: object = None,  # noqa: ARG002  # ids are cellrun's own
    ) -> None:
        self._sampling = hyperparameter_sampling
        self._metric_name = primary_metric_name
        self._goal = primary_metric_goal
        self._most_runs = max_total_runs
        self._most_at_once = max_concurrent_runs
        self._minutes = max_duration_minutes
        self._policy = NoTerminationPolicy() if policy is None else policy
        self._estimator = estimator
        self._run_config = run_config
        self._resume_from = _several(resume_from)
        self._resumed_children = _several(resume_child_runs)
        self._pipeline = pipeline
        self._step: _Step | None = None

    @classmethod
    def of_options(cls, options: SweepOptions) -> HyperDriveConfig:
        """Return the config of a sweep that was submitted, without what it runs."""
        metric = options.metric
        counts = (options.most_runs, options.most_at_once, options.minutes)
        return cls(options.sampling, metric.name, metric.goal, *counts, options.policy)

    @property
    def run_config(self) -> Any:
        """What is run, if it was given as a run configuration."""
        return self._run_config

    @property
    def estimator(self) -> Any:
        """What is run, if it was given as an estimator."""
        return self._estimator

    @property
    def pipeline(self) -> object:
        """None: a sweep over pipelines is refused."""
        return self._pipeline

    @property
    def source_directory(self) -> Any:
        """The folder of the code that is run."""
        return getattr(self.base, "source_directory", None)

    def request(self) -> RunRequest:
        """Return the sweep as it is wanted. Raises InvalidSubmissionError with every mistake in it and in its runs."""
        problems = self.problems()
        request = None
        if not self._base_problems():
            try:
                request = self.base.request()
            except InvalidSubmissionError as error:
                problems += error.problems
        if problems or request is None:
            raise InvalidSubmissionError(problems)
        options = self._options()
        driver = driver_request(
            _DRIVER,
            Plan(options.to_json(), {RUN: request}),
            type=SWEEP,
            properties={
                "primary_metric_config": json.dumps(options.metric.to_json()),
                "resume_from": json.dumps(options.resumed_runs or None),
                "runTemplate": "HyperDrive",
                "azureml.runsource": SWEEP,
                "platform": "AML",
            },
            source_directory=request.source_directory,
        )
        if self._step is None:
            return driver
        # Its runs find the data where the pipeline has it for the step.
        outputs = (*request.outputs, *(output for output, _ in self._step.made))
        return replace(driver, type=self._step.type, name=self._step.name, inputs=request.inputs, outputs=outputs)

    def problems(self) -> list[str]:
        """Return every mistake in the sweep itself, each as a sentence."""
        return [
            *self._base_problems(),
            *self._part_problems("hyperparameter_sampling", self._sampling, HyperParameterSampling),
            *self._part_problems("policy", self._policy, EarlyTerminationPolicy),
            *self._metric_problems(),
            *self._count_problems(),
            *self._earlier_problems(),
        ]

    @property
    def base(self) -> Any:
        """What is run, however it was given."""
        return self._run_config if self._estimator is None else self._estimator

    def as_step(
        self,
        base: Any,
        *,
        type: str,  # noqa: A002  # as the request has it
        name: str,
        made: Sequence[tuple[RunOutput, str]],
        seed: int | None,
    ) -> HyperDriveConfig:
        """Return the same for a step of a pipeline, which runs `base`, and itself makes some outputs for other steps.

        Each of `made` stands with what is in it: a file of the best run, or METRICS. The same seed tries the same.
        """
        step = copy.copy(self)
        step._run_config, step._estimator, step._step = base, None, _Step(type, name, made, seed)  # noqa: SLF001  # its own
        return step

    def _options(self) -> SweepOptions:
        step = self._step or _Step(SWEEP)
        sampling, metric = self._sampling, PrimaryMetric(self._metric_name or "", PrimaryMetricGoal(self._goal))
        assert sampling is not None  # noqa: S101  # else it was refused
        return SweepOptions(
            sampling,
            self._policy,
            metric,
            most_runs=self._most_runs or 1,
            most_at_once=self._most_at_once,
            minutes=self._minutes,
            seed=next(one for one in (sampling.seed, step.seed, SystemRandom().randrange(2**32)) if one is not None),
            first=[_hyperparameters(run) for run in self._resumed_children],
            older=[trial for run in self._resume_from for trial in _trials(run, metric)],
            resumed_runs=[run.id for run in self._resume_from],
            outputs={output.name: what for output, what in step.made},
        )

    def _base_problems(self) -> list[str]:
        if self._pipeline is not None:
            return ["pipeline: a sweep over pipelines isn't supported; give run_config=ScriptRunConfig(...)"]
        given = [one for one in (self._run_config, self._estimator) if one is not None]
        if len(given) != 1:
            return [f"give run_config=ScriptRunConfig(...) or estimator=..., one of them; got {len(given)} of them"]
        if isinstance(given[0], HyperDriveConfig) or not callable(getattr(given[0], "request", None)):
            return [f"run_config={shown(given[0])} is nothing to be run; give ScriptRunConfig(...)"]
        return []

    def _part_problems(self, name: str, part: Any, kind: type) -> list[str]:
        if isinstance(part, kind):
            problems: list[str] = part.problems()  # type: ignore[attr-defined]  # both kinds have it
            return problems
        example = "RandomParameterSampling({...})" if name != "policy" else "BanditPolicy(slack_factor=0.1), or None"
        return [f"{name}={shown(part)}; give one, as in {example}"]

    def _metric_problems(self) -> list[str]:
        problems = []
        if not isinstance(self._metric_name, str) or not self._metric_name:
            problems.append(f"primary_metric_name={shown(self._metric_name)}; give the name that the script logs")
        try:
            PrimaryMetricGoal(self._goal)
        except ValueError:
            problems.append(f"primary_metric_goal={shown(self._goal)}; give PrimaryMetricGoal.MAXIMIZE or MINIMIZE")
        return problems

    def _count_problems(self) -> list[str]:
        problems = []
        whole = {
            "max_total_runs": self._most_runs,
            "max_concurrent_runs": 1 if self._most_at_once is None else self._most_at_once,
        }
        for name, value in whole.items():
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                problems.append(f"{name}={shown(value)}; give a whole number from 1 on")
        minutes = self._minutes
        if minutes is not None and (not isinstance(minutes, (int, float)) or minutes <= 0):
            problems.append(f"max_duration_minutes={shown(minutes)}; give a number of minutes above 0")
        return problems

    def _earlier_problems(self) -> list[str]:
        return [
            f"resume_from={shown(run)}; give the HyperDriveRun of an earlier sweep"
            for run in self._resume_from
            if not isinstance(run, HyperDriveRun)
        ] + [
            f"resume_child_runs={shown(run)}; give a child run of an earlier sweep"
            for run in self._resumed_children
            if not _hyperparameters(run)
        ]


class HyperDriveRunConfig(HyperDriveConfig):
    """The same with an estimator, as the first versions of Azure ML's SDK had it."""

    def __init__(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        self,
        estimator: Any = None,
        hyperparameter_sampling: HyperParameterSampling | None = None,
        primary_metric_name: str | None = None,
        primary_metric_goal: PrimaryMetricGoal | None = None,
        max_total_runs: int | None = None,
        max_concurrent_runs: int | None = None,
        max_duration_minutes: float | None = _WEEK_MINUTES,
        policy: EarlyTerminationPolicy | None = None,
        **options: Any,
    ) -> None:
        super().__init__(
            hyperparameter_sampling,
            primary_metric_name,
            primary_metric_goal,
            max_total_runs,
            max_concurrent_runs,
            max_duration_minutes,
            policy,
            estimator,
            **options,
        )


def _several(given: Any) -> list[Any]:
    if given is None:
        return []
    return list(given) if isinstance(given, Iterable) else [given]


def _hyperparameters(run: Any) -> dict[str, Any]:
    """Return the hyperparameters of a run of a sweep; empty for another one."""
    properties = getattr(run, "properties", None)
    text = properties.get(HYPERPARAMETERS) if isinstance(properties, Mapping) else None
    return dict(json.loads(text)) if text else {}


def _trials(run: HyperDriveRun, metric: PrimaryMetric) -> list[Trial]:
    """Return what the runs of an earlier sweep came to, by the metric of the new one."""
    found = []
    for child in run.children():
        values = metric.numbers(child.get_metrics(metric.name).get(metric.name))
        if (best := metric.best(values)) is not None:
            found.append(Trial(_hyperparameters(child), metric.badness(best)))
    return found

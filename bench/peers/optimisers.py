"""The other optimisers. PEERS[name]() imports one; minimise(objective, seed) makes objective.trials evaluations, as its users would.

Every peer has its defaults, and the natural declaration of each parameter: floats and ints, logarithmic or not, and categoricals; levels of an ordered
parameter are an int from 0. Conditional parameters and failures, see each class. A peer is a class with
    version                   of the package
    minimise(objective, seed)
"""
import importlib.metadata
import math
import pathlib
import random
import tempfile
import warnings

import runs


class Random:
    """Uniform random search without any package: a check of the driver."""

    version = "1"

    def minimise(self, objective, seed):
        rng = random.Random(seed)
        for _ in range(objective.trials):
            configuration = {}
            for p in objective.task.parameters:
                if not objective.task.is_active(p, configuration):
                    continue
                configuration[p["name"]] = self._draw(rng, p)
            try:
                objective(configuration)
            except runs.Failed:
                pass

    @staticmethod
    def _draw(rng, p):
        if p["kind"] == "categorical":
            return rng.choice(p["choices"])
        if p["log"]:
            pad = 0.5 if p["kind"] == "int" else 0.0
            x = (p["low"] - pad) * ((p["high"] + pad) / (p["low"] - pad)) ** rng.random()
        elif p["kind"] == "int":
            return rng.randint(p["low"], p["high"])
        else:
            x = rng.uniform(p["low"], p["high"])
        return min(p["high"], max(p["low"], round(x) if p["kind"] == "int" else x))


def suggest(trial, task):
    """A configuration by Optuna's interface, which Rustuna shares: parameters are asked for as they become active."""
    configuration = {}
    for p in task.parameters:
        name = p["name"]
        if not task.is_active(p, configuration):
            continue
        if p["kind"] == "categorical":
            configuration[name] = trial.suggest_categorical(name, p["choices"])
        elif p["kind"] == "int":
            configuration[name] = trial.suggest_int(name, p["low"], p["high"], log=p["log"])
        else:
            configuration[name] = trial.suggest_float(name, p["low"], p["high"], log=p["log"])
    return configuration


class Optuna:
    """Conditions by define-by-run; a failed trial ends with the state FAIL, as an exception in the objective has it."""

    def __init__(self, sampler, **settings):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.CRITICAL)
        self._optuna = optuna
        self._sampler = getattr(optuna.samplers, sampler)
        self._settings = settings
        self.version = optuna.__version__
        if sampler == "GPSampler":
            import scipy.optimize  # noqa: F401
            import torch

            torch.set_num_threads(1)
        if sampler == "CmaEsSampler":
            import cmaes  # noqa: F401

    def minimise(self, objective, seed):
        warnings.simplefilter("ignore")
        study = self._optuna.create_study(sampler=self._sampler(seed=seed, **self._settings))
        study.optimize(lambda trial: objective(suggest(trial, objective.task)), n_trials=objective.trials, catch=(runs.Failed,))


class Rustuna:
    """As Optuna, whose interface it has: define-by-run, failed trials end with the state FAIL."""

    def __init__(self, sampler):
        import rustuna

        if sampler == "CmaEsSampler":
            import cmaes  # noqa: F401
        self._rustuna = rustuna
        self._sampler = getattr(rustuna.samplers, sampler)
        self.version = importlib.metadata.version("rustuna")

    def minimise(self, objective, seed):
        study = self._rustuna.create_study(sampler=self._sampler(seed=seed))
        for _ in range(objective.trials):
            trial = study.ask()
            try:
                study.tell(trial.number, objective(suggest(trial, objective.task)))
            except runs.Failed:
                study.tell(trial.number, state=self._rustuna.trial.TrialState.FAIL)


def nested(task):
    """Conditions as a tree: [(parameter, {choice: children})], children such a list. A parameter that several choices activate stands below each.

    Of the parents of a parameter the last one must stand below the others, as it is in all tasks; else ValueError.
    """
    by_name = {p["name"]: p for p in task.parameters}
    order = {p["name"]: i for i, p in enumerate(task.parameters)}

    def parent_of(p):
        """(parent, values) or None."""
        if not p["conditions"]:
            return None
        last = max(p["conditions"], key=lambda c: order[c["parent"]])
        above = {c["parent"]: set(c["values"]) for c in by_name[last["parent"]]["conditions"]}
        for c in p["conditions"]:
            if c is not last and not above.get(c["parent"], {None}) <= set(c["values"]):
                raise ValueError(f"{task.name}: the parents of {p['name']} do not stand below each other")
        return last["parent"], last["values"]

    trees = {p["name"]: (p, {choice: [] for choice in p.get("choices", [])}) for p in task.parameters}
    top = []
    for p in task.parameters:
        parent = parent_of(p)
        if parent is None:
            top.append(trees[p["name"]])
        else:
            for choice in parent[1]:
                trees[parent[0]][1][choice].append(trees[p["name"]])
    return top


class Hyperopt:
    """TPE by fmin. Conditions are nested choices; the status of a failed trial is "fail".

    An int is quniform over low - 1/2 .. high + 1/2 (qloguniform when logarithmic), so that all levels are equally likely at first.
    """

    def __init__(self):
        import hyperopt

        self._hyperopt = hyperopt
        self.version = importlib.metadata.version("hyperopt")

    def space(self, task):
        hp = self._hyperopt.hp
        made = {}

        def node(p, below):
            name = p["name"]
            if name not in made:
                if p["kind"] == "categorical":
                    made[name] = hp.choice(name, [(choice, nodes(below[choice])) for choice in p["choices"]])
                elif p["kind"] == "int":
                    low, high = p["low"] - 0.5, p["high"] + 0.5
                    made[name] = hp.qloguniform(name, math.log(low), math.log(high), 1) if p["log"] else hp.quniform(name, low, high, 1)
                elif p["log"]:
                    made[name] = hp.loguniform(name, math.log(p["low"]), math.log(p["high"]))
                else:
                    made[name] = hp.uniform(name, p["low"], p["high"])
            return made[name]

        def nodes(trees):
            return {p["name"]: node(p, below) for p, below in trees}

        return nodes(nested(task))

    @staticmethod
    def flat(values, parameters):
        configuration = {}
        for name, value in values.items():
            p = parameters[name]
            if p["kind"] == "categorical":
                configuration[name] = value[0]
                configuration.update(Hyperopt.flat(value[1], parameters))
            else:
                value = int(value) if p["kind"] == "int" else value
                configuration[name] = min(p["high"], max(p["low"], value))
        return configuration

    def minimise(self, objective, seed):
        import numpy

        hyperopt = self._hyperopt
        parameters = {p["name"]: p for p in objective.task.parameters}

        def evaluate(values):
            try:
                return {"loss": objective(self.flat(values, parameters)), "status": hyperopt.STATUS_OK}
            except runs.Failed:
                return {"status": hyperopt.STATUS_FAIL}

        hyperopt.fmin(evaluate, self.space(objective.task), algo=hyperopt.tpe.suggest, max_evals=objective.trials, rstate=numpy.random.default_rng(seed),
                      verbose=False, show_progressbar=False, return_argmin=False)


class Skopt:
    """gp_minimize by ask and tell. No conditions: the flat space, inactive values are ignored. Failures as runs.Penalty says."""

    def __init__(self):
        import skopt

        self._skopt = skopt
        self.version = skopt.__version__

    def dimension(self, p):
        space = self._skopt.space
        if p["kind"] == "categorical":
            return space.Categorical(p["choices"], name=p["name"])
        prior = "log-uniform" if p["log"] else "uniform"
        return (space.Integer if p["kind"] == "int" else space.Real)(p["low"], p["high"], prior=prior, name=p["name"])

    def minimise(self, objective, seed):
        warnings.simplefilter("ignore")
        optimizer = self._skopt.Optimizer([self.dimension(p) for p in objective.task.parameters], random_state=seed)
        penalty = runs.Penalty(objective, optimizer.tell)
        names = [p["name"] for p in objective.task.parameters]
        for _ in range(objective.trials):
            point = optimizer.ask()
            penalty.evaluate(point, dict(zip(names, point)))


class Smac:
    """SMAC3's facade for hyperparameter optimisation by ask and tell, the scenario deterministic. Conditions are its own. Failures as runs.Penalty
    says: with the infinite cost that a crash has by default, SMAC cannot scale the costs.
    """

    def __init__(self):
        import ConfigSpace
        import smac

        self._configspace = ConfigSpace
        self._smac = smac
        self.version = importlib.metadata.version("smac")

    def space(self, task, seed):
        cs = self._configspace
        space = cs.ConfigurationSpace(seed=seed)
        made = {}
        for p in task.parameters:
            if p["kind"] == "categorical":
                made[p["name"]] = cs.CategoricalHyperparameter(p["name"], p["choices"])
            else:
                kind = cs.UniformIntegerHyperparameter if p["kind"] == "int" else cs.UniformFloatHyperparameter
                made[p["name"]] = kind(p["name"], p["low"], p["high"], log=p["log"])
        space.add(*made.values())
        for p in task.parameters:
            conditions = [cs.InCondition(made[p["name"]], made[c["parent"]], c["values"]) for c in p["conditions"]]
            if conditions:
                space.add(conditions[0] if len(conditions) == 1 else cs.AndConjunction(*conditions))
        return space

    def minimise(self, objective, seed):
        warnings.simplefilter("ignore")
        from smac.runhistory.dataclasses import TrialValue

        with tempfile.TemporaryDirectory() as directory:
            scenario = self._smac.Scenario(self.space(objective.task, seed), output_directory=pathlib.Path(directory), deterministic=True,
                                           n_trials=objective.trials, seed=seed)
            facade = self._smac.HyperparameterOptimizationFacade(scenario, target_function=None, logging_level=False, overwrite=True)

            def tell(trials, values):
                for trial, value in zip(trials, values):
                    facade.tell(trial, TrialValue(cost=value), save=False)

            penalty = runs.Penalty(objective, tell)
            for _ in range(objective.trials):
                try:
                    trial = facade.ask()
                except StopIteration:
                    return
                penalty.evaluate(trial, dict(trial.config))


class Hebo:
    """No conditions: the flat space, inactive values are ignored. Failures as runs.Penalty says."""

    def __init__(self):
        warnings.simplefilter("ignore")
        import numpy
        import torch
        from hebo.design_space.design_space import DesignSpace
        from hebo.optimizers.hebo import HEBO

        torch.set_num_threads(1)
        self._numpy, self._torch, self._space, self._hebo = numpy, torch, DesignSpace, HEBO
        self.version = importlib.metadata.version("HEBO")

    @staticmethod
    def dimension(p):
        if p["kind"] == "categorical":
            return {"name": p["name"], "type": "cat", "categories": p["choices"]}
        kind = {("float", False): "num", ("float", True): "pow", ("int", False): "int", ("int", True): "pow_int"}[p["kind"], p["log"]]
        return {"name": p["name"], "type": kind, "lb": p["low"], "ub": p["high"]}

    def minimise(self, objective, seed):
        numpy = self._numpy
        numpy.random.seed(seed)
        self._torch.manual_seed(seed)
        optimizer = self._hebo(self._space().parse([self.dimension(p) for p in objective.task.parameters]), scramble_seed=seed)

        def tell(suggestions, values):
            for suggestion, value in zip(suggestions, values):
                optimizer.observe(suggestion, numpy.array([[value]]))

        penalty = runs.Penalty(objective, tell)
        for _ in range(objective.trials):
            suggestion = optimizer.suggest()
            penalty.evaluate(suggestion, self.configuration(suggestion.iloc[0].to_dict(), objective.task))

    @staticmethod
    def configuration(values, task):
        """Its powers round outside of the range by an ulp or so."""
        configuration = {}
        for p in task.parameters:
            value = values[p["name"]]
            if p["kind"] != "categorical":
                value = min(p["high"], max(p["low"], int(value) if p["kind"] == "int" else float(value)))
            configuration[p["name"]] = value
        return configuration


PEERS = {
    "random": Random,
    "optuna-tpe": lambda: Optuna("TPESampler"),
    "optuna-tpe-group": lambda: Optuna("TPESampler", multivariate=True, group=True),
    "optuna-gp": lambda: Optuna("GPSampler"),
    "optuna-cmaes": lambda: Optuna("CmaEsSampler"),
    "rustuna-tpe": lambda: Rustuna("TPESampler"),
    "rustuna-cmaes": lambda: Rustuna("CmaEsSampler"),
    "hyperopt-tpe": Hyperopt,
    "skopt-gp": Skopt,
    "smac3": Smac,
    "hebo": Hebo,
}

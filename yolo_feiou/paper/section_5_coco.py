"""Statements of section 5 on COCO: judged by runs of the paper's detectors where there are some."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from yolo_feiou.paper.coco_runs import WEIGHT, CocoRuns, Gain, subtract
from yolo_feiou.paper.cost import GPU, estimate_hours
from yolo_feiou.paper.evidence import Evidence
from yolo_feiou.paper.statement import FAILS, HOLDS, PARTLY, UNDECIDED, UNTESTED, Result
from yolo_feiou.results.published import PUBLISHED_TABLES

#: What is claimed: a name, a gain where there are runs, and the sign that the paper says it has.
Claims = list[tuple[str, Gain | None, int]]
DETECTORS = {row.detector: row.name for row in PUBLISHED_TABLES[2].rows if row.is_baseline}
#: The detectors that re-weight their box loss themselves.
REWEIGHTED = ("atss", "paa")


def judge_on_coco(
    claim: Callable[[CocoRuns], Claims], otherwise: Callable[[Evidence], Result]
) -> Callable[[Evidence], Result]:
    """Return a judge that takes runs on COCO, and, where there are none, says what another one says."""

    def judge(evidence: Evidence) -> Result:
        claims = claim(evidence.coco)
        return judge_claims(claims) if any(gain for _, gain, _ in claims) else otherwise(evidence)

    return judge


def judge_claims(claims: Claims) -> Result:
    """Return whether claims hold, by the 95 % interval of each gain.

    All must be shown to hold; one that is shown not to is enough to refute them; else the runs don't decide.
    """
    held = [name for name, gain, sign in claims if gain and gain.sign == sign]
    failed = [name for name, gain, sign in claims if gain and gain.sign == -sign]
    left = [name for name, _, _ in claims if name not in held and name not in failed]
    figures = "; ".join(f"{name} {gain or 'not run'}" for name, gain, _ in claims)
    if failed:
        told = f"for {', '.join(held)}; not for {', '.join(failed)}. " if held else ""
        return Result(PARTLY if held else FAILS, f"{told}AP: {figures}")
    if left:
        return Result(UNDECIDED, f"not shown for {', '.join(left)}. AP: {figures}")
    return Result(HOLDS, f"AP: {figures}")


def claim_table_1(runs: CocoRuns) -> Claims:
    """FocalL1 and Balanced ℓ1 gain over smooth ℓ1."""
    base = runs.find_baseline("retinanet")
    losses = (("FocalL1", "focal_l1"), ("Balanced ℓ1", "balanced_l1"))
    return [(f"{name} over smooth ℓ1", subtract(runs.find("retinanet", loss), base), 1) for name, loss in losses]


def claim_table_2(runs: CocoRuns) -> Claims:
    """EIoU and Focal-EIoU gain over the baseline, and EIoU over all others but Focal-EIoU."""
    base, eiou = runs.find_baseline("retinanet"), runs.find("retinanet", "eiou")
    others = (("IoU", "iou"), ("GIoU", "giou"), ("CIoU", "ciou"), ("v1", "focal_eiou_v1"))
    return [
        ("EIoU over the baseline", subtract(eiou, base), 1),
        ("Focal-EIoU over the baseline", subtract(runs.find("retinanet", "focal_eiou"), base), 1),
        *((f"EIoU over {name}", subtract(eiou, runs.find("retinanet", loss)), 1) for name, loss in others),
    ]


def claim_table_3(runs: CocoRuns) -> Claims:
    """Focal-EIoU gains in all five detectors, and less in those that re-weight their loss than in the others."""
    gains = {detector: _gain_by_seed(runs, detector) for detector in DETECTORS}
    others = [gains[detector] for detector in DETECTORS if detector not in REWEIGHTED]
    claims: Claims = [(DETECTORS[detector], _make_gain(by_seed.values()), 1) for detector, by_seed in gains.items()]
    for detector in REWEIGHTED:
        seeds = set(gains[detector]).intersection(*others)
        less = [sum(gain[seed] for gain in others) / len(others) - gains[detector][seed] for seed in sorted(seeds)]
        claims.append((f"mean gain of the first three over that of {DETECTORS[detector]}", _make_gain(less), 1))
    return claims


def claim_weight(runs: CocoRuns) -> Claims:
    """The weight 2.5 is better with EIoU than every other that was tried."""
    best = runs.find("retinanet", "eiou")
    tried = [weight for weight in runs.list_weights("retinanet", "eiou") if weight != WEIGHT]
    return [
        (f"{WEIGHT} over {weight:g}", subtract(best, runs.find("retinanet", "eiou", weight)), 1) for weight in tried
    ]


def claim_best(loss: str) -> Callable[[CocoRuns], Claims]:
    """Return what claims that a loss with its own parameters is better than with every other that was tried."""

    def claim(runs: CocoRuns) -> Claims:
        best, tried = runs.find("retinanet", loss), runs.list_losses("retinanet", loss)
        return [
            (f"over {spec.partition(':')[2]}", subtract(best, runs.find("retinanet", spec)), 1)
            for spec in tried
            if spec != loss
        ]

    return claim


def claim_gamma_2(runs: CocoRuns) -> Claims:
    """Focal-EIoU with γ = 2 is below the baseline."""
    two = runs.find("retinanet", "focal_eiou:gamma=2")
    return [("γ = 2 over the baseline", subtract(two, runs.find_baseline("retinanet")), -1)]


def claim_star(runs: CocoRuns) -> Claims:
    """Focal-EIoU* with the least γ that was tried gains over the baseline, and loses with the greatest."""
    gammas = {_read_gamma(spec): spec for spec in runs.list_losses("retinanet", "focal_eiou_star")}
    if len(gammas) < 2:
        return []
    least, most = (runs.find("retinanet", gammas[end]) for end in (min(gammas), max(gammas)))
    return [
        (f"γ = {min(gammas):g} over the baseline", subtract(least, runs.find_baseline("retinanet")), 1),
        (f"γ = {max(gammas):g} over γ = {min(gammas):g}", subtract(most, least), -1),
    ]


def describe_cost(grid: str, detectors: Iterable[str]) -> str:
    """Return which command trains what a statement is about, and what that costs."""
    hours = estimate_hours(detectors)
    return f"`yolo ablate cfg={grid} device=0+1+2+3` on four {GPU} would show it, about {hours:,.0f} {GPU}-hours a seed"


def add_cost(judge: Callable[[Evidence], Result], grid: str, detectors: Iterable[str]) -> Callable[[Evidence], Result]:
    """Return a judge that says what another one says, and what would have to be trained on COCO."""
    told = describe_cost(grid, detectors)

    def judge_and_tell(evidence: Evidence) -> Result:
        found = judge(evidence)
        return Result(found.word, f"{found.ours}. On COCO: {told}")

    return judge_and_tell


def untested_on_coco(grid: str, detectors: Iterable[str]) -> Callable[[Evidence], Result]:
    """Return a judge that says what would have to be trained."""
    told = describe_cost(grid, detectors)
    return lambda evidence: Result(UNTESTED, f"not run: {told}")


def _gain_by_seed(runs: CocoRuns, detector: str) -> dict[int, float]:
    ours, base = runs.find(detector, "focal_eiou"), runs.find_baseline(detector)
    return {seed: ours[seed]["AP"] - base[seed]["AP"] for seed in sorted(ours.keys() & base.keys())}


def _make_gain(differences: Iterable[float]) -> Gain | None:
    values = list(differences)
    return Gain(values) if values else None


def _read_gamma(spec: str) -> float:
    """Return the γ of a spec in its one spelling, which leaves out the default."""
    parameters = dict(word.split("=") for word in spec.partition(":")[2].split(",") if word)
    return float(parameters.get("gamma", 0.5))

"""Changes: previewed, applied and proved, without a switch or a store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bench import workload
from bench.measure import Figure, Result, median_ms, say, timed
from bench.switches import Site
from controller.compile import compilation
from controller.model.change import Change, apply_changes
from controller.model.network import Network
from controller.northbound.planning import plan_view
from controller.verify.advance import advance
from controller.verify.proof import conclude, survey

REPEATS: Final = 7
MEET: Final = "a rule between kinds that had not met, so that all of both learn of each other"
Put = Callable[[Network, int], Network]
_SELECT: Final = {"from": {"vrf": "business", "app": "a1"}, "to": {"vrf": "business", "app": "a2"}}


def plan(services: int) -> Result:
    """The whole preview of one rule put: the new intent, its programs, flows and pairs."""
    base = _site(services)
    before, whole_ms = timed(lambda: compilation(base))

    def preview(number: int) -> None:
        body = {**_SELECT, "allow": [f"tcp/{9000 + number}"]}
        put = Change("put", "rules", f"extra-{number}", body)
        after = apply_changes(base.intent, [put])
        target = Network(after, base.topology, base.facts)
        programs = compilation(target, before).programs
        shown = plan_view(base, target, before.programs, programs, "counts")
        if not shown["flows"]["added"] or not shown["pairs"]:
            raise RuntimeError("a rule that changes nothing was previewed")

    value = median_ms("preview", REPEATS, preview)
    return Result.of_ms("plan", value, "compiling the whole anew", whole_ms)


def apply(services: int) -> Result:
    """One rule put, from the new network to every switch confirmed and the change proved."""
    base = _site(services)
    site, whole_ms = timed(lambda: Site(base))

    def change(number: int) -> None:
        site.apply(workload.another_rule(base, number), number + 2)

    value = median_ms("apply", REPEATS, change)
    return Result.of_ms("apply", value, "the first apply, to empty switches", whole_ms)


def verify_change(services: int) -> Result:
    """The proof of one rule put, from the proof before it."""
    base = _site(services)
    compiled = compilation(base)
    ground, whole_ms = timed(lambda: survey(base, compiled.programs))

    def proofs(what: str, put: Put) -> float:
        """The median; each from the one before."""
        nonlocal ground, compiled
        steps = []
        for number in range(REPEATS):
            network = put(base, number)
            compiled = compilation(network, compiled)
            steps.append((network, compiled.programs))

        def prove(number: int) -> None:
            nonlocal ground
            ground = advance(ground, *steps[number])
            _held(conclude(ground).holds)

        return median_ms(what, REPEATS, prove)

    value = proofs("a port more", workload.another_port)
    meet_ms = proofs("kinds that had not met", workload.another_rule)
    figure = Figure(
        MEET, meet_ms, "ms", f"the proof of the whole: {whole_ms:.1f} ms", meet_ms / whole_ms
    )
    return Result.of_ms("verify_change", value, "the proof of the whole", whole_ms, (figure,))


def verify_full(services: int) -> Result:
    """The proof of the whole: all pairs of identities, from what switches hold."""
    base = _site(services)
    compiled, whole_ms = timed(lambda: compilation(base))

    def prove(_number: int) -> None:
        _held(conclude(survey(base, compiled.programs)).holds)

    value = median_ms("proof of the whole", 3, prove)
    return Result.of_ms("verify_full", value, "compiling the whole", whole_ms)


def _held(holds: bool) -> None:
    if not holds:
        raise RuntimeError("the proof fails on the benchmark's own site")


def _site(services: int) -> Network:
    say(f"a site of {services} services")
    return workload.network(services)

"""``make lab-trust``: what docs/trust.md promises, measured on a running site."""

from __future__ import annotations

from typing import Protocol

from labkit.controller import ControllerProcess
from labkit.ovs_restart import SwitchRestarts
from labkit.restart import PROMPT_S, Restarts
from labkit.rings import ring_rules
from labkit.site import Site
from labkit.trust import Trust
from labkit.withdrawal import pairs, withdraw


class Show(Protocol):
    """Prints steps and collects what did not hold."""

    def step(self, text: str) -> None:
        """What is being done."""

    def line(self, text: str) -> None:
        """Something seen."""

    def check(self, name: str, held: bool, text: str) -> None:
        """A result, and whether it is as it should be."""


def show_trust(site: Site, controller: ControllerProcess, show: Show) -> None:
    """Every promise, in order."""
    show_changes(site, controller, show)
    show_withdrawals(site, controller, show)
    show_restarts(site, controller, show)
    show_switch_restarts(site, controller, show)


def show_changes(site: Site, controller: ControllerProcess, show: Show) -> None:
    """Changes of every kind while probes and a TCP connection run."""
    show.step("changing things under 1 kHz probes and a TCP transfer")
    trust = Trust(site, controller)
    with trust.prepared():
        for trial in trust.trials():
            outcome = trust.run(trial)
            show.check(trial.name, outcome.sound, outcome.text())
            for line in outcome.load.losses(outcome.called_s):
                show.line(line)


def show_withdrawals(site: Site, controller: ControllerProcess, show: Show) -> None:
    """A rule withdrawn from pairs on one host and on two."""
    show.step("withdrawing a rule under 1 kHz probes and an established TCP connection")
    for way in pairs(controller):
        found = withdraw(site, controller, way)
        show.check(f"withdrawal {way}", found.sound, found.text())
        left = len(found.tracked)
        text = f"{way}: {left} entries left in connection tracking"
        show.check(f"forgotten {way}", found.forgotten, text)


def show_restarts(site: Site, controller: ControllerProcess, show: Show) -> None:
    """The controller stopped, killed, upgraded."""
    show.step("ending and starting the controller, while every instance is probed")
    with ring_rules(site, controller) as ring:
        restarts = Restarts(site, controller, ring)
        for trial in restarts.trials():
            found = restarts.run(trial)
            show.check(trial.name, found.sound, found.text())
            for line in (*found.load.losses(0.0)[:3], *found.rewritten[:3]):
                show.line(line)
            text = f"{trial.name}: in sync within {PROMPT_S:g} s: {found.ready_s:.2f} s"
            show.check(f"{trial.name}, prompt", found.prompt, text)


def show_switch_restarts(site: Site, controller: ControllerProcess, show: Show) -> None:
    """Open vSwitch killed, and restarted with its flows saved."""
    show.step("killing and restarting Open vSwitch, while every instance is probed")
    with ring_rules(site, controller) as ring:
        restarts = SwitchRestarts(site, controller, ring)
        for restart in (restarts.killed, restarts.planned, restarts.planned_alone):
            found = restart()
            show.check(found.name, found.sound, found.text())
            for line in found.rewritten[:3]:
                show.line(line)
            late = f"{abs(found.late_s):.2f} s {'after' if found.late_s > 0 else 'before'}"
            text = f"{found.name}: all forwarded again {late} every program was in"
            show.check(f"{found.name}, prompt", found.prompt, text)

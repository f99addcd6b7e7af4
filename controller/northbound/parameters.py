"""Query parameters of requests. An unknown parameter is refused, not ignored."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from controller.errors import Problem
from controller.northbound.bodies import BadParameters
from controller.northbound.paging import MOST, Wish, name_of, wrong_cursor
from controller.northbound.reaching import PAGE, Wanted, key_of
from controller.northbound.selecting import Selection, parse_selector
from controller.northbound.texts import (
    MESSAGE_MAX,
    NUMBER,
    NUMBER_MAX,
    is_taken,
    kept_problem,
    shown,
)

CURSOR: Any = Field(
    "", max_length=1024, description="Where a page begins, as the `Link` of the one before says"
)


def _kept(text: str) -> str:
    problem = kept_problem(text)
    if problem is not None:
        raise ValueError(problem)
    return text


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    @field_validator("*", mode="before")
    @classmethod
    def _text(cls, value: Any) -> Any:
        if isinstance(value, str) and not is_taken(value):
            raise ValueError(f"expected no NUL, found {shown(value)}")
        return value


class NoQuery(_Query):
    """No parameters."""


class ListQuery(_Query):
    """Parameters of a list."""

    selector: str = Field(
        "",
        max_length=4096,
        description="Only objects with these labels, as `kubectl get -l` takes them: "
        "`tier=api,env in (a,b),!legacy`. `name`, `vrf`, `segment`, `tenant`, `service`, `class`, "
        "`instance` and `host` are labels too, where an object has them",
        examples=["tenant=shop,tier in (api,web)"],
    )
    limit: int | None = Field(
        None, ge=1, le=MOST, description="At most so many; the `Link` header leads to the next page"
    )
    cursor: str = CURSOR

    def wish(self) -> Wish:
        """What is asked for. Raises :class:`BadParameters` with every problem."""
        problems: list[Problem] = []
        selection: Selection = ()
        after = ""
        try:
            selection = parse_selector(self.selector)
        except BadParameters as error:
            problems += error.problems
        try:
            after = name_of(self.cursor)
        except BadParameters as error:
            problems += error.problems
        if problems:
            raise BadParameters(tuple(problems))
        return Wish(selection, after, self.limit)


class PlanQuery(_Query):
    """Parameters of a plan."""

    detail: Literal["counts", "flows"] = Field(
        "counts", description="`flows` adds every entry, written as `ovs-ofctl` does"
    )


class WriteQuery(PlanQuery):
    """Parameters of every write."""

    wait: Literal["applied", "stored"] = Field(
        "applied",
        description="Answer when every connected switch has confirmed, or once it is stored",
    )
    timeout: float | None = Field(
        None,
        gt=0,
        le=600,
        description="Seconds to wait for switches, by default the setting `apply_timeout_s`; "
        "after it `applied` is false, the write stays and the controller goes on",
    )
    dry_run: bool = Field(False, description="Answer the plan and change nothing")
    message: Annotated[str, AfterValidator(_kept)] = Field(
        "",
        max_length=MESSAGE_MAX,
        description="Why, for the history: one line of printable characters",
    )


class RevisionsQuery(_Query):
    """Parameters of the history."""

    limit: int = Field(
        20,
        ge=1,
        le=1000,
        description="At most so many, newest first; the `Link` header leads to the next page",
    )
    cursor: str = CURSOR

    def below(self) -> int | None:
        """The revision that the page is behind, None for the newest. Raises BadParameters."""
        text = name_of(self.cursor)
        if text and NUMBER.fullmatch(text) is None:
            raise BadParameters((Problem("cursor", wrong_cursor(self.cursor)),))
        return int(text) if text else None


class DiffQuery(PlanQuery):
    """Parameters of a comparison of two revisions."""


class EventsQuery(_Query):
    """Parameters of the events."""

    after: int = Field(0, ge=0, le=NUMBER_MAX, description="Only events after the one with this id")
    since: int | None = Field(
        None,
        ge=0,
        le=NUMBER_MAX,
        description="Only what has happened since this revision; revisions that are "
        "older than what is kept of events come from the history",
    )
    follow: bool = Field(True, description="Keep the connection and send events as they happen")


class ReachQuery(_Query):
    """Parameters of the pairs of services of which one may open something to the other."""

    source: str | None = Field(None, alias="from", description="Only what this service may open")
    destination: str | None = Field(
        None, alias="to", description="Only what may be opened to this service"
    )
    tenant: str | None = Field(
        None, description="Only pairs of which one or both are services of this tenant"
    )
    limit: int = Field(
        PAGE,
        ge=1,
        le=MOST,
        description="At most so many; the `Link` header leads to the next page",
    )
    cursor: str = CURSOR

    def wanted(self) -> Wanted:
        """What is asked for. Raises BadParameters."""
        after = key_of(self.cursor)
        return Wanted(self.source, self.destination, self.tenant, after, self.limit)


class RoutesQuery(_Query):
    """Parameters of a route."""

    source: str = Field(alias="from", description="A host", examples=["host-1"])
    destination: str = Field(alias="to", description="A host", examples=["host-2"])
    qos_class: str = Field("best-effort", alias="class", description="A class")
    vrf: str | None = Field(None, description="A VRF; all of them when left out")


class MatrixQuery(_Query):
    """Parameters of the matrix of who may reach whom."""

    source: str | None = Field(None, description="A tenant; services are told then")
    destination: str | None = Field(None, description="A tenant; the same one when left out")
    match: str = Field("", max_length=63, description="Only names that hold this")
    limit: int = Field(40, ge=1, le=200, description="At most so many names on each side")


class CapacityQuery(_Query):
    """Parameters of a question about what is left."""

    host: str | None = Field(None, description="A host; all of them when left out")


class ExplainQuery(_Query):
    """Parameters of a question about one packet."""

    source: str = Field(alias="from", description="An instance", examples=["web-1"])
    destination: str = Field(alias="to", description="An instance", examples=["api-1"])
    protocol: str = Field("tcp", description="tcp, udp, icmp, or an IP protocol number")
    port: int = Field(0, ge=0, le=65535, description="Destination port of tcp and udp")
    dscp: int = Field(0, ge=0, le=63, description="What the sender marks its packets with")

"""The gate that every request passes, whatever carries it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from controller.errors import Invalid
from controller.northbound.access.audit import AuditLog
from controller.northbound.access.limits import Buckets, network_of
from controller.northbound.access.principals import ANYBODY, Principal, Role
from controller.northbound.access.refusals import Forbidden, Refusal, Unauthenticated
from controller.northbound.access.tokens import TokenFile, digest, id_of

_WRONG_PER_S: Final = 1.0
_WRONG_BURST: Final = 10.0
_GOOD_MOST: Final = 10_000


class Need(Enum):
    """What a request needs."""

    NOTHING = auto()
    """It is for supervisors, and for those who look how to ask."""
    OWN = auto()
    """A role; an operator of tenants gets what is theirs."""
    SITE = auto()
    """A role that is about the whole site."""
    WRITE = auto()
    """A role that changes something; what, is looked at when that is known."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client shows: a token, or the common name of its certificate; "" for none."""

    token: str = ""
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests of one client: so many a second, in bursts of so many."""

    per_s: float = 2000.0
    burst: float = 3000.0


class Gate:
    """Lets requests in. Without tokens (None) everybody is an admin, as the address allows."""

    def __init__(
        self,
        tokens: TokenFile | None = None,
        audit: AuditLog | None = None,
        limits: Limits = Limits(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tokens = tokens
        self.audit = audit or AuditLog(None)
        self._requests = Buckets(limits.per_s, limits.burst, clock)
        self._wrong = Buckets(_WRONG_PER_S, _WRONG_BURST, clock)
        self._good: OrderedDict[tuple[str, str], None] = OrderedDict()

    def enter(self, shown: Credentials, source: str, need: Need) -> Principal:
        """Who makes a request that comes from an address. Raises a Refusal."""
        address = f"from {network_of(source)}"
        if need is Need.NOTHING or self._tokens is None:
            self._requests.take(address)
            return ANYBODY
        try:
            principal = self._known(self._tokens, shown, source)
        except Refusal:
            self._requests.take(address)  # who is refused is no client yet, and costs as much
            raise
        try:
            self._requests.take(f"of {principal.name}")
            _check(principal, need)
        except Refusal as error:
            error.principal = principal
            raise
        return principal

    def knows(self, principal: Principal, shown: Credentials) -> bool:
        """Whether what was shown is still that principal's: of what goes on for long."""
        if self._tokens is None or principal is ANYBODY:
            return True
        try:
            return principal in (
                self._tokens.by_certificate(shown.certificate) if shown.certificate else None,
                self._tokens.by_token(shown.token) if shown.token else None,
            )
        except Invalid:  # as a damaged file lets nobody in
            return False

    def _known(self, tokens: TokenFile, shown: Credentials, source: str) -> Principal:
        """Who shows these. Who guesses is slowed: a token that was never right waits its turn.

        Wrong ones are counted by address and by the token that they claim to be, if there is such
        a one: nobody is slowed by what others at the same address (a proxy's, perhaps) get wrong.
        """
        if shown.certificate and (found := tokens.by_certificate(shown.certificate)):
            return found
        if not shown.token:
            raise Unauthenticated("a token is needed: Authorization: Bearer TOKEN")
        mark = source, digest(shown.token)
        claimed = id_of(shown.token)
        network = network_of(source)
        guesser = f"{network} {claimed}" if tokens.has_id(claimed) else network
        if mark not in self._good:
            self._wrong.check(guesser)
        principal = tokens.by_token(shown.token)
        if principal is None:
            self._good.pop(mark, None)
            self._wrong.take(guesser)
            raise Unauthenticated("this token is not known; ask for one: bulkhead token add")
        self._good[mark] = None
        self._good.move_to_end(mark)
        if len(self._good) > _GOOD_MOST:
            self._good.popitem(last=False)
        return principal


def _check(principal: Principal, need: Need) -> None:
    """Raises Forbidden where a role does not reach so far."""
    if need is Need.WRITE and principal.role is Role.VIEWER:
        raise Forbidden(f"{principal} may look and not change")
    if need is Need.SITE and principal.tenants is not None:
        raise Forbidden(f"{principal} may not see what is the whole site's")

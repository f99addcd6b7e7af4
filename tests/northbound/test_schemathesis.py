"""The API keeps what its OpenAPI document says, whatever is sent to it.

Every call is made with what the document allows, and with what it does not. No answer is a server
error, and none is something that the document does not know.
"""

from __future__ import annotations

import itertools

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from controller.northbound.replay import HEADER, LONGEST
from controller.northbound.rest import create_app
from controller.northbound.use_cases import UseCases
from tests.northbound.fakes import FakeController

_APP = create_app(UseCases.of(FakeController(), apply_timeout_s=1.0))
# 412: If-Match is looked at first, so a wrong body is not always what a call is refused for.
_REFUSED = ["400", "404", "405", "412", "422"]
_CONFIG = schemathesis.Config.from_dict(
    {
        "request-timeout": 60,
        "checks": {"negative_data_rejection": {"expected-statuses": _REFUSED}},
        # One change or document is all that other calls take, and each of its limits is a call:
        # 3,000 of them. These are made from the whole of it.
        "operations": [
            {"include-path": path, "phases": {"coverage": {"enabled": False}}}
            for path in ("/v1/apply", "/v1/plan")
        ],
    }
)
schema = schemathesis.openapi.from_asgi("/openapi.json", _APP, config=_CONFIG)
_NUMBERS = itertools.count()

_NOT_HELD = [positive_data_acceptance]
"""A schema knows no names: most of what it allows is about objects that there are not."""


def _with_a_key_of_its_own(case: schemathesis.Case) -> None:
    """A key names the first request that had it: what comes again under it is not looked at."""
    key = case.headers.get(HEADER)
    if key is not None and 1 <= len(key) <= LONGEST:
        case.headers[HEADER] = f"key-{next(_NUMBERS)}"


@schema.parametrize()
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_api_is_as_its_document_says(case: schemathesis.Case) -> None:
    _with_a_key_of_its_own(case)
    not_held = list(_NOT_HELD)
    if case.operation.path == "/v1/events":
        case.query = {**(case.query or {}), "follow": "false"}  # a stream has no end
        not_held.append(negative_data_rejection)  # what was wrong may have been `follow` itself
    case.call_and_validate(excluded_checks=not_held)

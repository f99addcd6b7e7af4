"""The API keeps what its OpenAPI document says, whatever is sent to it.

Every call is made with what the document allows, and with what it does not. No answer is a server
error, and none is something that the document does not know.
"""

from __future__ import annotations

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from controller.northbound.rest import create_app
from controller.northbound.use_cases import UseCases
from tests.northbound.fakes import FakeController

_APP = create_app(UseCases.of(FakeController(), apply_timeout_s=1.0))
schema = schemathesis.openapi.from_asgi("/openapi.json", _APP)


@schema.exclude(path="/v1/events").parametrize()  # a stream has no end
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_api_is_as_its_document_says(case: schemathesis.Case) -> None:
    case.call_and_validate(excluded_checks=[positive_data_acceptance])  # a schema knows no names

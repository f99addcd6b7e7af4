"""A placement tool over gRPC changes what real packets may do, under the stock ryu-manager."""

from __future__ import annotations

import grpc

from controller.northbound import bulkhead_pb2 as pb
from controller.northbound.bulkhead_pb2_grpc import BulkheadStub
from tests.lab.conftest import Running
from tests.lab.test_real_packets import answers


def test_a_rule_withdrawn_and_put_back_over_grpc(running: Running) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{running.controller.grpc_port}") as channel:
        grpc.channel_ready_future(channel).result(timeout=30)
        site = BulkheadStub(channel)
        status = site.GetStatus(pb.StatusRequest(), timeout=30)
        assert status.ready and status.revision == running.controller.get("/v1/status")["revision"]
        rules = site.List(pb.ListRequest(collection="rules"), timeout=30)
        (opening,) = [item for item in rules.objects if item.rule.name == _opening(running)]
        assert answers(running) is not None
        gone = site.Delete(pb.DeleteRequest(collection="rules", name=opening.rule.name), timeout=30)
        assert gone.applied, dict(gone.pending)
        assert answers(running) is None
        back = site.Put(pb.PutRequest(object=opening), timeout=30)
        assert back.written.applied and back.created, dict(back.written.pending)
        assert answers(running) is not None


def _opening(running: Running) -> str:
    """The rule by which web-1 reaches order-api-2."""
    found = running.controller.get(
        "/v1/explain", **{"from": "web-1", "to": "order-api-2", "protocol": "tcp", "port": 8080}
    )
    return str(found["rule"]["name"])

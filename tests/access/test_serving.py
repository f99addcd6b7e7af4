"""Real sockets: TLS, client certificates, tokens over gRPC, clients that take their time."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

import grpc
import httpx
import pytest

from controller.errors import Invalid
from controller.northbound import bulkhead_pb2 as pb
from controller.northbound import connections, receiving
from controller.northbound.access.exposure import Tls
from controller.northbound.access.principals import Principal, Role
from controller.northbound.bulkhead_pb2_grpc import BulkheadStub
from controller.northbound.rpc_server import GrpcServer
from controller.northbound.server import RestServer
from controller.northbound.use_cases import UseCases
from controller.settings import load
from tests.access.conftest import Files, Guarded
from tests.northbound.fakes import FakeController
from tests.rpc.statuses import refused


def trusting(files: Files, *, shown: bool = False) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(files.ca))
    if shown:
        context.load_cert_chain(files.client, files.client_key)
    return context


def test_rest_over_tls_knows_tokens_and_certificates(
    loop: asyncio.Runner, files: Files, guarded: Guarded
) -> None:
    guarded.file.add(Principal("grafana", Role.VIEWER), "grafana.example")
    tls = Tls(files.certificate, files.key, files.ca)

    async def trial() -> None:
        server = RestServer(guarded.cases, port=0, tls=tls)
        await server.start()
        url = f"https://127.0.0.1:{server.address[1]}/v1/status"
        token = {"Authorization": f"Bearer {guarded.tokens['viewer']}"}
        async with httpx.AsyncClient(verify=trusting(files)) as plain:
            assert (await plain.get(url)).status_code == 401
            assert (await plain.get(url, headers=token)).status_code == 200
        async with httpx.AsyncClient(verify=trusting(files, shown=True)) as known:
            assert (await known.get(url)).status_code == 200
            write = url.replace("status", "instances/web-2")
            assert (await known.put(write, json={})).status_code == 403
        async with httpx.AsyncClient() as distrustful:
            with pytest.raises(httpx.ConnectError):
                await distrustful.get(url)
        await server.stop()

    loop.run(trial())
    assert "grafana (viewer)" in guarded.audited()[-1]["detail"]


def test_grpc_over_tls_knows_tokens(loop: asyncio.Runner, files: Files, guarded: Guarded) -> None:
    async def trial() -> None:
        server = GrpcServer(guarded.cases, port=0, tls=Tls(files.certificate, files.key))
        await server.start()
        trusted = grpc.ssl_channel_credentials(files.ca.read_bytes())
        async with grpc.aio.secure_channel(f"localhost:{server.address[1]}", trusted) as channel:
            site = BulkheadStub(channel)

            def as_(role: str) -> dict[str, object]:
                return {"metadata": (("authorization", f"Bearer {guarded.tokens[role]}"),)}

            found = await refused(site.GetStatus(pb.StatusRequest()))
            assert (found.code, found.reason) == (
                grpc.StatusCode.UNAUTHENTICATED,
                "UNAUTHENTICATED",
            )
            assert (await site.GetStatus(pb.StatusRequest(), **as_("tenant"))).revision == 1
            listed = await site.List(pb.ListRequest(collection="tenants"), **as_("tenant"))
            assert [item.tenant.name for item in listed.objects] == ["shop"]
            web = pb.Object(instance=pb.Instance(name="web-2", service="web", host="host-2"))
            put = pb.PutRequest(object=web)
            denied = await refused(site.Put(put, **as_("viewer")))
            assert denied.code is grpc.StatusCode.PERMISSION_DENIED
            watched = site.Watch(pb.WatchRequest(), **as_("tenant"))
            assert (await refused(watched.read())).code is grpc.StatusCode.PERMISSION_DENIED
            written = (await site.Put(put, **as_("tenant"))).written
            assert written.revision == 2
            gone = pb.DeleteRequest(collection="instances", name="prometheus-1")
            assert (await refused(site.Delete(gone, **as_("tenant")))).code in (
                grpc.StatusCode.PERMISSION_DENIED,
                grpc.StatusCode.NOT_FOUND,
            )
        guarded.engine.events().close()
        await server.stop()

    loop.run(trial())
    assert guarded.engine.history[-1][0].author == "shop-ci"
    told = [(line["who"], line["what"], line["outcome"]) for line in guarded.audited()]
    assert ("shop-ci", "gRPC Put instances/web-2", "done") in told
    assert ("", "gRPC GetStatus", "refused") in told
    text = guarded.audit_file.read_text()
    assert not any(token in text for token in guarded.tokens.values())


def test_grpc_knows_certificates_where_it_demands_them(
    loop: asyncio.Runner, files: Files, guarded: Guarded
) -> None:
    guarded.file.add(Principal("grafana", Role.VIEWER), "grafana.example")
    tls = Tls(files.certificate, files.key, files.ca, over_grpc=True)
    web = pb.Object(instance=pb.Instance(name="web-2", service="web", host="host-2"))

    async def trial() -> None:
        server = GrpcServer(guarded.cases, port=0, tls=tls)
        await server.start()
        address, ca = f"localhost:{server.address[1]}", files.ca.read_bytes()
        mine = files.client_key.read_bytes(), files.client.read_bytes()
        known = grpc.ssl_channel_credentials(ca, *mine)
        async with grpc.aio.secure_channel(address, known) as channel:
            site = BulkheadStub(channel)
            assert (await site.GetStatus(pb.StatusRequest())).revision == 1
            denied = await refused(site.Put(pb.PutRequest(object=web)))
            assert denied.code is grpc.StatusCode.PERMISSION_DENIED
            guarded.file.remove("grafana")
            found = await refused(site.GetStatus(pb.StatusRequest()))
            assert found.code is grpc.StatusCode.UNAUTHENTICATED
        async with grpc.aio.secure_channel(address, grpc.ssl_channel_credentials(ca)) as channel:
            token = (("authorization", f"Bearer {guarded.tokens['viewer']}"),)
            with pytest.raises(grpc.aio.AioRpcError) as error:
                await BulkheadStub(channel).GetStatus(pb.StatusRequest(), metadata=token)
            assert error.value.code() is grpc.StatusCode.UNAVAILABLE  # there is no connection
        guarded.engine.events().close()
        await server.stop()

    loop.run(trial())
    assert "grafana (viewer)" in guarded.audited()[0]["detail"]


def test_nobody_can_say_that_they_come_from_elsewhere(
    loop: asyncio.Runner, guarded: Guarded
) -> None:
    """What is on this machine, too: the audit log and the limits are by the address of the peer."""

    async def trial() -> None:
        server = RestServer(guarded.cases, port=0)
        await server.start()
        url = f"http://127.0.0.1:{server.address[1]}/v1/status"
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(url, headers={"X-Forwarded-For": "192.0.2.7"})
            assert answer.status_code == 401
        await server.stop()

    loop.run(trial())
    assert guarded.audited()[-1]["source"] == "127.0.0.1"


def test_a_request_that_does_not_come_to_its_end_is_ended(
    loop: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "ASK_S", 0.2)

    async def trial() -> None:
        server = RestServer(UseCases.of(FakeController()), port=0)
        await server.start()
        silent, _ = await asyncio.open_connection(*server.address)
        slow, writer = await asyncio.open_connection(*server.address)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-")
        good, asker = await asyncio.open_connection(*server.address)
        asker.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await good.readline()).startswith(b"HTTP/1.1 200")
        for ended in (silent, slow):
            with contextlib.suppress(ConnectionResetError):  # as the kernel tells it at times
                assert await asyncio.wait_for(ended.read(), 30) == b""
        await server.stop()

    loop.run(trial())


def test_a_body_that_does_not_come_to_its_end_is_refused(
    loop: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "BODY_S", 0.2)
    engine = FakeController()

    async def trial() -> None:
        server = RestServer(UseCases.of(engine), port=0)
        await server.start()
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(b"PUT /v1/instances/web-2 HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{")
        answer = await asyncio.wait_for(reader.readuntil(b"}"), 30)
        assert answer.startswith(b"HTTP/1.1 408") and b"did not come to its end" in answer
        writer.close()
        await server.stop()

    loop.run(trial())
    assert engine.revision() == 1


@pytest.mark.parametrize("name", ["rest", "grpc"])
def test_another_address_than_loopback_needs_tls_and_tokens(files: Files, name: str) -> None:
    variable = f"BULKHEAD_{name.upper()}"
    with pytest.raises(Invalid, match="tls_cert and tls_key and tokens_file"):
        load(environment={variable: "0.0.0.0:8443"})
    safe = {
        variable: "0.0.0.0:8443",
        "BULKHEAD_TLS_CERT": str(files.certificate),
        "BULKHEAD_TLS_KEY": str(files.key),
    }
    with pytest.raises(Invalid, match="set tokens_file too"):
        load(environment=safe)
    tokens = {"BULKHEAD_TOKENS_FILE": "/etc/bulkhead/tokens.json"}
    assert getattr(load(environment={**safe, **tokens}).settings, name) == "0.0.0.0:8443"


@pytest.mark.parametrize("address", ["127.0.0.1:1", "[::1]:1", "localhost:1"])
def test_loopback_needs_nothing(address: str) -> None:
    assert load(environment={"BULKHEAD_REST": address}).settings.rest == address


def test_half_of_tls_is_told(files: Files) -> None:
    with pytest.raises(Invalid, match="go together"):
        load(environment={"BULKHEAD_TLS_CERT": str(files.certificate)})
    with pytest.raises(Invalid, match="needs tls_client_ca"):
        load(environment={"BULKHEAD_GRPC_CERTIFICATES": "on"})

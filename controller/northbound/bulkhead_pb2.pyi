from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Wait(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    APPLIED: _ClassVar[Wait]
    STORED: _ClassVar[Wait]

class Detail(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COUNTS: _ClassVar[Detail]
    FLOWS: _ClassVar[Detail]
APPLIED: Wait
STORED: Wait
COUNTS: Detail
FLOWS: Detail

class Vrf(_message.Message):
    __slots__ = ("name", "id", "pool")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    name: str
    id: int
    pool: str
    def __init__(self, name: _Optional[str] = ..., id: _Optional[int] = ..., pool: _Optional[str] = ...) -> None: ...

class QosClass(_message.Message):
    __slots__ = ("name", "dscp", "queue", "min_rate", "max_rate", "priority", "metric")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DSCP_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    MIN_RATE_FIELD_NUMBER: _ClassVar[int]
    MAX_RATE_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    name: str
    dscp: int
    queue: int
    min_rate: str
    max_rate: str
    priority: int
    metric: str
    def __init__(self, name: _Optional[str] = ..., dscp: _Optional[int] = ..., queue: _Optional[int] = ..., min_rate: _Optional[str] = ..., max_rate: _Optional[str] = ..., priority: _Optional[int] = ..., metric: _Optional[str] = ...) -> None: ...

class Segment(_message.Message):
    __slots__ = ("name", "vrf", "vlan", "subnet", "gateway", "reserved")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VRF_FIELD_NUMBER: _ClassVar[int]
    VLAN_FIELD_NUMBER: _ClassVar[int]
    SUBNET_FIELD_NUMBER: _ClassVar[int]
    GATEWAY_FIELD_NUMBER: _ClassVar[int]
    RESERVED_FIELD_NUMBER: _ClassVar[int]
    name: str
    vrf: str
    vlan: int
    subnet: str
    gateway: str
    reserved: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., vrf: _Optional[str] = ..., vlan: _Optional[int] = ..., subnet: _Optional[str] = ..., gateway: _Optional[str] = ..., reserved: _Optional[_Iterable[str]] = ...) -> None: ...

class Tenant(_message.Message):
    __slots__ = ("name", "segment", "labels", "vrf", "vlan")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    VRF_FIELD_NUMBER: _ClassVar[int]
    VLAN_FIELD_NUMBER: _ClassVar[int]
    name: str
    segment: str
    labels: _containers.ScalarMap[str, str]
    vrf: str
    vlan: int
    def __init__(self, name: _Optional[str] = ..., segment: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., vrf: _Optional[str] = ..., vlan: _Optional[int] = ...) -> None: ...

class Service(_message.Message):
    __slots__ = ("name", "tenant", "labels")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    CLASS_FIELD_NUMBER: _ClassVar[int]
    name: str
    tenant: str
    labels: _containers.ScalarMap[str, str]
    def __init__(self, name: _Optional[str] = ..., tenant: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., **kwargs) -> None: ...

class Instance(_message.Message):
    __slots__ = ("name", "service", "host", "id", "port", "mac", "ip", "nested_vlan", "prefix_length", "gateway", "vlan", "vrf", "segment", "tenant", "mtu", "switch")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    MAC_FIELD_NUMBER: _ClassVar[int]
    IP_FIELD_NUMBER: _ClassVar[int]
    NESTED_VLAN_FIELD_NUMBER: _ClassVar[int]
    PREFIX_LENGTH_FIELD_NUMBER: _ClassVar[int]
    GATEWAY_FIELD_NUMBER: _ClassVar[int]
    VLAN_FIELD_NUMBER: _ClassVar[int]
    VRF_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    MTU_FIELD_NUMBER: _ClassVar[int]
    SWITCH_FIELD_NUMBER: _ClassVar[int]
    name: str
    service: str
    host: str
    id: int
    port: str
    mac: str
    ip: str
    nested_vlan: int
    prefix_length: int
    gateway: str
    vlan: int
    vrf: str
    segment: str
    tenant: str
    mtu: int
    switch: str
    def __init__(self, name: _Optional[str] = ..., service: _Optional[str] = ..., host: _Optional[str] = ..., id: _Optional[int] = ..., port: _Optional[str] = ..., mac: _Optional[str] = ..., ip: _Optional[str] = ..., nested_vlan: _Optional[int] = ..., prefix_length: _Optional[int] = ..., gateway: _Optional[str] = ..., vlan: _Optional[int] = ..., vrf: _Optional[str] = ..., segment: _Optional[str] = ..., tenant: _Optional[str] = ..., mtu: _Optional[int] = ..., switch: _Optional[str] = ...) -> None: ...

class Rule(_message.Message):
    __slots__ = ("name", "to", "allow", "dscp")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    ALLOW_FIELD_NUMBER: _ClassVar[int]
    DSCP_FIELD_NUMBER: _ClassVar[int]
    CLASS_FIELD_NUMBER: _ClassVar[int]
    name: str
    to: _struct_pb2.Struct
    allow: _containers.RepeatedScalarFieldContainer[str]
    dscp: int
    def __init__(self, name: _Optional[str] = ..., to: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., allow: _Optional[_Iterable[str]] = ..., dscp: _Optional[int] = ..., **kwargs) -> None: ...

class Object(_message.Message):
    __slots__ = ("vrf", "segment", "tenant", "service", "instance", "rule")
    VRF_FIELD_NUMBER: _ClassVar[int]
    CLASS_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    vrf: Vrf
    segment: Segment
    tenant: Tenant
    service: Service
    instance: Instance
    rule: Rule
    def __init__(self, vrf: _Optional[_Union[Vrf, _Mapping]] = ..., segment: _Optional[_Union[Segment, _Mapping]] = ..., tenant: _Optional[_Union[Tenant, _Mapping]] = ..., service: _Optional[_Union[Service, _Mapping]] = ..., instance: _Optional[_Union[Instance, _Mapping]] = ..., rule: _Optional[_Union[Rule, _Mapping]] = ..., **kwargs) -> None: ...

class ObjectName(_message.Message):
    __slots__ = ("collection", "name")
    COLLECTION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    collection: str
    name: str
    def __init__(self, collection: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class ListRequest(_message.Message):
    __slots__ = ("collection", "selector", "page_size", "page_token")
    COLLECTION_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    collection: str
    selector: str
    page_size: int
    page_token: str
    def __init__(self, collection: _Optional[str] = ..., selector: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListReply(_message.Message):
    __slots__ = ("objects", "next_page_token", "revision")
    OBJECTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    objects: _containers.RepeatedCompositeFieldContainer[Object]
    next_page_token: str
    revision: int
    def __init__(self, objects: _Optional[_Iterable[_Union[Object, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class WriteOptions(_message.Message):
    __slots__ = ("wait", "timeout_s", "dry_run", "detail", "message", "author", "expected_revision", "idempotency_key")
    WAIT_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_S_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_REVISION_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    wait: Wait
    timeout_s: float
    dry_run: bool
    detail: Detail
    message: str
    author: str
    expected_revision: int
    idempotency_key: str
    def __init__(self, wait: _Optional[_Union[Wait, str]] = ..., timeout_s: _Optional[float] = ..., dry_run: _Optional[bool] = ..., detail: _Optional[_Union[Detail, str]] = ..., message: _Optional[str] = ..., author: _Optional[str] = ..., expected_revision: _Optional[int] = ..., idempotency_key: _Optional[str] = ...) -> None: ...

class WriteReply(_message.Message):
    __slots__ = ("revision", "applied", "pending", "changed", "plan", "replayed")
    class PendingEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REVISION_FIELD_NUMBER: _ClassVar[int]
    APPLIED_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    REPLAYED_FIELD_NUMBER: _ClassVar[int]
    revision: int
    applied: bool
    pending: _containers.ScalarMap[str, str]
    changed: bool
    plan: Plan
    replayed: bool
    def __init__(self, revision: _Optional[int] = ..., applied: _Optional[bool] = ..., pending: _Optional[_Mapping[str, str]] = ..., changed: _Optional[bool] = ..., plan: _Optional[_Union[Plan, _Mapping]] = ..., replayed: _Optional[bool] = ...) -> None: ...

class PutRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: Object
    options: WriteOptions
    def __init__(self, object: _Optional[_Union[Object, _Mapping]] = ..., options: _Optional[_Union[WriteOptions, _Mapping]] = ...) -> None: ...

class PutReply(_message.Message):
    __slots__ = ("object", "written", "created")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    WRITTEN_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    object: Object
    written: WriteReply
    created: bool
    def __init__(self, object: _Optional[_Union[Object, _Mapping]] = ..., written: _Optional[_Union[WriteReply, _Mapping]] = ..., created: _Optional[bool] = ...) -> None: ...

class DeleteRequest(_message.Message):
    __slots__ = ("collection", "name", "options")
    COLLECTION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    collection: str
    name: str
    options: WriteOptions
    def __init__(self, collection: _Optional[str] = ..., name: _Optional[str] = ..., options: _Optional[_Union[WriteOptions, _Mapping]] = ...) -> None: ...

class ApplyRequest(_message.Message):
    __slots__ = ("document", "changes", "options")
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    document: str
    changes: _containers.RepeatedCompositeFieldContainer[Change]
    options: WriteOptions
    def __init__(self, document: _Optional[str] = ..., changes: _Optional[_Iterable[_Union[Change, _Mapping]]] = ..., options: _Optional[_Union[WriteOptions, _Mapping]] = ...) -> None: ...

class Change(_message.Message):
    __slots__ = ("put", "delete")
    PUT_FIELD_NUMBER: _ClassVar[int]
    DELETE_FIELD_NUMBER: _ClassVar[int]
    put: Object
    delete: ObjectName
    def __init__(self, put: _Optional[_Union[Object, _Mapping]] = ..., delete: _Optional[_Union[ObjectName, _Mapping]] = ...) -> None: ...

class PlaceRequest(_message.Message):
    __slots__ = ("items", "keep_going", "options")
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    KEEP_GOING_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[Placement]
    keep_going: bool
    options: WriteOptions
    def __init__(self, items: _Optional[_Iterable[_Union[Placement, _Mapping]]] = ..., keep_going: _Optional[bool] = ..., options: _Optional[_Union[WriteOptions, _Mapping]] = ...) -> None: ...

class Placement(_message.Message):
    __slots__ = ("place", "move_instance", "move_tenant", "remove")
    PLACE_FIELD_NUMBER: _ClassVar[int]
    MOVE_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    MOVE_TENANT_FIELD_NUMBER: _ClassVar[int]
    REMOVE_FIELD_NUMBER: _ClassVar[int]
    place: Instance
    move_instance: MoveInstance
    move_tenant: MoveTenant
    remove: str
    def __init__(self, place: _Optional[_Union[Instance, _Mapping]] = ..., move_instance: _Optional[_Union[MoveInstance, _Mapping]] = ..., move_tenant: _Optional[_Union[MoveTenant, _Mapping]] = ..., remove: _Optional[str] = ...) -> None: ...

class MoveInstance(_message.Message):
    __slots__ = ("name", "host")
    NAME_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    name: str
    host: str
    def __init__(self, name: _Optional[str] = ..., host: _Optional[str] = ...) -> None: ...

class MoveTenant(_message.Message):
    __slots__ = ("name", "segment", "vrf", "vlan", "readdress")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    VRF_FIELD_NUMBER: _ClassVar[int]
    VLAN_FIELD_NUMBER: _ClassVar[int]
    READDRESS_FIELD_NUMBER: _ClassVar[int]
    name: str
    segment: str
    vrf: str
    vlan: int
    readdress: bool
    def __init__(self, name: _Optional[str] = ..., segment: _Optional[str] = ..., vrf: _Optional[str] = ..., vlan: _Optional[int] = ..., readdress: _Optional[bool] = ...) -> None: ...

class PlaceReply(_message.Message):
    __slots__ = ("items", "written")
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    WRITTEN_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[Placed]
    written: WriteReply
    def __init__(self, items: _Optional[_Iterable[_Union[Placed, _Mapping]]] = ..., written: _Optional[_Union[WriteReply, _Mapping]] = ...) -> None: ...

class Placed(_message.Message):
    __slots__ = ("op", "name", "done", "object", "errors")
    OP_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    op: str
    name: str
    done: bool
    object: Object
    errors: _containers.RepeatedCompositeFieldContainer[Problem]
    def __init__(self, op: _Optional[str] = ..., name: _Optional[str] = ..., done: _Optional[bool] = ..., object: _Optional[_Union[Object, _Mapping]] = ..., errors: _Optional[_Iterable[_Union[Problem, _Mapping]]] = ...) -> None: ...

class Problem(_message.Message):
    __slots__ = ("path", "message")
    PATH_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    path: str
    message: str
    def __init__(self, path: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class MoveTenantRequest(_message.Message):
    __slots__ = ("move", "options")
    MOVE_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    move: MoveTenant
    options: WriteOptions
    def __init__(self, move: _Optional[_Union[MoveTenant, _Mapping]] = ..., options: _Optional[_Union[WriteOptions, _Mapping]] = ...) -> None: ...

class MoveTenantReply(_message.Message):
    __slots__ = ("tenant", "segment", "vrf", "vlan", "written")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    VRF_FIELD_NUMBER: _ClassVar[int]
    VLAN_FIELD_NUMBER: _ClassVar[int]
    WRITTEN_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    segment: str
    vrf: str
    vlan: int
    written: WriteReply
    def __init__(self, tenant: _Optional[str] = ..., segment: _Optional[str] = ..., vrf: _Optional[str] = ..., vlan: _Optional[int] = ..., written: _Optional[_Union[WriteReply, _Mapping]] = ...) -> None: ...

class MoveInstanceRequest(_message.Message):
    __slots__ = ("move", "options")
    MOVE_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    move: MoveInstance
    options: WriteOptions
    def __init__(self, move: _Optional[_Union[MoveInstance, _Mapping]] = ..., options: _Optional[_Union[WriteOptions, _Mapping]] = ...) -> None: ...

class PlanName(_message.Message):
    __slots__ = ("plan",)
    PLAN_FIELD_NUMBER: _ClassVar[int]
    plan: str
    def __init__(self, plan: _Optional[str] = ...) -> None: ...

class ApplyPlanRequest(_message.Message):
    __slots__ = ("plan", "options")
    PLAN_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    plan: str
    options: WriteOptions
    def __init__(self, plan: _Optional[str] = ..., options: _Optional[_Union[WriteOptions, _Mapping]] = ...) -> None: ...

class Plan(_message.Message):
    __slots__ = ("plan", "revision", "changed", "pairs", "details")
    PLAN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    PAIRS_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    plan: str
    revision: int
    changed: bool
    pairs: _containers.RepeatedScalarFieldContainer[str]
    details: _struct_pb2.Struct
    def __init__(self, plan: _Optional[str] = ..., revision: _Optional[int] = ..., changed: _Optional[bool] = ..., pairs: _Optional[_Iterable[str]] = ..., details: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class ExplainRequest(_message.Message):
    __slots__ = ("to", "protocol", "port", "dscp")
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    DSCP_FIELD_NUMBER: _ClassVar[int]
    to: str
    protocol: str
    port: int
    dscp: int
    def __init__(self, to: _Optional[str] = ..., protocol: _Optional[str] = ..., port: _Optional[int] = ..., dscp: _Optional[int] = ..., **kwargs) -> None: ...

class VerifyRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RoutesRequest(_message.Message):
    __slots__ = ("to", "vrf")
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    CLASS_FIELD_NUMBER: _ClassVar[int]
    VRF_FIELD_NUMBER: _ClassVar[int]
    to: str
    vrf: str
    def __init__(self, to: _Optional[str] = ..., vrf: _Optional[str] = ..., **kwargs) -> None: ...

class Routes(_message.Message):
    __slots__ = ("to", "metric", "paths")
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    CLASS_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    PATHS_FIELD_NUMBER: _ClassVar[int]
    to: str
    metric: str
    paths: _containers.RepeatedCompositeFieldContainer[Path]
    def __init__(self, to: _Optional[str] = ..., metric: _Optional[str] = ..., paths: _Optional[_Iterable[_Union[Path, _Mapping]]] = ..., **kwargs) -> None: ...

class Path(_message.Message):
    __slots__ = ("vrf", "reachable", "switches", "links", "latency_us", "cost", "protection")
    VRF_FIELD_NUMBER: _ClassVar[int]
    REACHABLE_FIELD_NUMBER: _ClassVar[int]
    SWITCHES_FIELD_NUMBER: _ClassVar[int]
    LINKS_FIELD_NUMBER: _ClassVar[int]
    LATENCY_US_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    PROTECTION_FIELD_NUMBER: _ClassVar[int]
    vrf: str
    reachable: bool
    switches: _containers.RepeatedScalarFieldContainer[str]
    links: _containers.RepeatedScalarFieldContainer[str]
    latency_us: int
    cost: int
    protection: Protection
    def __init__(self, vrf: _Optional[str] = ..., reachable: _Optional[bool] = ..., switches: _Optional[_Iterable[str]] = ..., links: _Optional[_Iterable[str]] = ..., latency_us: _Optional[int] = ..., cost: _Optional[int] = ..., protection: _Optional[_Union[Protection, _Mapping]] = ...) -> None: ...

class Protection(_message.Message):
    __slots__ = ("by", "links", "switches", "single_points")
    BY_FIELD_NUMBER: _ClassVar[int]
    LINKS_FIELD_NUMBER: _ClassVar[int]
    SWITCHES_FIELD_NUMBER: _ClassVar[int]
    SINGLE_POINTS_FIELD_NUMBER: _ClassVar[int]
    by: str
    links: _containers.RepeatedCompositeFieldContainer[Detour]
    switches: _containers.RepeatedCompositeFieldContainer[Detour]
    single_points: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, by: _Optional[str] = ..., links: _Optional[_Iterable[_Union[Detour, _Mapping]]] = ..., switches: _Optional[_Iterable[_Union[Detour, _Mapping]]] = ..., single_points: _Optional[_Iterable[str]] = ...) -> None: ...

class Detour(_message.Message):
    __slots__ = ("name", "then")
    NAME_FIELD_NUMBER: _ClassVar[int]
    THEN_FIELD_NUMBER: _ClassVar[int]
    name: str
    then: Way
    def __init__(self, name: _Optional[str] = ..., then: _Optional[_Union[Way, _Mapping]] = ...) -> None: ...

class Way(_message.Message):
    __slots__ = ("switches", "links", "latency_us", "cost")
    SWITCHES_FIELD_NUMBER: _ClassVar[int]
    LINKS_FIELD_NUMBER: _ClassVar[int]
    LATENCY_US_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    switches: _containers.RepeatedScalarFieldContainer[str]
    links: _containers.RepeatedScalarFieldContainer[str]
    latency_us: int
    cost: int
    def __init__(self, switches: _Optional[_Iterable[str]] = ..., links: _Optional[_Iterable[str]] = ..., latency_us: _Optional[int] = ..., cost: _Optional[int] = ...) -> None: ...

class TopologyRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Topology(_message.Message):
    __slots__ = ("switches", "links", "hosts")
    SWITCHES_FIELD_NUMBER: _ClassVar[int]
    LINKS_FIELD_NUMBER: _ClassVar[int]
    HOSTS_FIELD_NUMBER: _ClassVar[int]
    switches: _containers.RepeatedCompositeFieldContainer[Switch]
    links: _containers.RepeatedCompositeFieldContainer[Link]
    hosts: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, switches: _Optional[_Iterable[_Union[Switch, _Mapping]]] = ..., links: _Optional[_Iterable[_Union[Link, _Mapping]]] = ..., hosts: _Optional[_Iterable[str]] = ...) -> None: ...

class Switch(_message.Message):
    __slots__ = ("name", "role", "number", "datapath_id", "host")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    DATAPATH_ID_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    name: str
    role: str
    number: int
    datapath_id: str
    host: str
    def __init__(self, name: _Optional[str] = ..., role: _Optional[str] = ..., number: _Optional[int] = ..., datapath_id: _Optional[str] = ..., host: _Optional[str] = ...) -> None: ...

class Link(_message.Message):
    __slots__ = ("name", "a", "b", "rate_mbps", "latency_us", "cost", "vrfs", "up", "load")
    NAME_FIELD_NUMBER: _ClassVar[int]
    A_FIELD_NUMBER: _ClassVar[int]
    B_FIELD_NUMBER: _ClassVar[int]
    RATE_MBPS_FIELD_NUMBER: _ClassVar[int]
    LATENCY_US_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    VRFS_FIELD_NUMBER: _ClassVar[int]
    UP_FIELD_NUMBER: _ClassVar[int]
    LOAD_FIELD_NUMBER: _ClassVar[int]
    name: str
    a: Endpoint
    b: Endpoint
    rate_mbps: int
    latency_us: int
    cost: int
    vrfs: _containers.RepeatedScalarFieldContainer[str]
    up: bool
    load: LinkLoad
    def __init__(self, name: _Optional[str] = ..., a: _Optional[_Union[Endpoint, _Mapping]] = ..., b: _Optional[_Union[Endpoint, _Mapping]] = ..., rate_mbps: _Optional[int] = ..., latency_us: _Optional[int] = ..., cost: _Optional[int] = ..., vrfs: _Optional[_Iterable[str]] = ..., up: _Optional[bool] = ..., load: _Optional[_Union[LinkLoad, _Mapping]] = ...) -> None: ...

class LinkLoad(_message.Message):
    __slots__ = ("a_to_b_bps", "b_to_a_bps", "share")
    A_TO_B_BPS_FIELD_NUMBER: _ClassVar[int]
    B_TO_A_BPS_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    a_to_b_bps: float
    b_to_a_bps: float
    share: float
    def __init__(self, a_to_b_bps: _Optional[float] = ..., b_to_a_bps: _Optional[float] = ..., share: _Optional[float] = ...) -> None: ...

class Endpoint(_message.Message):
    __slots__ = ("switch", "port", "number")
    SWITCH_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    switch: str
    port: str
    number: int
    def __init__(self, switch: _Optional[str] = ..., port: _Optional[str] = ..., number: _Optional[int] = ...) -> None: ...

class SwitchesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Switches(_message.Message):
    __slots__ = ("switches",)
    SWITCHES_FIELD_NUMBER: _ClassVar[int]
    switches: _containers.RepeatedCompositeFieldContainer[SwitchState]
    def __init__(self, switches: _Optional[_Iterable[_Union[SwitchState, _Mapping]]] = ...) -> None: ...

class SwitchState(_message.Message):
    __slots__ = ("name", "number", "role", "host", "connected", "in_sync", "revision", "entries", "problem")
    NAME_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    CONNECTED_FIELD_NUMBER: _ClassVar[int]
    IN_SYNC_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    name: str
    number: int
    role: str
    host: str
    connected: bool
    in_sync: bool
    revision: int
    entries: int
    problem: str
    def __init__(self, name: _Optional[str] = ..., number: _Optional[int] = ..., role: _Optional[str] = ..., host: _Optional[str] = ..., connected: _Optional[bool] = ..., in_sync: _Optional[bool] = ..., revision: _Optional[int] = ..., entries: _Optional[int] = ..., problem: _Optional[str] = ...) -> None: ...

class ReachabilityRequest(_message.Message):
    __slots__ = ("source", "destination", "tenant", "page_size", "page_token")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    source: str
    destination: str
    tenant: str
    page_size: int
    page_token: str
    def __init__(self, source: _Optional[str] = ..., destination: _Optional[str] = ..., tenant: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class Reachability(_message.Message):
    __slots__ = ("pairs", "revision", "next_page_token")
    PAIRS_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    pairs: _containers.RepeatedCompositeFieldContainer[Reach]
    revision: int
    next_page_token: str
    def __init__(self, pairs: _Optional[_Iterable[_Union[Reach, _Mapping]]] = ..., revision: _Optional[int] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class Reach(_message.Message):
    __slots__ = ("source", "destination", "tenants", "allow", "rule", "dscp")
    class TenantsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    TENANTS_FIELD_NUMBER: _ClassVar[int]
    ALLOW_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    CLASS_FIELD_NUMBER: _ClassVar[int]
    DSCP_FIELD_NUMBER: _ClassVar[int]
    source: str
    destination: str
    tenants: _containers.ScalarMap[str, str]
    allow: _containers.RepeatedScalarFieldContainer[str]
    rule: str
    dscp: int
    def __init__(self, source: _Optional[str] = ..., destination: _Optional[str] = ..., tenants: _Optional[_Mapping[str, str]] = ..., allow: _Optional[_Iterable[str]] = ..., rule: _Optional[str] = ..., dscp: _Optional[int] = ..., **kwargs) -> None: ...

class MatrixRequest(_message.Message):
    __slots__ = ("source", "destination", "match", "limit")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    MATCH_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    source: str
    destination: str
    match: str
    limit: int
    def __init__(self, source: _Optional[str] = ..., destination: _Optional[str] = ..., match: _Optional[str] = ..., limit: _Optional[int] = ...) -> None: ...

class Matrix(_message.Message):
    __slots__ = ("of", "total", "sources", "destinations", "cells", "revision")
    OF_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    DESTINATIONS_FIELD_NUMBER: _ClassVar[int]
    CELLS_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    of: str
    total: MatrixTotal
    sources: _containers.RepeatedScalarFieldContainer[str]
    destinations: _containers.RepeatedScalarFieldContainer[str]
    cells: _containers.RepeatedCompositeFieldContainer[MatrixCell]
    revision: int
    def __init__(self, of: _Optional[str] = ..., total: _Optional[_Union[MatrixTotal, _Mapping]] = ..., sources: _Optional[_Iterable[str]] = ..., destinations: _Optional[_Iterable[str]] = ..., cells: _Optional[_Iterable[_Union[MatrixCell, _Mapping]]] = ..., revision: _Optional[int] = ...) -> None: ...

class MatrixTotal(_message.Message):
    __slots__ = ("sources", "destinations")
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    DESTINATIONS_FIELD_NUMBER: _ClassVar[int]
    sources: int
    destinations: int
    def __init__(self, sources: _Optional[int] = ..., destinations: _Optional[int] = ...) -> None: ...

class MatrixCell(_message.Message):
    __slots__ = ("source", "destination", "rules", "openings")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    OPENINGS_FIELD_NUMBER: _ClassVar[int]
    source: str
    destination: str
    rules: _containers.RepeatedScalarFieldContainer[str]
    openings: _containers.RepeatedCompositeFieldContainer[Opening]
    def __init__(self, source: _Optional[str] = ..., destination: _Optional[str] = ..., rules: _Optional[_Iterable[str]] = ..., openings: _Optional[_Iterable[_Union[Opening, _Mapping]]] = ...) -> None: ...

class Opening(_message.Message):
    __slots__ = ("rule", "allow")
    RULE_FIELD_NUMBER: _ClassVar[int]
    ALLOW_FIELD_NUMBER: _ClassVar[int]
    CLASS_FIELD_NUMBER: _ClassVar[int]
    rule: str
    allow: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, rule: _Optional[str] = ..., allow: _Optional[_Iterable[str]] = ..., **kwargs) -> None: ...

class CapacityRequest(_message.Message):
    __slots__ = ("host",)
    HOST_FIELD_NUMBER: _ClassVar[int]
    host: str
    def __init__(self, host: _Optional[str] = ...) -> None: ...

class Amount(_message.Message):
    __slots__ = ("total", "used", "free", "pool")
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    USED_FIELD_NUMBER: _ClassVar[int]
    FREE_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    total: int
    used: int
    free: int
    pool: str
    def __init__(self, total: _Optional[int] = ..., used: _Optional[int] = ..., free: _Optional[int] = ..., pool: _Optional[str] = ...) -> None: ...

class Capacity(_message.Message):
    __slots__ = ("instances", "hosts", "vrfs", "segments")
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    HOSTS_FIELD_NUMBER: _ClassVar[int]
    VRFS_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    instances: Amount
    hosts: _containers.RepeatedCompositeFieldContainer[HostCapacity]
    vrfs: _containers.RepeatedCompositeFieldContainer[VrfCapacity]
    segments: _containers.RepeatedCompositeFieldContainer[SegmentCapacity]
    def __init__(self, instances: _Optional[_Union[Amount, _Mapping]] = ..., hosts: _Optional[_Iterable[_Union[HostCapacity, _Mapping]]] = ..., vrfs: _Optional[_Iterable[_Union[VrfCapacity, _Mapping]]] = ..., segments: _Optional[_Iterable[_Union[SegmentCapacity, _Mapping]]] = ...) -> None: ...

class HostCapacity(_message.Message):
    __slots__ = ("host", "switch", "instances", "links", "ports")
    HOST_FIELD_NUMBER: _ClassVar[int]
    SWITCH_FIELD_NUMBER: _ClassVar[int]
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    LINKS_FIELD_NUMBER: _ClassVar[int]
    PORTS_FIELD_NUMBER: _ClassVar[int]
    host: str
    switch: str
    instances: Amount
    links: _containers.RepeatedCompositeFieldContainer[LinkCapacity]
    ports: Amount
    def __init__(self, host: _Optional[str] = ..., switch: _Optional[str] = ..., instances: _Optional[_Union[Amount, _Mapping]] = ..., links: _Optional[_Iterable[_Union[LinkCapacity, _Mapping]]] = ..., ports: _Optional[_Union[Amount, _Mapping]] = ...) -> None: ...

class LinkCapacity(_message.Message):
    __slots__ = ("name", "up", "rate_mbps", "reserved_mbps", "unreserved_mbps")
    class ReservedMbpsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    UP_FIELD_NUMBER: _ClassVar[int]
    RATE_MBPS_FIELD_NUMBER: _ClassVar[int]
    RESERVED_MBPS_FIELD_NUMBER: _ClassVar[int]
    UNRESERVED_MBPS_FIELD_NUMBER: _ClassVar[int]
    name: str
    up: bool
    rate_mbps: int
    reserved_mbps: _containers.ScalarMap[str, float]
    unreserved_mbps: float
    def __init__(self, name: _Optional[str] = ..., up: _Optional[bool] = ..., rate_mbps: _Optional[int] = ..., reserved_mbps: _Optional[_Mapping[str, float]] = ..., unreserved_mbps: _Optional[float] = ...) -> None: ...

class VrfCapacity(_message.Message):
    __slots__ = ("vrf", "vlans", "subnets")
    VRF_FIELD_NUMBER: _ClassVar[int]
    VLANS_FIELD_NUMBER: _ClassVar[int]
    SUBNETS_FIELD_NUMBER: _ClassVar[int]
    vrf: str
    vlans: Amount
    subnets: Amount
    def __init__(self, vrf: _Optional[str] = ..., vlans: _Optional[_Union[Amount, _Mapping]] = ..., subnets: _Optional[_Union[Amount, _Mapping]] = ...) -> None: ...

class SegmentCapacity(_message.Message):
    __slots__ = ("segment", "vrf", "vlan", "subnet", "addresses", "reserved")
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    VRF_FIELD_NUMBER: _ClassVar[int]
    VLAN_FIELD_NUMBER: _ClassVar[int]
    SUBNET_FIELD_NUMBER: _ClassVar[int]
    ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    RESERVED_FIELD_NUMBER: _ClassVar[int]
    segment: str
    vrf: str
    vlan: int
    subnet: str
    addresses: Amount
    reserved: int
    def __init__(self, segment: _Optional[str] = ..., vrf: _Optional[str] = ..., vlan: _Optional[int] = ..., subnet: _Optional[str] = ..., addresses: _Optional[_Union[Amount, _Mapping]] = ..., reserved: _Optional[int] = ...) -> None: ...

class StatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Status(_message.Message):
    __slots__ = ("version", "revision", "started", "ready", "reason", "switches", "objects", "proof")
    class SwitchesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    class ObjectsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    READY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SWITCHES_FIELD_NUMBER: _ClassVar[int]
    OBJECTS_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    version: str
    revision: int
    started: bool
    ready: bool
    reason: str
    switches: _containers.ScalarMap[str, int]
    objects: _containers.ScalarMap[str, int]
    proof: _struct_pb2.Struct
    def __init__(self, version: _Optional[str] = ..., revision: _Optional[int] = ..., started: _Optional[bool] = ..., ready: _Optional[bool] = ..., reason: _Optional[str] = ..., switches: _Optional[_Mapping[str, int]] = ..., objects: _Optional[_Mapping[str, int]] = ..., proof: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("since_revision", "after")
    SINCE_REVISION_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    since_revision: int
    after: int
    def __init__(self, since_revision: _Optional[int] = ..., after: _Optional[int] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("id", "at", "kind", "data")
    ID_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    id: int
    at: str
    kind: str
    data: _struct_pb2.Struct
    def __init__(self, id: _Optional[int] = ..., at: _Optional[str] = ..., kind: _Optional[str] = ..., data: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class RevisionsRequest(_message.Message):
    __slots__ = ("limit", "page_token")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    limit: int
    page_token: str
    def __init__(self, limit: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class Revisions(_message.Message):
    __slots__ = ("revisions", "next_page_token")
    REVISIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    revisions: _containers.RepeatedCompositeFieldContainer[RevisionInfo]
    next_page_token: str
    def __init__(self, revisions: _Optional[_Iterable[_Union[RevisionInfo, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RevisionInfo(_message.Message):
    __slots__ = ("revision", "author", "message", "created_at", "changes")
    REVISION_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    revision: int
    author: str
    message: str
    created_at: str
    changes: ChangedObjects
    def __init__(self, revision: _Optional[int] = ..., author: _Optional[str] = ..., message: _Optional[str] = ..., created_at: _Optional[str] = ..., changes: _Optional[_Union[ChangedObjects, _Mapping]] = ...) -> None: ...

class ChangedObjects(_message.Message):
    __slots__ = ("added", "changed", "removed")
    ADDED_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    added: _containers.RepeatedScalarFieldContainer[str]
    changed: _containers.RepeatedScalarFieldContainer[str]
    removed: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, added: _Optional[_Iterable[str]] = ..., changed: _Optional[_Iterable[str]] = ..., removed: _Optional[_Iterable[str]] = ...) -> None: ...

class RevisionNumber(_message.Message):
    __slots__ = ("revision",)
    REVISION_FIELD_NUMBER: _ClassVar[int]
    revision: int
    def __init__(self, revision: _Optional[int] = ...) -> None: ...

class RevisionDocument(_message.Message):
    __slots__ = ("revision", "document")
    REVISION_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    revision: int
    document: str
    def __init__(self, revision: _Optional[int] = ..., document: _Optional[str] = ...) -> None: ...

class DiffRequest(_message.Message):
    __slots__ = ("to", "detail")
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    to: int
    detail: Detail
    def __init__(self, to: _Optional[int] = ..., detail: _Optional[_Union[Detail, str]] = ..., **kwargs) -> None: ...

class RestoreRequest(_message.Message):
    __slots__ = ("revision", "options")
    REVISION_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    revision: int
    options: WriteOptions
    def __init__(self, revision: _Optional[int] = ..., options: _Optional[_Union[WriteOptions, _Mapping]] = ...) -> None: ...

"""The smallest Ryu application that proves a session: a barrier asked, its answer printed."""

from __future__ import annotations

from typing import Any

from ryu.base import app_manager
from ryu.controller import ofp_event
from ryu.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from ryu.ofproto import ofproto_v1_4


class BarrierApp(app_manager.RyuApp):
    """Asks every switch for a barrier as soon as it is known."""

    OFP_VERSIONS = (ofproto_v1_4.OFP_VERSION,)

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def ask(self, event: Any) -> None:
        datapath = event.msg.datapath
        datapath.send_msg(datapath.ofproto_parser.OFPBarrierRequest(datapath))

    @set_ev_cls(ofp_event.EventOFPBarrierReply, [CONFIG_DISPATCHER, MAIN_DISPATCHER])
    def answered(self, event: Any) -> None:
        print(f"barrier {event.msg.datapath.id:x}", flush=True)

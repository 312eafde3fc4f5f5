"""The words that server and bridge exchange over their websocket: typed, versioned, identified.

Every message is one JSON text object whose ``type`` names it. After the server's Challenge every
frame is signed (see signed.py), in both directions. All instants are
milliseconds of Unix time as the *server* tells it, whatever the bridge's own clock says.
Redelivery is normal on both sides: a command id answers with its first result, and a journal
sequence number is stored once.
"""

from __future__ import annotations

from kiosk.bridge.protocol.access_lists import (
    ListAsk,
    ListDeny,
    ListHas,
    ListKept,
    ListPut,
    ListSigned,
    ListStands,
)
from kiosk.bridge.protocol.alone import FinishedAlone, GivenAlone, OpenedAlone, WrongPin
from kiosk.bridge.protocol.authority import Handback, Held, Hold, Renew, Renewed, Take, Written
from kiosk.bridge.protocol.coding import (
    MAX_FRAME_BYTES,
    FromBridge,
    FromServer,
    MalformedMessage,
    decode_detail,
    decode_from_bridge,
    decode_from_server,
    decode_refused,
    encode,
    encode_detail,
    encode_refused,
    fitting,
)
from kiosk.bridge.protocol.configuration import (
    BankConfig,
    CompartmentConfig,
    Config,
    ControllerConfig,
    ReaderConfig,
)
from kiosk.bridge.protocol.enrolling import Enrol, Enrolled
from kiosk.bridge.protocol.from_bridge import (
    BoardReading,
    BusReading,
    DoorReading,
    Doors,
    Event,
    Events,
    Health,
    Hello,
    Live,
    NewKey,
    Ping,
    ReaderReading,
    Scan,
    ScanRefused,
)
from kiosk.bridge.protocol.from_server import (
    Ack,
    Cancel,
    Challenge,
    Configure,
    Open,
    Pong,
    Refused,
    Roll,
    ScanAnswer,
    Welcome,
)
from kiosk.bridge.protocol.inquiries import Answer, Inquire
from kiosk.bridge.protocol.values import (
    DID_NOT_OPEN,
    BoardState,
    BusState,
    DoorState,
    EventKind,
    JournalState,
    ListState,
    Message,
)

PROTOCOL_VERSION = 1

__all__ = [
    "DID_NOT_OPEN",
    "Ack",
    "Answer",
    "BankConfig",
    "BoardReading",
    "BoardState",
    "BusReading",
    "BusState",
    "Cancel",
    "Challenge",
    "CompartmentConfig",
    "Config",
    "Configure",
    "ControllerConfig",
    "DoorReading",
    "DoorState",
    "Doors",
    "Enrol",
    "Enrolled",
    "Event",
    "EventKind",
    "Events",
    "FinishedAlone",
    "FromBridge",
    "FromServer",
    "GivenAlone",
    "Handback",
    "Health",
    "Held",
    "Hello",
    "Hold",
    "JournalState",
    "ListAsk",
    "ListDeny",
    "ListHas",
    "ListKept",
    "ListPut",
    "ListSigned",
    "ListStands",
    "ListState",
    "Live",
    "Inquire",
    "MAX_FRAME_BYTES",
    "MalformedMessage",
    "Message",
    "NewKey",
    "Open",
    "OpenedAlone",
    "PROTOCOL_VERSION",
    "Ping",
    "Pong",
    "ReaderConfig",
    "ReaderReading",
    "Refused",
    "Renew",
    "Renewed",
    "Roll",
    "Scan",
    "ScanAnswer",
    "ScanRefused",
    "Take",
    "Welcome",
    "Written",
    "WrongPin",
    "decode_detail",
    "decode_from_bridge",
    "decode_from_server",
    "decode_refused",
    "encode",
    "encode_detail",
    "encode_refused",
    "fitting",
]

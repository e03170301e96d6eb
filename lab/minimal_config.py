"""The smallest configuration on which AMI, AGI and voicemail can be tried.

Two endpoints in the context `lab`: one without a password, known by its address 127.0.0.1,
and the device DEVICE, which registers with DEVICE_PASSWORD. A third, `lamps`, never registers:
it only has the lamps of all mailboxes.

| extension | what happens |
|---|---|
| 100 | answers, hangs up |
| 101 | FastAGI: agi://127.0.0.1:${AGI_PORT}/${AGI_NAME} |
| 102 | AGI as a process: ${AGI_PROGRAM} |
| 103 | echo |
| 104 | rings the phone on port ${PHONE_PORT} for 20 seconds |
| 105 | rings for ever, never answers |
| 106 | rings the device for 20 seconds, wherever it registered |
| 200 | answers, waits 30 seconds |
| 300 | the queue `support` |
| 301 | the room `room1` |
| 6001, 6002 | voicemail, no greeting; `h` tells UserEvent(VoicemailLeft) |

The words in ${} are globals that a test may change (`dialplan set global AGI_PORT 4573`) or
set for one channel. The contexts `speak` and `silent`, extension s, are the far end of a
call that Originate places without a phone: one plays a prompt, the other says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.ports import LOOPBACK, AsteriskPorts

MAILBOXES = {"6001": "4242", "6002": "4343"}
ENDPOINT = "lab"
CONTEXT = "lab"
DEVICE = "desk1"
DEVICE_PASSWORD = "desk1-password"


@dataclass(frozen=True)
class AmiAccount:
    """A manager account. read, write: classes, as manager.conf has them."""

    username: str
    secret: str
    read: str = "all"
    write: str = "all"


def accounts(secret: str) -> tuple[AmiAccount, AmiAccount]:
    """The account with all rights and the one with the fewest that voxpost needs."""
    least = AmiAccount(
        "voxpost", secret, "call,user,agent,system", "originate,message,call,agent,reporting"
    )
    return AmiAccount("lab", secret), least


def files(ports: AsteriskPorts, secret: str) -> Mapping[str, str]:
    """The text of each configuration file by its name. secret: of both accounts."""
    return {
        "modules.conf": _MODULES,
        "logger.conf": _LOGGER,
        "manager.conf": _manager(ports, secret),
        "http.conf": f"[general]\nenabled = yes\nbindaddr = {LOOPBACK}\nbindport = {ports.http}\n",
        "rtp.conf": f"[general]\nrtpstart = {ports.rtp_first}\nrtpend = {ports.rtp_last}\n",
        "pjsip.conf": _pjsip(ports),
        "voicemail.conf": _voicemail(),
        "musiconhold.conf": "[default]\nmode = files\ndirectory = moh\n",
        "queues.conf": "[general]\n[support]\nmusicclass = default\ntimeout = 5\n",
        "confbridge.conf": "[general]\n[default_user]\ntype = user\n[default_bridge]\n"
        "type = bridge\n",
        "cdr.conf": "[general]\nenable = yes\nunanswered = yes\n",
        "extensions.conf": _extensions(ports),
    }


def write(etc_dir: Path, ports: AsteriskPorts, secret: str) -> None:
    """Write the files into Asterisk's configuration folder, which is made when missing."""
    etc_dir.mkdir(parents=True, exist_ok=True)
    for name, text in files(ports, secret).items():
        (etc_dir / name).write_text(text)


_MODULES = """\
[modules]
autoload = yes
noload = app_voicemail_odbc.so
noload = app_voicemail_imap.so
"""

_LOGGER = """\
[general]
dateformat = %F %T.%3q
[logfiles]
console => notice,warning,error,verbose(3)
"""


def _manager(ports: AsteriskPorts, secret: str) -> str:
    head = (
        f"[general]\nenabled = yes\nport = {ports.ami}\nbindaddr = {LOOPBACK}\n"
        "timestampevents = yes\n"
    )
    return head + "".join(
        f"[{one.username}]\nsecret = {one.secret}\n"
        f"deny = 0.0.0.0/0.0.0.0\npermit = {LOOPBACK}/255.255.255.255\n"
        f"read = {one.read}\nwrite = {one.write}\nwritetimeout = 1000\n"
        # Its event carries the new PIN in clear, to every reader of the class user.
        + ("" if one.read == "all" else "eventfilter = !Event: VoicemailPasswordChange\n")
        for one in accounts(secret)
    )


def _pjsip(ports: AsteriskPorts) -> str:
    return f"""\
[global]
type = global
user_agent = voxpost lab
endpoint_identifier_order = username,ip
[udp]
type = transport
protocol = udp
bind = {LOOPBACK}:{ports.sip}
[{ENDPOINT}]
type = identify
endpoint = {ENDPOINT}
match = {LOOPBACK}
[{ENDPOINT}]
type = endpoint
context = {CONTEXT}
disallow = all
allow = alaw,ulaw
direct_media = no
rtp_symmetric = yes
[{DEVICE}]
type = endpoint
context = {CONTEXT}
disallow = all
allow = alaw,ulaw
direct_media = no
rtp_symmetric = yes
callerid = Desk One <1001>
aors = {DEVICE}
auth = {DEVICE}
[{DEVICE}]
type = aor
max_contacts = 1
remove_existing = yes
[{DEVICE}]
type = auth
auth_type = userpass
username = {DEVICE}
password = {DEVICE_PASSWORD}
[lamps]
type = endpoint
context = {CONTEXT}
disallow = all
allow = alaw
aors = lamps
mailboxes = {",".join(f"{box}@default" for box in MAILBOXES)}
[lamps]
type = aor
max_contacts = 1
"""


def _voicemail() -> str:
    boxes = "".join(f"{box} => {pin},Lab {box}\n" for box, pin in MAILBOXES.items())
    # minsecs 1: a shorter message gives no event. No address: Asterisk itself mails nothing.
    # Asterisk 16 knows only while it polls whose lamps there are.
    return f"""\
[general]
format = wav
attach = no
maxsecs = 300
minsecs = 1
maxsilence = 0
maxmsg = 9999
review = no
pollmailboxes = yes
pollfreq = 3600
emaildateformat = %F %T %z
[default]
{boxes}"""


def _extensions(ports: AsteriskPorts) -> str:
    voicemail = "".join(
        f"exten => {box},1,Answer()\n"
        f" same => n,Set(LAB_MAILBOX={box}@default)\n"
        f" same => n,VoiceMail({box}@default,s)\n"
        " same => n,Hangup()\n"
        for box in MAILBOXES
    )
    return f"""\
[general]
static = yes
writeprotect = yes
[globals]
AGI_PORT = {ports.agi}
AGI_NAME = test
AGI_PROGRAM = none
PHONE_PORT = {ports.phone}
[{CONTEXT}]
exten => 100,1,Answer()
 same => n,Hangup()
exten => 101,1,Answer()
 same => n,AGI(agi://{LOOPBACK}:${{AGI_PORT}}/${{AGI_NAME}})
 same => n,Set(LAB_AGISTATUS=${{AGISTATUS}})
 same => n,Hangup()
exten => 102,1,Answer()
 same => n,AGI(${{AGI_PROGRAM}})
 same => n,Set(LAB_AGISTATUS=${{AGISTATUS}})
 same => n,Hangup()
exten => 103,1,Answer()
 same => n,Echo()
exten => 104,1,Dial(PJSIP/{ENDPOINT}/sip:104@{LOOPBACK}:${{PHONE_PORT}},20)
 same => n,Hangup()
exten => 106,1,Dial(PJSIP/{DEVICE},20)
 same => n,Hangup()
exten => 105,1,Ringing()
 same => n,Wait(3600)
exten => 200,1,Answer()
 same => n,Wait(30)
 same => n,Hangup()
exten => 300,1,Answer()
 same => n,Queue(support)
 same => n,Hangup()
exten => 301,1,Answer()
 same => n,ConfBridge(room1)
 same => n,Hangup()
{voicemail}\
exten => h,1,GotoIf($["${{VMSTATUS}}" = ""]?done)
 same => n,UserEvent(VoicemailLeft,Mailbox: ${{LAB_MAILBOX}},Status: ${{VMSTATUS}},\
MessageFile: ${{VM_MESSAGEFILE}})
 same => n(done),NoOp()
[speak]
exten => s,1,Answer()
 same => n,Wait(1)
 same => n,Playback(demo-thanks)
 same => n,Hangup()
[silent]
exten => s,1,Answer()
 same => n,Wait(1)
 same => n,Hangup()
"""

"""A private Postfix: takes the mail in, as Zimbra's does. Nothing of /etc/postfix is touched."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from lab.certificates import Certificates
from lab.errors import LabError
from lab.mail_facts import HOST, SIZE
from lab.mail_ports import MailPorts
from lab.ports import LOOPBACK
from lab.processes import Child, run_program

CONTROL = Path("/usr/sbin/postfix")
DAEMONS = Path("/usr/lib/postfix/sbin")


class Postfix:
    """One Postfix in a folder of its own; needs root.

    folder: its own; others must be able to enter. domains: those whose mail goes to
    Dovecot. give_up_after: as Postfix writes times ("5d"): how long a mail is tried before it
    bounces. one_at_a_time: a recipient gets one mail after the other, each over a connection of
    its own.
    """

    def __init__(
        self,
        folder: Path,
        ports: MailPorts,
        domains: Sequence[str],
        certificates: Certificates,
        *,
        give_up_after: str,
        one_at_a_time: bool = False,
    ) -> None:
        self.folder = folder
        self._ports = ports
        self._domains = domains
        self._certificates = certificates
        self._routes: dict[str, str] = {}
        self._give_up_after = give_up_after
        self._one_at_a_time = one_at_a_time
        self._child: Child | None = None

    @property
    def child(self) -> Child:
        """The running process. Raises LabError before start()."""
        if self._child is None:
            raise LabError("Postfix was not started")
        return self._child

    @property
    def _etc(self) -> Path:
        return self.folder / "etc"

    async def start(self) -> None:
        """Write the configuration and start it. Raises LabError."""
        for name in ("etc", "queue", "data"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        shutil.chown(self.folder / "data", "postfix")
        (self._etc / "main.cf").write_text(self._main())
        (self._etc / "master.cf").write_text(self._master())
        self._write_routes()
        await self._control("check")  # makes the queue's folders
        command = [str(DAEMONS / "master"), "-c", str(self._etc), "-d"]
        self._child = Child("Postfix", command, self.folder / "console", changes_user=True)

    async def stop(self) -> None:
        """Stop it, and with it all its processes."""
        if self._child:
            await self._child.stop()

    async def route(self, domain: str, next_hop: str) -> None:
        """Send a domain's mail to a next hop from now on, as "lmtp:inet:127.0.0.1:12345"."""
        self._routes[domain] = next_hop
        self._write_routes()
        (self._etc / "main.cf").write_text(self._main())
        await self._control("reload")

    async def flush(self) -> None:
        """Try all waiting mail again now."""
        await self._control("flush")

    def log(self) -> str:
        """All that it logged."""
        file = self.folder / "log"
        return file.read_text(errors="replace") if file.exists() else ""

    async def _control(self, word: str) -> None:
        code, said = await run_program([str(CONTROL), "-c", str(self._etc), word])
        if code != 0:
            raise LabError(f"`postfix {word}` failed: {said.strip()}")

    def _write_routes(self) -> None:
        lines = [f"{domain} {next_hop}\n" for domain, next_hop in self._routes.items()]
        (self._etc / "routes").write_text("".join(lines))

    def _main(self) -> str:
        certificates, folder = self._certificates, self.folder
        return f"""\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {DAEMONS}
command_directory = /usr/sbin
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = {HOST}
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = {" ".join(self._domains)}
virtual_transport = lmtp:inet:{LOOPBACK}:{self._ports.lmtp}
relay_domains = {" ".join(self._routes)}
transport_maps = texthash:{folder}/etc/routes
default_transport = error:5.4.4 the lab sends nothing to the outside
message_size_limit = {SIZE}
mailbox_size_limit = 0
virtual_mailbox_limit = 0
smtputf8_enable = no
smtpd_client_connection_rate_limit = 0
smtpd_tls_cert_file = {certificates.certificate_file}
smtpd_tls_key_file = {certificates.key_file}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:{LOOPBACK}:{self._ports.auth}
smtpd_reject_unlisted_recipient = no
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
minimal_backoff_time = 2s
maximal_backoff_time = 4s
queue_run_delay = 2s
maximal_queue_lifetime = {self._give_up_after}
bounce_queue_lifetime = {self._give_up_after}
""" + (_ONE_AT_A_TIME if self._one_at_a_time else "")

    def _master(self) -> str:
        ports = self._ports
        only_authenticated = (
            " -o smtpd_sasl_auth_enable=yes"
            " -o smtpd_client_restrictions=permit_sasl_authenticated,reject"
        )
        doors = {
            ports.submission: only_authenticated,
            ports.submissions: f" -o smtpd_tls_wrappermode=yes{only_authenticated}",
            ports.trusted: "",
            ports.stranger: " -o mynetworks=",
            ports.greylisted: " -o smtpd_recipient_restrictions="
            f"check_policy_service,inet:{LOOPBACK}:{ports.policy}",
        }
        lines = [
            f"{LOOPBACK}:{port} inet n - n - - smtpd{options}\n" for port, options in doors.items()
        ]
        return "".join(lines) + _SERVICES


# With one recipient a mail, the limit of a destination is a recipient's (postconf(5)).
_ONE_AT_A_TIME = """\
lmtp_destination_recipient_limit = 1
lmtp_destination_concurrency_limit = 1
lmtp_connection_cache_on_demand = no
"""

_SERVICES = """\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

"""A private Dovecot: keeps the mail, gives it out by IMAP, checks passwords for Postfix.

It stands for Zimbra's mailboxd: over quota is said for each recipient after DATA, and a
Message-ID that the mail account has already is taken and dropped (RFC 7352). People may share
folders (RFC 4314), which another sees as shared/ADDRESS/FOLDER, and lab.accounts.MASTER may act
for everybody.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from lab.accounts import MASTER, MailUser
from lab.certificates import Certificates
from lab.errors import LabError
from lab.mail_facts import HOST
from lab.mail_ports import MailPorts
from lab.ports import LOOPBACK
from lab.processes import Child, run_program

PROGRAM = Path("/usr/sbin/dovecot")
SIEVE_COMPILER = Path("/usr/bin/sievec")
MAIL_USER = "mail"  # the owner of the mail; a system user that every Debian has

DUPLICATES = 'require ["duplicate"];\nif duplicate { discard; stop; }\n'


class Dovecot:
    """One Dovecot in a folder of its own; needs root.

    folder: its own; others must be able to enter. Over quota it says 452 4.2.2, as Zimbra does
    by default.
    """

    def log(self) -> str:
        """All that it logged."""
        file = self.folder / "log"
        return file.read_text(errors="replace") if file.exists() else ""

    def __init__(
        self,
        folder: Path,
        ports: MailPorts,
        users: Sequence[MailUser],
        certificates: Certificates,
    ) -> None:
        self.folder = folder
        self._ports = ports
        self._users = users
        self._certificates = certificates
        self._child: Child | None = None

    @property
    def child(self) -> Child:
        """The running process. Raises LabError before start()."""
        if self._child is None:
            raise LabError("Dovecot was not started")
        return self._child

    async def start(self) -> None:
        """Write the configuration and start it. Raises LabError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        homes = self.folder / "home"
        homes.mkdir(exist_ok=True)
        shutil.chown(homes, MAIL_USER, MAIL_USER)  # who shares with whom is kept there
        for user in self._users:
            # Made now: two first mails at once would both miss the list of known ids in it.
            (homes / user.address).mkdir(exist_ok=True)
            shutil.chown(homes / user.address, MAIL_USER, MAIL_USER)
        (self.folder / "users").write_text("".join(_user_line(user) for user in self._users))
        (self.folder / "masters").write_text(_user_line(MASTER))
        (self.folder / "duplicate.sieve").write_text(DUPLICATES)
        conf = self.folder / "dovecot.conf"
        conf.write_text(self._configuration())
        # Compiled now, as MAIL_USER may not write here later.
        code, said = await run_program(
            [str(SIEVE_COMPILER), "-c", str(conf), str(self.folder / "duplicate.sieve")]
        )
        if code != 0:
            raise LabError(f"Dovecot's filter for duplicates cannot be compiled: {said.strip()}")
        command = [str(PROGRAM), "-F", "-c", str(conf)]
        self._child = Child("Dovecot", command, self.folder / "log")

    async def stop(self) -> None:
        """Stop it, and with it all its processes."""
        if self._child:
            await self._child.stop()

    def _configuration(self) -> str:
        # anvil-auth-penalty off: one wrong password would slow down all that follow.
        ports, folder = self._ports, self.folder
        return f"""\
protocols = imap lmtp
listen = {LOOPBACK}
hostname = {HOST}
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
login_trusted_networks =
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
first_valid_uid = 1
mail_location = maildir:~/Maildir
mail_plugins = quota acl
quota_full_tempfail = yes
ssl = yes
ssl_cert = <{self._certificates.certificate_file}
ssl_key = <{self._certificates.key_file}
namespace inbox {{
  inbox = yes
  separator = /
}}
namespace {{
  type = shared
  separator = /
  prefix = shared/%%u/
  location = maildir:%%h/Maildir
  subscriptions = no
  list = children
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/masters
  master = yes
  result_success = continue
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {folder}/users
  default_fields = uid={MAIL_USER} gid={MAIL_USER} home={folder}/home/%u
}}
plugin {{
  quota = count:Mail account
  quota_vsizes = yes
  quota_grace = 0
  sieve_before = {folder}/duplicate.sieve
  acl = vfile
  acl_user = %u
  acl_shared_dict = file:{folder}/home/shared
}}
protocol imap {{
  mail_plugins = quota acl imap_acl
}}
protocol lmtp {{
  mail_plugins = quota sieve
}}
service imap-login {{
  inet_listener imap {{
    port = {ports.imap}
  }}
  inet_listener imaps {{
    port = {ports.imaps}
    ssl = yes
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = {LOOPBACK}
    port = {ports.lmtp}
  }}
}}
service auth {{
  inet_listener {{
    address = {LOOPBACK}
    port = {ports.auth}
  }}
}}
"""


def _user_line(user: MailUser) -> str:
    # passwd-file: name:password:uid:gid:gecos:home:shell:extra
    quota = "" if user.quota is None else f"userdb_quota_rule=*:storage={user.quota}B"
    return f"{user.address}:{{PLAIN}}{user.password}::::::{quota}\n"

"""Debian's Dovecot and Postfix, a private instance of each on loopback, everything under one temporary directory."""

from __future__ import annotations

import shutil
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType

from tests.support.certificates import make_certificate
from tests.support.requirements import SEARCH_PATH, as_root

START_LIMIT = 60.0
PASSWORD = "secret"
ADDRESSES = ("pomoc@myhezo.test", "info@myhezo.test", "escalation@myhezo.test", "anna@klient.test", "jan@klient.test")
GHOSTS = ("ghost@klient.test",)
_FRESH_ACCOUNTS = 300
_PORTS = ("imap", "imaps", "lmtp", "smtp", "submission", "smtps")


class MailServers:
    """Both servers, for use as a context manager. Starting them takes about two seconds.

    Args:
        addresses: The accounts; the address is the login name, the password is `PASSWORD`.
        ghosts: Addresses that SMTP accepts and the delivery refuses: a real bounce (RFC 3464) comes back.
        authserv_id: The name under which Authentication-Results are stamped; None stamps nothing.
        authentication: Per domain of the envelope sender, the result to stamp ("pass", "fail").
        introspection_url: Where the servers ask whether an access token is good (RFC 7662); None takes passwords only.

    Attributes:
        host: "localhost"; the certificate also names 127.0.0.1.
        ca_file: The certificate to trust.
        ports: "imap" (STARTTLS), "imaps", "smtp" (inbound, no login), "submission" (STARTTLS, login), "smtps", "lmtp".
    """

    host = "localhost"

    def __init__(
        self,
        addresses: Sequence[str] = ADDRESSES,
        *,
        ghosts: Sequence[str] = GHOSTS,
        authserv_id: str | None = None,
        authentication: Mapping[str, str] | None = None,
        introspection_url: str | None = None,
    ) -> None:
        fresh = [f"fresh-{number}@myhezo.test" for number in range(_FRESH_ACCOUNTS)]
        self._addresses = (*addresses, *fresh)
        self._fresh = iter(fresh)
        self._ghosts = tuple(ghosts)
        self._authserv_id = authserv_id
        self._authentication = dict(authentication or {})
        self._introspection_url = introspection_url
        self._root = as_root()
        self.directory = Path(tempfile.mkdtemp(prefix="mailservers-"))
        self.ca_file = self.directory / "certificate.pem"
        self.ports = _free_ports()

    def __enter__(self) -> MailServers:
        try:
            self._prepare()
            self.start_imap()
            self.start_smtp()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop both and remove everything."""
        self.stop_smtp()
        self.stop_imap()
        self._run("rm", "-rf", str(self.directory))

    def start_imap(self) -> None:
        """Start Dovecot: IMAP, and the delivery that Postfix uses."""
        self._run("dovecot", "-c", str(self._dovecot_conf))
        self._wait_for_ports("imap", "imaps", "lmtp")

    def stop_imap(self) -> None:
        """Kill Dovecot; the mails are kept. (Asked politely it takes three seconds, and idle clients notice later.)"""
        pid_file = self.directory / "dovecot/run/master.pid"
        if not pid_file.exists():
            return
        master = pid_file.read_text().strip()
        children = Path(f"/proc/{master}/task/{master}/children")
        pids = [master, *(children.read_text().split() if children.exists() else [])]
        self._run("kill", "-KILL", *pids, check=False)
        self._run("rm", "-f", str(pid_file))
        for name in ("imap", "imaps", "lmtp"):
            _wait_until(partial(_is_free, self.ports[name]), f"Dovecot still listens for {name}")

    def start_smtp(self) -> None:
        """Start Postfix."""
        self._run("postfix", "-c", str(self._postfix_conf), "start")
        self._wait_for_ports("smtp", "submission", "smtps")

    def stop_smtp(self) -> None:
        """Stop Postfix; its queue is kept."""
        if (self.directory / "postfix/spool/pid/master.pid").exists():
            self._run("postfix", "-c", str(self._postfix_conf), "stop", check=False)

    def fresh_address(self) -> str:
        """An account that nobody used before, so that a test need not restart the servers."""
        return next(self._fresh)

    def deliver(self, recipient: str, *messages: bytes, envelope_from: str = "anna@klient.test") -> None:
        """Put messages straight into a mailbox (LMTP, RFC 2033), past Postfix: fast, the octets stay as they are."""
        with smtplib.LMTP("127.0.0.1", self.ports["lmtp"]) as lmtp:
            for message in messages:
                lmtp.sendmail(envelope_from, [recipient], message)

    def send(self, recipient: str, message: bytes, *, envelope_from: str = "anna@klient.test") -> None:
        """Send a message as the outside world does: to Postfix, without a login."""
        with smtplib.SMTP("127.0.0.1", self.ports["smtp"]) as smtp:
            smtp.sendmail(envelope_from, [recipient], message)

    def messages(self, address: str, folder: str = "INBOX") -> list[bytes]:
        """The octets of all messages in a folder; [] when it does not exist."""
        found = []
        for path in self._maildirs(address, folder):
            listing = self._run("find", str(path), "-type", "f", check=False).splitlines()
            found += [self._read(Path(line)) for line in sorted(listing) if line.startswith(str(path))]
        return found

    def wait_for_messages(self, address: str, count: int, within: float) -> None:
        """Wait until an INBOX has so many messages; Postfix delivers after it has answered, and tells nobody."""
        _wait_until(lambda: len(self.messages(address)) >= count, f"no {count} messages for {address}", within)

    def count(self, address: str, folder: str) -> int:
        """How many messages a folder has, by its name in letters, as Dovecot counts them."""
        words = ["mailbox", "status", "-u", address, "messages", folder]
        answer = self._run("doveadm", "-c", str(self._dovecot_conf), *words)
        return int(answer.rpartition("messages=")[2])

    def renew_uidvalidity(self, address: str, uidvalidity: int) -> None:
        """Give the INBOX another UIDVALIDITY, as a restored backup would."""
        words = ["mailbox", "update", "-u", address, "--uid-validity", str(uidvalidity), "INBOX"]
        self._run("doveadm", "-c", str(self._dovecot_conf), *words)

    @property
    def _dovecot_conf(self) -> Path:
        return self.directory / "dovecot/dovecot.conf"

    @property
    def _postfix_conf(self) -> Path:
        return self.directory / "postfix/conf"

    def _maildirs(self, address: str, folder: str) -> list[Path]:
        local, _, domain = address.partition("@")
        home = self.directory / "mail" / domain / local
        base = home if folder == "INBOX" else home / f".{folder}"
        return [base / "cur", base / "new"]

    def _read(self, path: Path) -> bytes:
        return subprocess.run([*self._root, "cat", str(path)], capture_output=True, check=True).stdout

    def _prepare(self) -> None:
        self.directory.chmod(0o755)  # the servers drop root and still have to pass through
        for name in ("mail", "log", "dovecot/run", "postfix/conf", "postfix/spool", "postfix/data"):
            (self.directory / name).mkdir(parents=True)
        make_certificate(self.directory)
        users = self.directory / "dovecot/users"
        users.write_text("".join(f"{address}:{{PLAIN}}{PASSWORD}::::::\n" for address in self._addresses))
        users.chmod(0o644)
        self._dovecot_conf.write_text(self._dovecot_settings())
        for name, text in self._postfix_settings().items():
            (self._postfix_conf / name).write_text(text)
        self._run("chown", "mail:mail", str(self.directory / "mail"))
        self._run("chown", "postfix", str(self.directory / "postfix/data"))
        self._run("chown", "-R", "root:root", str(self._postfix_conf), str(self.directory / "postfix/spool"))

    def _dovecot_settings(self) -> str:
        d = self.directory
        return f"""
            protocols = imap lmtp
            base_dir = {d}/dovecot/run
            instance_name = {d.name}
            listen = 127.0.0.1
            log_path = {d}/log/dovecot.log
            ssl = yes
            ssl_cert = <{d}/certificate.pem
            ssl_key = <{d}/key.pem
            disable_plaintext_auth = no
            auth_mechanisms = plain login {"xoauth2" if self._introspection_url else ""}
            auth_failure_delay = 0
            mail_location = maildir:{d}/mail/%d/%n
            mail_uid = mail
            mail_gid = mail
            first_valid_uid = 1
            first_valid_gid = 1
            recipient_delimiter = +
            lmtp_save_to_detail_mailbox = no
            mail_max_userip_connections = 100
            {self._oauth_passdb()}
            passdb {{
              driver = passwd-file
              args = username_format=%u {d}/dovecot/users
            }}
            userdb {{
              driver = static
              args = uid=mail gid=mail home={d}/mail/%d/%n
            }}
            namespace inbox {{
              inbox = yes
              separator = /
            }}
            protocol lmtp {{
              postmaster_address = postmaster@myhezo.test
              hostname = mx.myhezo.test
            }}
            service imap-login {{
              inet_listener imap {{
                port = {self.ports["imap"]}
              }}
              inet_listener imaps {{
                port = {self.ports["imaps"]}
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
                address = 127.0.0.1
                port = {self.ports["lmtp"]}
              }}
            }}
            service auth {{
              unix_listener {d}/dovecot/postfix-login {{
                mode = 0660
                user = postfix
                group = postfix
              }}
            }}
        """

    def _oauth_passdb(self) -> str:
        if self._introspection_url is None:
            return ""
        settings = self.directory / "dovecot/oauth2.conf"
        settings.write_text(
            f"introspection_mode = post\nintrospection_url = {self._introspection_url}\n"
            "username_attribute = username\nactive_attribute = active\nactive_value = true\n"
        )
        return f"passdb {{\ndriver = oauth2\nmechanisms = xoauth2\nargs = {settings}\n}}"

    def _postfix_settings(self) -> dict[str, str]:
        d = self.directory
        known = [*self._addresses, *self._ghosts]
        domains = sorted({address.partition("@")[2] for address in known})
        main = {
            "compatibility_level": "3.6",
            "myhostname": "mx.myhezo.test",
            "mydestination": "",
            "queue_directory": f"{d}/postfix/spool",
            "data_directory": f"{d}/postfix/data",
            "maillog_file": f"{d}/log/postfix.log",
            "maillog_file_prefixes": f"{d}",
            "inet_interfaces": "loopback-only",
            "inet_protocols": "ipv4",
            "mynetworks": "127.0.0.0/8",
            "alias_maps": "",
            "recipient_delimiter": "+",
            "virtual_mailbox_domains": ", ".join(domains),
            "virtual_mailbox_maps": f"texthash:{d}/postfix/conf/recipients",
            "virtual_transport": f"lmtp:inet:127.0.0.1:{self.ports['lmtp']}",
            "default_transport": "error:5.1.2 a private network, nothing is delivered outside",
            "relay_transport": "error:5.1.2 a private network",
            "smtpd_tls_cert_file": f"{d}/certificate.pem",
            "smtpd_tls_key_file": f"{d}/key.pem",
            "smtpd_tls_security_level": "may",
            "smtpd_sasl_type": "dovecot",
            "smtpd_sasl_path": f"{d}/dovecot/postfix-login",
            "smtpd_relay_restrictions": "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination",
            "smtpd_sender_restrictions": f"check_sender_access texthash:{d}/postfix/conf/verdicts",
            "message_size_limit": "52428800",
            "smtpd_client_connection_count_limit": "0",
            "smtpd_client_connection_rate_limit": "0",
            "smtpd_client_message_rate_limit": "0",
            "queue_run_delay": "3s",
            "minimal_backoff_time": "3s",
            "maximal_backoff_time": "10s",
        }
        login = "-o smtpd_sasl_auth_enable=yes -o smtpd_relay_restrictions=permit_sasl_authenticated,reject"
        loopback = {name: f"127.0.0.1:{port} inet n - n - - smtpd" for name, port in self.ports.items()}
        return {
            "main.cf": "".join(f"{key} = {value}\n" for key, value in main.items()),
            "recipients": "".join(f"{address} OK\n" for address in known),
            "verdicts": "".join(
                f"{domain} PREPEND Authentication-Results: {self._authserv_id}; dkim={result} header.d={domain}; "
                f"dmarc={result} header.from={domain}\n"
                for domain, result in self._authentication.items()
                if self._authserv_id
            ),
            "master.cf": f"""
{loopback["smtp"]}
{loopback["submission"]} -o smtpd_tls_security_level=encrypt {login}
{loopback["smtps"]} -o smtpd_tls_wrappermode=yes {login}
{_POSTFIX_SERVICES}""",
        }

    def _run(self, *command: str, check: bool = True) -> str:
        program = shutil.which(command[0], path=SEARCH_PATH) or command[0]
        # a file and no pipe: what a server inherits stays open, and a pipe would be waited for
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [*self._root, program, *command[1:]], stdout=output, stderr=subprocess.STDOUT, check=False
            )
            output.seek(0)
            said = output.read()
        if check and done.returncode != 0:
            logs = sorted((self.directory / "log").glob("*.log"))
            told = "\n".join(path.read_text(errors="replace")[-2000:] for path in logs)
            raise RuntimeError(f"{' '.join(command)} failed: {said}\n{told}")
        return said

    def _wait_for_ports(self, *names: str) -> None:
        for name in names:
            _wait_until(partial(_listens, self.ports[name]), f"nothing listens for {name}")


_POSTFIX_SERVICES = """\
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def _free_ports() -> dict[str, int]:
    """Ports that nobody uses now; held all at once, so that they differ."""
    sockets = {name: socket.create_server(("127.0.0.1", 0)) for name in _PORTS}
    ports = {name: held.getsockname()[1] for name, held in sockets.items()}
    for held in sockets.values():
        held.close()
    return ports


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _is_free(port: int) -> bool:
    return not _listens(port)


def _wait_until(condition: Callable[[], bool], complaint: str, within: float = START_LIMIT) -> None:
    """Poll a server that gives no other sign of readiness."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(complaint)
        time.sleep(0.02)

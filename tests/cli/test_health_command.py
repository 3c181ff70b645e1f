"""`hezo360 health` against real listeners."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, TCPServer

import pytest

from bot.cli import main

CONFIG = Path(__file__).parents[2] / "config.example.toml"


class Endpoint(BaseHTTPRequestHandler):
    """Answers /healthz with the server's `status`."""

    def do_GET(self) -> None:
        body = b'{"healthy": "as asked"}' if self.path == "/healthz" else b"wrong path"
        self.send_response(getattr(self.server, "status", 200))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Keep the test's output clean."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEZO360_SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("HEZO360_SLACK_APP_TOKEN", "xapp-1")
    monkeypatch.setenv("HEZO360_MAIL_IMAP_POMOC_PASSWORD", "password")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # must not be asked


def configured(folder: Path, host: str, port: int) -> list[str]:
    file = folder / "config.toml"
    text = CONFIG.read_text().replace('host = "127.0.0.1"\nport = 8080', f'host = "{host}"\nport = {port}')
    file.write_text(text)
    return ["--config", str(file), "health"]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - written into a file only
@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_asks_the_bot(
    server: HTTPServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], status: int, code: int, host: str
) -> None:
    server.status = status  # type: ignore[attr-defined]  # a value for our handler
    assert main(configured(tmp_path, host, server.server_port)) == code
    printed = capsys.readouterr()
    assert (printed.out + printed.err) == '{"healthy": "as asked"}\n'


def test_nobody_answers(server: HTTPServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = configured(tmp_path, "127.0.0.1", server.server_port)
    server.socket.close()
    assert main(arguments) == 1
    assert "/healthz: no answer (" in capsys.readouterr().err


@pytest.mark.parametrize("words", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\nA: " + b"a" * 70_000 + b"\r\n\r\n"])
def test_something_else_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: bytes) -> None:
    """The doctor asks here as well, when the port is taken."""

    class Other(StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(words)

    with TCPServer(("127.0.0.1", 0), Other) as other:
        answering = threading.Thread(target=other.handle_request)
        answering.start()
        assert main(configured(tmp_path, "127.0.0.1", other.server_address[1])) == 1
        answering.join()
    assert "something else than the bot answers there" in capsys.readouterr().err


def test_a_port_that_is_not_fixed_cannot_be_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(configured(tmp_path, "127.0.0.1", 0)) == 2
    assert "health.port is 0" in capsys.readouterr().err

"""WebSocket (RFC 6455) as a client needs it: the handshake, and text frames in both directions."""

import base64
import hashlib
import os
import socket
import ssl
import struct
from urllib.parse import urlsplit

MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MAX_MESSAGE = 16 * 1024 * 1024
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Refused(Exception):
    """The server answered the handshake with an HTTP status instead of a socket."""

    def __init__(self, status):
        super().__init__(f"the server answered {status}")
        self.status = status


class Closed(Exception):
    """The socket has ended. `code` is 1006 when there was no closing handshake."""

    def __init__(self, code):
        super().__init__(f"closed with {code}")
        self.code = code


class WebSocket:
    def __init__(self, url, timeout=10):
        parts = urlsplit(url)
        secure = parts.scheme == "wss"
        port = parts.port or (443 if secure else 80)
        self._socket = socket.create_connection((parts.hostname, port), timeout)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if secure:
                self._socket = ssl.create_default_context().wrap_socket(self._socket, server_hostname=parts.hostname)
            self._bytes = b""
            self._pieces = []
            self._handshake(parts)
        except BaseException:
            self._socket.close()
            raise

    def fileno(self):
        """For `select`."""
        return self._socket.fileno()

    def _handshake(self, parts):
        key = base64.b64encode(os.urandom(16)).decode()
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._socket.sendall(
            (
                f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
            ).encode()
        )
        while b"\r\n\r\n" not in self._bytes:
            received = self._socket.recv(4096)
            if not received or len(self._bytes) > 64 * 1024:
                raise Closed(1006)
            self._bytes += received
        head, self._bytes = self._bytes.split(b"\r\n\r\n", 1)
        status, *lines = head.decode("latin-1").split("\r\n")
        if status.split(" ")[1] != "101":
            raise Refused(int(status.split(" ")[1]))
        headers = dict((name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines))
        expected = base64.b64encode(hashlib.sha1((key + MAGIC).encode()).digest()).decode()
        if headers.get("sec-websocket-accept") != expected:
            raise Closed(1002)

    def send(self, text):
        self._send(TEXT, text.encode())

    def _send(self, opcode, payload):
        """What a client sends is masked, in one frame."""
        mask = os.urandom(4)
        size = len(payload)
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | (size if size < 126 else 126 if size < 65536 else 127))
        if size >= 126:
            head += struct.pack("!H" if size < 65536 else "!Q", size)
        key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
        masked = (int.from_bytes(payload, "big") ^ key).to_bytes(size, "big")
        try:
            self._socket.sendall(head + mask + masked)
        except OSError:
            raise Closed(1006) from None

    def receive(self):
        """Reads what has arrived, and yields the texts that are complete. Raises Closed behind the last one."""
        try:
            received = self._socket.recv(65536)
            while received and isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
                received += self._socket.recv(65536)
        except OSError:
            raise Closed(1006) from None
        if not received:
            raise Closed(1006)
        self._bytes += received
        yield from self.complete()

    def complete(self):
        """Yields the texts that were read before and not taken yet."""
        while True:
            frame = self._next_frame()
            if frame is None:
                return
            is_last, opcode, payload = frame
            if opcode == PING:
                self._send(PONG, payload)
            elif opcode == CLOSE:
                code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1005
                self.close(payload[:2])
                raise Closed(code)
            elif opcode != PONG:
                # A text, or the continuation of one. Pings may stand between its pieces.
                self._pieces.append(payload)
                if is_last:
                    text = b"".join(self._pieces).decode()
                    self._pieces = []
                    yield text

    def _next_frame(self):
        data = self._bytes
        if len(data) < 2:
            return None
        size, at = data[1] & 0x7F, 2
        if size >= 126:
            width = 2 if size == 126 else 8
            if len(data) < at + width:
                return None
            size, at = int.from_bytes(data[at : at + width], "big"), at + width
        if size > MAX_MESSAGE:
            raise Closed(1009)
        if len(data) < at + size:
            return None
        self._bytes = data[at + size :]
        return bool(data[0] & 0x80), data[0] & 0x0F, data[at : at + size]

    def close(self, payload=struct.pack("!H", 1000)):
        try:
            self._send(CLOSE, payload)
        except Closed:
            pass
        self._socket.close()

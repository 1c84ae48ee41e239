"""A client of Roomline: it stays connected, follows rooms without a gap, and sends each message exactly once.

It needs Python 3.9 and nothing else. docs/protocol.md says what it does and why.
"""

import json
import random
import select
import socket
import threading
import time

from websocket import Closed, Refused, WebSocket

# Close codes after which the same client would only be turned away again.
FINAL_CODES = {4401: "UNAUTHORIZED", 4403: "ANOTHER_USER", 1002: "CLOSED", 1003: "CLOSED", 1007: "CLOSED", 1008: "CLOSED", 1009: "TOO_BIG"}
# Failures of a call that may pass.
PASSING = {"TOO_MANY_REQUESTS", "UNAVAILABLE", "INTERNAL", "TOO_MANY_CONNECTIONS"}
SILENCE = 15
PONG_WAIT = 8
STABLE = 5
SIGN_IN_WAIT = 10


class Client:
    """Calls its handlers from a thread of its own.

    on_message(room, event_id, message): every change of a followed room, once and in order
    on_sent(client_id, message), on_failed(client_id, failure): what became of a message
    on_stopped(room, failure): a room is no longer followed
    on_ended(failure): the client will not come back
    """

    def __init__(self, url, token, **handlers):
        self._url = url + ("&" if "?" in url else "?") + "connectionParams=1"
        self._token = token
        self._handlers = handlers
        self._commands = []
        self._lock = threading.Lock()
        self._wake, self._woken = socket.socketpair()
        self._rooms = {}  # room: the id of the last event
        self._outbox = []  # messages without an acknowledgement, oldest first
        self._queries = []  # (path, input, done) that wait for a connection
        self._socket = None
        self._calls = {}  # id: what its answer is for
        self._last_id = 0
        self._turned_away = None  # what the server said when it turned this client away
        self._unsent = 0
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    # These may be called from any thread.

    def follow(self, room, after="0"):
        """Follows a room from the event after this id; "0" is the beginning of the room."""
        self._do(lambda: self._begin_to_follow(room, after))

    def send(self, room, text, client_id):
        """Sends a message, again and again until the server has acknowledged or rejected it."""
        with self._lock:
            self._unsent += 1
        self._do(lambda: self._add_to_outbox({"room": room, "text": text, "clientId": client_id}))

    def flush(self, timeout=10):
        """Waits until every message is acknowledged or rejected. Returns whether that was in time."""
        until = time.monotonic() + timeout
        while self._unsent > 0 and self._thread.is_alive() and time.monotonic() < until:
            time.sleep(0.02)
        return self._unsent == 0

    def query(self, path, input, done):
        """Makes a query; `done(data)` gets its answer. It is not repeated after a lost connection."""
        self._do(lambda: self._add_query(path, input, done))

    def close(self):
        def end():
            self._is_closing = True

        self._do(end)
        self._thread.join(5)

    def _do(self, command):
        with self._lock:
            self._commands.append(command)
        self._wake.send(b"x")

    # Everything below runs in the client's thread.

    def _run(self):
        attempt = 0
        while not self._is_closing:
            lasted, is_final = self._connect_once()
            if is_final:
                return
            attempt = 0 if lasted > STABLE else attempt
            # A random pause, so that the clients of a restarted server do not come back in one moment.
            most = min(0.5 * 2**attempt, 30 if self._turned_away is not None else 2.5)
            attempt += 1
            retry_after = (self._turned_away or {}).get("retryAfterMs", 0) / 1000
            self._wait(max(random.random() * most, retry_after))
        if self._socket:
            self._socket.close()

    def _connect_once(self):
        """Connects and stays until the connection is lost. Returns how long it lasted, and whether it was the last."""
        self._turned_away = None
        began = time.monotonic()
        try:
            self._use(self._dial())
            began = time.monotonic()
            self._stay()
        except Refused as refused:
            self._turned_away = {}
            if refused.status in (403, 404):
                return 0, self._end("REFUSED")
        except Closed as closed:
            if closed.code in FINAL_CODES:
                return 0, self._end(FINAL_CODES[closed.code])
        except (OSError, ValueError):
            pass
        self._drop()
        return time.monotonic() - began, False

    def _end(self, failure):
        self._drop()
        self._tell("on_ended", failure)
        return True

    def _drop(self):
        socket_, self._socket = self._socket, None
        if socket_:
            socket_.close()
        self._calls = {}
        for message in self._outbox:
            message["id"] = None

    def _wait(self, seconds):
        until = time.monotonic() + seconds
        while not self._is_closing and time.monotonic() < until:
            if select.select([self._woken], [], [], max(0, until - time.monotonic()))[0]:
                self._run_commands()

    def _dial(self):
        """A new socket on which the server has accepted the session."""
        dialled = WebSocket(self._url)
        try:
            dialled.send(json.dumps({"method": "connectionParams", "data": {"token": self._token}}))
            dialled.send(json.dumps({"id": "hello", "method": "query", "params": {"path": "session.me"}}))
            until = time.monotonic() + SIGN_IN_WAIT
            texts = dialled.complete()
            while True:
                for text in texts:
                    frame = {} if text in ("PING", "PONG") else json.loads(text)
                    if frame.get("id") == "hello" and "result" in frame:
                        return dialled
                    if frame.get("error"):
                        self._turned_away = frame["error"].get("data") or {}
                left = until - time.monotonic()
                if left <= 0 or not select.select([dialled], [], [], left)[0]:
                    raise Closed(1006)
                texts = dialled.receive()
        except BaseException:
            dialled.close()
            raise

    def _use(self, dialled):
        """Moves everything to a connection."""
        self._drop()
        self._socket = dialled
        for room in self._rooms:
            self._subscribe(room)
        self._send_waiting()

    def _stay(self):
        heard = time.monotonic()
        pinged = None
        self._take_all(self._socket.complete())  # What came right behind the sign-in.
        while not self._is_closing:
            now = time.monotonic()
            if pinged is not None and now - pinged > PONG_WAIT:
                raise Closed(1006)
            if pinged is None and now - heard > SILENCE:
                self._socket.send("PING")
                pinged = now
            readable, _, _ = select.select([self._socket, self._woken], [], [], self._next_due(now, heard, pinged))
            if self._woken in readable:
                self._run_commands()
            if self._socket in readable:
                heard, pinged = time.monotonic(), None
                self._take_all(self._socket.receive())
            self._send_waiting()

    def _take_all(self, texts):
        current = self._socket
        for text in texts:
            self._take(text)
            if self._socket is not current:
                return  # Moved: the next connection repeats the rest.

    def _next_due(self, now, heard, pinged):
        due = [pinged + PONG_WAIT if pinged is not None else heard + SILENCE]
        due += [message["notBefore"] for message in self._outbox if message["notBefore"] > now]
        return max(0.01, min(due) - now)

    def _run_commands(self):
        self._woken.recv(4096)
        with self._lock:
            commands, self._commands = self._commands, []
        for command in commands:
            command()

    def _call(self, method, params, purpose):
        self._last_id += 1
        self._calls[self._last_id] = purpose
        self._socket.send(json.dumps({"id": self._last_id, "method": method, "params": params}))
        return self._last_id

    def _begin_to_follow(self, room, after):
        if room not in self._rooms:
            self._rooms[room] = after
            if self._socket:
                self._subscribe(room)

    def _subscribe(self, room):
        params = {"path": "chat.onMessage", "input": {"room": room, "lastEventId": self._rooms[room]}}
        self._call("subscription", params, lambda frame: self._take_event(room, frame))

    def _take_event(self, room, frame):
        if "error" in frame:
            failure = failure_of(frame)
            if failure in PASSING:
                raise Closed(1006)  # Come back with everything, after a pause.
            del self._rooms[room]
            self._calls.pop(frame["id"], None)
            self._tell("on_stopped", room, failure)
        elif frame["result"]["type"] == "data":
            event = frame["result"]["data"]
            self._rooms[room] = event["id"]
            self._tell("on_message", room, event["id"], event["data"])

    def _add_query(self, path, input, done):
        self._queries.append((path, input, done))

    def _add_to_outbox(self, message):
        self._outbox.append({**message, "id": None, "notBefore": 0, "attempt": 0})

    def _send_waiting(self):
        """Sends the oldest message of each room. The next one follows when it is acknowledged."""
        for path, input, done in self._queries:
            self._call("query", {"path": path, "input": input}, lambda frame, done=done: self._take_answer(frame, done))
        self._queries = []
        rooms = set()
        for message in self._outbox:
            if message["room"] in rooms:
                continue
            rooms.add(message["room"])
            if message["id"] is None and message["notBefore"] <= time.monotonic():
                input = {key: message[key] for key in ("room", "text", "clientId")}
                message["id"] = self._call("mutation", {"path": "chat.send", "input": input}, lambda frame, sent=message: self._take_sent(frame, sent))

    def _take_answer(self, frame, done):
        del self._calls[frame["id"]]
        if "result" in frame:
            done(frame["result"]["data"])

    def _take_sent(self, frame, message):
        del self._calls[frame["id"]]
        message["id"] = None
        if "result" in frame:
            self._forget(message)
            self._tell("on_sent", message["clientId"], frame["result"]["data"])
        elif failure_of(frame) in PASSING:
            message["attempt"] += 1
            pause = frame["error"]["data"].get("retryAfterMs", 0) / 1000 or random.random() * min(0.5 * 2 ** message["attempt"], 5)
            message["notBefore"] = time.monotonic() + pause
        else:
            self._forget(message)
            self._tell("on_failed", message["clientId"], failure_of(frame))

    def _forget(self, message):
        self._outbox.remove(message)
        with self._lock:
            self._unsent -= 1

    def _take(self, text):
        if text == "PING":
            return self._socket.send("PONG")
        if text == "PONG":
            return
        frame = json.loads(text)
        if frame.get("method") == "reconnect":
            self._move()
        elif frame.get("id") is None:
            if frame.get("error"):
                self._turned_away = frame["error"].get("data") or {}
        else:
            take = self._calls.get(frame["id"])
            if take and ("result" in frame or "error" in frame):
                take(frame)

    def _move(self):
        """The server is about to close this connection. What was not acknowledged on it is sent again on the next."""
        try:
            self._use(self._dial())
        except (OSError, Closed, Refused):
            pass  # Stay until it closes.

    def _tell(self, handler, *values):
        if handler in self._handlers:
            self._handlers[handler](*values)


def failure_of(frame):
    return (frame["error"].get("data") or {}).get("failure", "UNKNOWN")

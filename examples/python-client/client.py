"""A room in a terminal: python3 client.py URL TOKEN ROOM

URL is the realtime server's, for example ws://localhost:3001/trpc. TOKEN is the value of the cookie X-Token after signing in.
Every line that you type is sent. Ctrl-D or Ctrl-C ends it.
"""

import sys
import threading
import uuid

from roomline import Client

PAGE = 20


def words_of(message):
    """One line for a message of any kind, without characters that would act on the terminal."""
    name = message["author"]["displayName"]
    if message["deletedAt"]:
        line = f"{name}: (removed)"
    elif message["kind"] == "text":
        line = f"{name}: {message['text']}" + (" (edited)" if message["editedAt"] else "")
    else:
        line = f"* {name}: {message['kind']}"
    return "\n  ".join("".join(character if character.isprintable() else " " for character in part) for part in line.split("\n"))


def main(url, token, room):
    ended = threading.Event()
    shown = {}

    def show(message):
        # An event may change a message in something that this line does not show, like a reaction.
        words = words_of(message)
        if shown.get(message["seq"]) != words:
            shown[message["seq"]] = words
            print(words, flush=True)

    def end(*why):
        print(f"The end: {why[-1]}", file=sys.stderr, flush=True)
        ended.set()

    def begin(page):
        for message in page["messages"]:
            show(message)
        # From the latest change that is known. What the page has already is not shown twice.
        client.follow(room, str(max((message["version"] for message in page["messages"]), default=0)))

    client = Client(
        url,
        token,
        on_message=lambda _, __, message: show(message),
        on_failed=lambda _, failure: print(f"Not sent: {failure}", file=sys.stderr, flush=True),
        on_stopped=end,
        on_ended=end,
    )
    client.query("chat.history", {"room": room, "limit": PAGE}, begin)

    def read():
        for line in sys.stdin:
            if line.strip():
                client.send(room, line.rstrip("\n"), str(uuid.uuid4()))
        ended.set()

    threading.Thread(target=read, daemon=True).start()
    try:
        ended.wait()
        client.flush()
    except KeyboardInterrupt:
        pass
    client.close()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])

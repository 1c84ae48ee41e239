"""The client as `npm run conformance -- --client` drives it: commands and events are lines of JSON. See docs/conformance.md."""

import json
import sys

from roomline import Client


def report(event, **values):
    print(json.dumps({"event": event, **values}), flush=True)


def main():
    client = None
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "connect":
            client = Client(
                command["url"],
                command["token"],
                on_message=lambda room, id, message: report("message", room=room, id=id, seq=message["seq"], text=message["text"]),
                on_sent=lambda client_id, message: report("sent", clientId=client_id, seq=message["seq"]),
                on_failed=lambda client_id, failure: report("failed", clientId=client_id, failure=failure),
                on_stopped=lambda room, failure: report("stopped", room=room, failure=failure),
                on_ended=lambda failure: report("ended", failure=failure),
            )
        elif command["do"] == "follow":
            client.follow(command["room"], command["after"])
        elif command["do"] == "send":
            client.send(command["room"], command["text"], command["clientId"])
        elif command["do"] == "close":
            break
    if client:
        client.close()


main()

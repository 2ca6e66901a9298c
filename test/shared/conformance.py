"""A client written from shared/PROTOCOL.md alone. Usage: conformance.py SOCKET. Prints "ok" when the daemon keeps to it."""
import os, socket, struct, sys
import msgpack

connection = socket.socket(socket.AF_UNIX)
connection.settimeout(20)
connection.connect(sys.argv[1])
last_id = 0

def send(kind, body):
    global last_id
    last_id += 1
    content = b"\x92" + msgpack.packb(kind) + msgpack.packb(last_id) + msgpack.packb(body)
    connection.sendall(struct.pack(">I", len(content)) + content)
    return last_id

def read(count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        assert more, "the daemon closed the connection"
        data += more
    return data

def receive():
    unpacker = msgpack.Unpacker()
    unpacker.feed(read(struct.unpack(">I", read(4))[0]))
    (kind, request_id), body = unpacker.unpack(), unpacker.unpack()
    return kind, request_id, body

def ask(kind, body):
    wanted = send(kind, body)
    answer, request_id, reply = receive()
    assert request_id == wanted, (answer, request_id, reply)
    return answer, reply

kind, hello = ask("hello", {"protocol": {"min": 1, "max": 1}, "client": {"name": "python", "pid": os.getpid()}})
assert kind == "reply" and hello["protocol"] == 1 and "tail" in hello["capabilities"], hello

events = [{"type": "python", "source": "conformance", "timestamp": 1760000000 + n / 4, "action": None,
           "data": {"n": n, "text": "Zürich 北京 🙂"}} for n in range(5)]
kind, receipt = ask("record", {"events": [*events, {"type": "python"}, events[0]], "durability": "flushed"})
assert (kind, receipt["stored"], receipt["duplicate"], receipt["level"]) == ("reply", 5, 1, "flushed"), receipt
assert [(each["index"], each["code"]) for each in receipt["rejected"]] == [(5, "invalid_source")], receipt
assert receipt["lastId"] - receipt["firstId"] == 4 and receipt["persisted"] is True, receipt

found, request = [], {"filter": {"types": "python"}, "order": "asc", "limit": 2}
while request.get("cursor", "") is not None:
    kind, page = ask("query", request)
    assert kind == "reply" and len(page["events"]) <= 2 and page["newestId"] >= receipt["lastId"], page
    found, request["cursor"] = found + page["events"], page["cursor"]
expected = [{**event, "id": receipt["firstId"] + n} for n, event in enumerate(events)]
assert found == [{key: value for key, value in event.items() if value is not None} for event in expected], found

kind, error = ask("query", {"order": "sideways"})
assert (kind, error["code"], error["retryable"]) == ("error", "invalid_request", False), error
kind, started = ask("tail", {"filter": {"types": ["python"]}})
assert kind == "reply" and started["position"]["databaseId"] == hello["databaseId"], started
tail, recorded = last_id, send("record", {"events": [{**events[0], "timestamp": 1}, {**events[0], "type": "other"}]})
answers = {request_id: (kind, body) for kind, request_id, body in (receive(), receive())}
assert answers[recorded][1]["stored"] == 2 and answers[tail][0] == "events", answers
assert [event["timestamp"] for event in answers[tail][1]["events"]] == [1], answers
assert answers[tail][1]["position"]["id"] >= answers[recorded][1]["firstId"], answers
print("ok")

"""Checks test/fixtures/frames/v1 without a line of Daybook. Usage: check_vectors.py DIRECTORY. Prints what it checked."""
import hashlib, json, math, sys
import msgpack

def load(name):
    with open(f"{sys.argv[1]}/{name}.json", encoding="utf-8") as file:
        return json.load(file)

def same(a, b):
    """Equal as JSON: 1 is 1.0, but neither is True, and -0.0 is not 0."""
    if type(a) in (int, float) and type(b) in (int, float):
        return a == b and math.copysign(1, a) == math.copysign(1, b)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b

def number(value):
    """A number as ECMAScript prints it (RFC 8785, section 3.2.2.3)."""
    if value == 0:
        return "0"
    mantissa, _, exponent = repr(abs(float(value))).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        text = digits.ljust(point, "0")
    elif 0 < point <= 21:
        text = f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        text = digits[0] + ("." + digits[1:] if digits[1:] else "") + f"e{point - 1:+d}"
    return "-" + text if value < 0 else text

def canonical(value):
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
    return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in keys) + "}"

def identity(event):
    text = canonical({"action": None, **event, "data": event.get("data") or {}})
    return text, hashlib.sha256(text.encode()).hexdigest()[:32]

valid, identities = load("valid"), load("identity")
for vector in valid:
    frame = bytes.fromhex(vector["hex"])
    assert int.from_bytes(frame[:4], "big") == len(frame) - 4, vector
    unpacker = msgpack.Unpacker()
    unpacker.feed(frame[4:])
    header, body = unpacker.unpack(), unpacker.unpack()
    assert header == [vector["kind"], vector["requestId"]] and unpacker.tell() == len(frame) - 4, vector
    assert same(body, vector["body"]), (vector, body)
for vector in identities["events"]:
    assert identity(vector["event"]) == (vector["text"], vector["hash"]), (vector, identity(vector["event"]))
for pair in identities["pairs"]:
    a, b = (identity(msgpack.unpackb(bytes.fromhex(pair[side]))) for side in "ab")
    assert (a == b) == pair["equal"], (pair, a, b)
print(json.dumps({"valid": len(valid), "events": len(identities["events"]), "pairs": len(identities["pairs"])}))

"""systemctl and journalctl: writes down how it was called, and hands the arguments to acting_systemd.py."""

import json
import os
import socket
import sys

directory = os.path.dirname(os.path.dirname(os.path.abspath(sys.argv[0])))
program = os.path.basename(sys.argv[0])
with open(os.path.join(directory, "calls"), "a") as calls:
    calls.write(" ".join([program, *sys.argv[1:]]) + "\n")
with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
    connection.connect(os.path.join(directory, "control"))
    with connection.makefile("rwb") as stream:
        stream.write(json.dumps([program, *sys.argv[1:]]).encode() + b"\n")
        stream.flush()
        exit_code, text = json.loads(stream.readline() or '[99, ""]')
sys.stdout.write(text)
sys.exit(exit_code)

"""Plays the part of `systemd --user` for one service with a socket: a real listener, real processes, real hand-over.

Started with a directory and that of the units. In the directory it listens at `control`, where `systemctl` and
`journalctl` (acting_systemctl.py) send their arguments. Only what launchd/systemd-service.ts makes use of is there.
"""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time

directory, unit_directory = sys.argv[1:3]
RESTART_AFTER_S = 0.2
SERVICE, SOCKET = "daybook.service", "daybook.socket"

journal = []
enabled = set()
listener = None
process = None
output = b""
service = {"ActiveState": "inactive", "SubState": "dead", "Result": "success", "code": 0, "status": 0, "ended": ""}
restart_at = None
triggers = []
has_socket_failed = False


def settings(name):
    with open(os.path.join(unit_directory, name)) as file:
        return dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)


def words(text):
    quoted = re.findall(r'"((?:[^"\\]|\\.)*)"', text)
    return [re.sub(r"\\(.)", r"\1", word).replace("%%", "%") for word in quoted]


def say(identifier, message):
    journal.append({"MESSAGE": message, "SYSLOG_IDENTIFIER": identifier, "__REALTIME_TIMESTAMP": str(int(time.time() * 1e6))})


def start_socket():
    global listener, has_socket_failed
    has_socket_failed = False
    if listener is not None:
        return
    path = settings(SOCKET)["ListenStream"].replace("%%", "%")
    if os.path.exists(path):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    os.chmod(path, int(settings(SOCKET)["SocketMode"], 8))
    listener.listen(128)


def stop_socket():
    global listener
    if listener is None:
        return
    path = listener.getsockname()
    listener.close()
    listener = None
    if os.path.exists(path):
        os.unlink(path)


def trigger():
    global has_socket_failed
    unit = settings(SOCKET)
    triggers.append(time.monotonic())
    since = time.monotonic() - int(unit["TriggerLimitIntervalSec"])
    if sum(each > since for each in triggers) <= int(unit["TriggerLimitBurst"]):
        start_service()
    else:
        stop_socket()
        has_socket_failed = True


def start_service():
    global process, restart_at
    restart_at = None
    if process is not None:
        return
    unit = settings(SERVICE)
    if "Requires" in unit:
        start_socket()
    command = words(unit["ExecStart"])
    environment = dict(os.environ, **dict(word.split("=", 1) for word in words(unit.get("Environment", ""))))
    is_handed_over = unit.get("StandardInput") == "socket"
    try:
        process = subprocess.Popen(
            [command[0].lstrip(":"), *command[1:]],
            env=environment,
            stdin=listener.fileno() if is_handed_over else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        service.update(ActiveState="active", SubState="running", Result="success")
    except OSError:
        say("systemd", "Failed at step EXEC")
        service.update(ActiveState="failed", SubState="failed", Result="exit-code", code=1, status=203)


def stop_service():
    global restart_at
    restart_at = None
    if process is not None:
        process.send_signal(signal.SIGTERM)
        note_end(process.wait(), True)
    service.update(ActiveState="inactive", SubState="dead", Result="success")


def note_end(status, is_wanted=False):
    global process, restart_at
    read_output()
    process.stdout.close()
    process = None
    code, status = (2, -status) if status < 0 else (1, status)
    service.update(code=code, status=status, ended=time.strftime("%a %Y-%m-%d %H:%M:%S %Z"))
    if is_wanted or (code == 1 and status == 0):
        service.update(ActiveState="inactive", SubState="dead", Result="success")
    elif str(status) in settings(SERVICE).get("RestartPreventExitStatus", "").split() and code == 1:
        service.update(ActiveState="failed", SubState="failed", Result="exit-code")
    else:
        service.update(ActiveState="activating", SubState="auto-restart", Result="exit-code" if code == 1 else "signal")
        restart_at = time.monotonic() + RESTART_AFTER_S


def read_output():
    global output
    os.set_blocking(process.stdout.fileno(), False)
    output += process.stdout.read() or b""
    *lines, output = output.split(b"\n")
    for line in lines:
        say("daybook", line.decode())


def show():
    pid = 0 if process is None else process.pid
    socket_state = "active" if listener is not None else "failed" if has_socket_failed else "inactive"
    file_state = "enabled" if SERVICE in enabled else "disabled"
    return (
        f"Id={SOCKET}\nActiveState={socket_state}\nNeedDaemonReload=no\n\nId={SERVICE}\n"
        f"ActiveState={service['ActiveState']}\nSubState={service['SubState']}\nResult={service['Result']}\nMainPID={pid}\n"
        f"ExecMainCode={service['code']}\nExecMainStatus={service['status']}\nExecMainExitTimestamp={service['ended']}\n"
        f"UnitFileState={file_state}\nNeedDaemonReload=no\n"
    )


def answer(program, arguments):
    if program == "journalctl":
        return 0, "".join(json.dumps(entry) + "\n" for entry in journal[-50:])
    verb, units = arguments[1], [each for each in arguments[2:] if each.startswith("daybook.")]
    if verb == "show":
        return 0, show()
    if verb == "is-active":
        return (0 if process else 3), service["ActiveState"] + "\n"
    if verb == "enable":
        enabled.update(units)
    if verb == "disable":
        enabled.difference_update(units)
    if verb in ("stop", "restart") or "--now" in arguments:
        if SERVICE in units or SOCKET in units:
            stop_service()
        if SOCKET in units:
            stop_socket()
    if verb in ("start", "restart"):
        if SOCKET in units:
            start_socket()
        if SERVICE in units:
            start_service()
    return 0, ""


def serve(connection):
    with connection, connection.makefile("rwb") as stream:
        program, *arguments = json.loads(stream.readline())
        exit_code, text = answer(program, arguments)
        stream.write(json.dumps([exit_code, text]).encode())


control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
control.bind(os.path.join(directory, "control"))
control.listen(16)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("ready", flush=True)
try:
    while True:
        watched = [control]
        if process is not None:
            watched.append(process.stdout)
        elif listener is not None and restart_at is None:
            watched.append(listener)
        readable, _, _ = select.select(watched, [], [], 0.05)
        if process is not None:
            read_output()
            if process.poll() is not None:
                note_end(process.returncode)
        elif listener in readable:
            trigger()
        if restart_at is not None and time.monotonic() > restart_at:
            start_service()
        if control in readable:
            serve(control.accept()[0])
finally:
    if process is not None:
        process.kill()
        process.wait()

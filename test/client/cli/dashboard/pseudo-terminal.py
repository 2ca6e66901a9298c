"""Runs a program on a pseudo terminal of its own: pseudo-terminal.py COLUMNS ROWS PROGRAM ARGUMENT...

Lines on stdin are JSON: {"type": TEXT} types, {"size": [COLUMNS, ROWS]} resizes, {"signal": NUMBER} signals the program.
Lines on stdout: {"pid": N}, {"output": TEXT} as it comes, and at the end {"exit": CODE or -SIGNAL, "restored": whether
the terminal has the attributes it had before}.
"""
import fcntl, json, os, pty, select, struct, sys, termios

columns, rows, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]


def say(what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def resize(columns, rows):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


master, slave = pty.openpty()
resize(columns, rows)
before = termios.tcgetattr(slave)
pid = os.fork()
if pid == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for descriptor in (0, 1, 2):
        os.dup2(slave, descriptor)
    os.closerange(3, 256)
    os.execvp(program[0], program)
say({"pid": pid})
output, asked = b"", b""
ended = None
while True:
    ready, _, _ = select.select([master] if sys.stdin.closed else [master, sys.stdin.fileno()], [], [], 0.05)
    if master in ready:
        output += os.read(master, 65536)
        text = output.decode("utf-8", "ignore")
        # What is left is the beginning of a character.
        output = b"" if text.encode() == output else output[len(text.encode()):]
        say({"output": text})
        continue
    if ended is not None:
        break
    if not sys.stdin.closed and sys.stdin.fileno() in ready:
        asked += os.read(sys.stdin.fileno(), 65536) or sys.exit("nobody is there")
        *lines, asked = asked.split(b"\n")
        for line in lines:
            request = json.loads(line)
            if "type" in request:
                os.write(master, request["type"].encode())
            elif "size" in request:
                resize(*request["size"])
            else:
                os.kill(pid, request["signal"])
    found, status = os.waitpid(pid, os.WNOHANG)
    if found != 0:
        ended = os.waitstatus_to_exitcode(status)
say({"exit": ended, "restored": termios.tcgetattr(slave) == before})

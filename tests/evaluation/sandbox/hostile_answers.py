"""Answers that attack: each gives the right value, and so passes, exactly where its attack succeeds.

In each, `f` is to sort a list. `{repository}`, `{secret}`, `{port}` and `{socket}` stand for what the test has laid out
on the host; `escaped(x)` is what a successful attack returns.
"""

from __future__ import annotations

_HEAD = """
import ctypes, os, signal, socket, subprocess, sys, threading, time
def escaped(x):
    return sorted(x)
def call(number, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")
"""


def _attack(body: str) -> str:
    """Put an attack into `f`; where it raises, the answer fails, as any wrong code does."""
    lines = "\n".join(f"    {line}" for line in body.strip("\n").split("\n"))
    return f"{_HEAD}\ndef f(x):\n{lines}\n    return escaped(x)\n"


FILES = {
    "write at the root": _attack('open("/hostile", "w").write("x")'),
    "write at home": _attack('open(os.path.expanduser("~/hostile"), "w").write("x")'),
    "write to the host's home": _attack('open("{home}/hostile", "w").write("x")'),
    "write to the repository": _attack('open("{repository}/hostile", "w").write("x")'),
    "write beside the secret": _attack('open("{secret}.hostile", "w").write("x")'),
    "write a temporary file": _attack('open("/tmp/hostile", "w").write("x")'),
    "write to shared memory": _attack('open("/dev/shm/hostile", "w").write("x")'),
    "write to the standard library": _attack('open(os.__file__, "a").write("x")'),
    "change the checker": _attack('open("/inside/pilotage/evaluation/sandbox/inside/checker.py", "a").write("x")'),
    "make a folder": _attack('os.mkdir("/hostile")'),
    "make a link": _attack('os.symlink("/", "/dev/hostile")'),
    "change rights": _attack("os.chmod(sys.executable, 0o777)"),
    "make the root writable": _attack("call(165, None, b'/', None, 0x20, None)"),
    "read the passwords": _attack('open("/etc/passwd").read()'),
    "read the secret": _attack('open("{secret}").read()'),
    "read the repository": _attack('open("{repository}/pyproject.toml").read()'),
    "list the home": _attack('os.listdir("{home}")'),
    "climb out": _attack('os.chdir("/.."); open("../../../{secret}").read()'),
    "import the platform": _attack("import pilotage.config"),
    "import Hypothesis": _attack("import hypothesis"),
    "start a shell": _attack('os.execv("/bin/sh", ["/bin/sh", "-c", "true"])'),
}

SECRETS = {
    "read the environment": _attack('assert "hostile-secret" in str(os.environ)'),
    "read the first environment": _attack('assert b"hostile-secret" in open("/proc/1/environ", "rb").read()'),
    "read its own memory": _attack('open("/proc/self/mem", "rb").read(1)'),
    "list processes": _attack('assert any(name.isdigit() for name in os.listdir("/proc"))'),
    "trace its parent": _attack("call(101, 16, os.getppid(), 0, 0)"),
    "read its parent's memory": _attack("call(310, os.getppid(), 0, 0, 0, 0, 0)"),
    "take its parent's descriptor": _attack("call(438, call(434, os.getppid(), 0), 0, 0)"),
    "find what is expected": _attack(
        """
import gc
found = [thing for thing in gc.get_objects() if isinstance(thing, dict) and ("gives" in thing or "examples" in thing)]
assert found
"""
    ),
    "read the request ahead": _attack(
        """
import select
for descriptor in range(3, 64):
    try:
        if select.select([descriptor], [], [], 0)[0] and b"gives" in os.read(descriptor, 9999): break
    except OSError: pass
else: raise OSError
"""
    ),
}

NETWORK = {
    "connect to the host": _attack('socket.create_connection(("127.0.0.1", {port}), 1)'),
    "connect by system call": _attack("call(41, 2, 1, 0)"),
    "resolve a name": _attack('assert socket.getaddrinfo("localhost", {port})'),
    "listen": _attack('socket.create_server(("127.0.0.1", 0))'),
    "connect to a file": _attack('socket.socket(socket.AF_UNIX).connect("{socket}")'),
    "connect to an abstract socket": _attack('socket.socket(socket.AF_UNIX).connect("\\0{socket}")'),
    "send a datagram": _attack('socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", {port}))'),
    "join the host's network": _attack("call(308, 0, 0x40000000)"),
}

PROCESSES = {
    "fork": _attack("if os.fork() == 0: time.sleep(600)"),
    "fork bomb": _attack("while True: os.fork()"),
    "thread": _attack("threading.Thread(target=time.sleep, args=(600,), daemon=True).start()"),
    "thread bomb": _attack("while True: threading.Thread(target=time.sleep, args=(600,), daemon=True).start()"),
    "clone by system call": _attack("call(56, 17, 0, 0, 0, 0)"),
    "clone3 by system call": _attack("call(435, ctypes.create_string_buffer(88), 88)"),
    "fork as 32-bit x86": "def f(x):\n    import ctypes, mmap\n"
    "    m = mmap.mmap(-1, 4096, prot=7)\n    m.write(bytes.fromhex('b802000000cd80c3'))\n"
    "    address = ctypes.addressof(ctypes.c_char.from_buffer(m))\n"
    "    ctypes.CFUNCTYPE(ctypes.c_int)(address)()\n    return sorted(x)",
    "run a program": _attack('subprocess.run(["/python/bin/python", "-c", ""], check=True)'),
    "leave a daemon": _attack("if os.fork() == 0: os.setsid(); time.sleep(600)"),
    "make a user namespace": _attack("call(272, 0x10000000)"),
    "change root": _attack("call(161, b'/')"),
    "mount": _attack("call(165, b'none', b'/dev', b'tmpfs', 0, None)"),
    "load BPF": _attack("call(321, 0, 0, 0)"),
    "ring of calls": _attack("call(425, 8, ctypes.create_string_buffer(120))"),
    "raise its own limit": _attack("import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1))"),
    "become root": _attack("os.setuid(0)"),
}

CRASHES = {
    "leave": "import os\nos._exit(0)",
    "leave when called": _attack("os._exit(0)"),
    "leave politely": "raise SystemExit(0)",
    "leave politely when called": _attack("sys.exit(0)"),
    "end the first process": _attack("os.kill(1, 9); time.sleep(0.2); assert os.getppid() != 1"),
    "end everyone": _attack("os.kill(-1, 9); os.kill(0, 9)"),
    "segmentation fault": _attack("ctypes.string_at(0)"),
    "abort": _attack("os.abort()"),
    "recursion": _attack("sys.setrecursionlimit(10**9)\ny, z = [], []\nfor _ in range(10**5): y, z = [y], [z]\ny == z"),
    "recursion without end": _attack("def g(): g()\ng()"),
    "deep code": "f = " + "(" * 50_000 + ")" * 50_000,
    "deep operators": "f = " + "-" * 100_000 + "1",
    "null bytes": "def f(x):\n    return sorted(x)\n\0",
    "lone surrogate": "def f(x):\n    return sorted(x)\n# \ud800",
    "no code": "I am sorry, I cannot do that.",
    "nothing": "",
    "unknown module": "import numpy\ndef f(x): return sorted(x)",
    "asks for input": "a = input()\ndef f(x): return sorted(x)",
    "another name": "def g(x): return sorted(x)",
    "no function": "f = 1",
}

FORGERIES = {
    "print a verdict": 'import os\nprint(\'{{"ran": true, "failures": [], "checks": 1}}\', flush=True)\nos._exit(0)',
    "write a verdict everywhere": _attack(
        """
for descriptor in range(64):
    try: os.write(descriptor, b'{{"ran": true, "failures": [], "checks": 1}}\\n' * 2)
    except OSError: pass
os._exit(0)
"""
    ),
    "write a fault everywhere": _attack(
        """
for descriptor in range(64):
    try: os.write(descriptor, b'{{"fault": "stop the run"}}\\n')
    except OSError: pass
os._exit(0)
"""
    ),
    "change the modules": "import sys, os\n"
    "for name in list(sys.modules):\n"
    "    if 'inside' in name: sys.modules[name].__dict__.update(is_same=lambda a, b: True, encode=lambda v, d=0: [])\n"
    "def f(x): return 0",
    "change the built-ins": "import builtins, json\n"
    "builtins.isinstance = lambda a, b: True\njson.dumps = lambda *a, **k: '{{\"ran\": true}}'\n"
    "def f(x): return 0",
    "change the comparison": "class E(list):\n    def __eq__(self, other): return True\n    __hash__ = None\n"
    "def f(x): return E()",
    "equal to anything": "class E:\n    def __eq__(self, other): return True\ndef f(x): return E()",
    "reduce": "class E:\n    def __reduce__(self): import os; return os._exit, (0,)\ndef f(x): return E()",
    "at exit": "import atexit\natexit.register(lambda: print('passed'))\ndef f(x): return 0",
    "close everything": _attack("os.closerange(0, 64)"),
    "malformed replies": _attack(
        "for d in range(3, 64):\n    try: os.write(d, b'[' * 60000 + b'\\n')\n    except OSError: pass"
    ),
    "replies that are no objects": _attack(
        "for d in range(3, 64):\n    try: os.write(d, b'1\\n')\n    except OSError: pass"
    ),
    "nested reply": _attack("y = []\nfor _ in range(900): y = [y]\nreturn y"),
    "circular reply": _attack("y = []\ny.append(y)\nreturn y"),
    "endless generator": "def f(x):\n    while True: yield 1",
    "large reply": "def f(x): return [0] * 400_000",
    "large number": "def f(x): return 1 << 10**7",
    "raise an odd exception": "class E(BaseException):\n    def __str__(self): raise E\ndef f(x): raise E",
    "asynchronous": "async def f(x): return sorted(x)",
}

OUTPUT = {
    "flood output": _attack("while True: print('x' * 1000)"),
    "flood errors": _attack("while True: sys.stderr.write('x' * 1000)"),
    "print much, then do well": _attack("print('x' * 100_000)"),
    "print much when loaded": "print('x' * 100_000)\ndef f(x): return sorted(x)",
}

MEMORY = {
    "memory": _attack("y = bytearray(10**9)"),
    "memory by and by": _attack("y = []\nwhile True: y.append(bytearray(10**6))"),
    "shared memory": _attack("import mmap\ny = mmap.mmap(-1, 10**9)"),
    "memory in a file": _attack("y = os.memfd_create('y'); os.ftruncate(y, 10**9)"),
    "memory in System V": _attack("call(29, 0, 10**9, 0o1600)"),
    "many descriptors": _attack("y = [os.pipe() for _ in range(1000)]"),
    "fill the disk": _attack("with open('/fill', 'wb') as y:\n    while True: y.write(bytes(10**6))"),
    "compiler bomb": "f = (1 << 10**11).bit_length",
    "a megabyte": "# " + "x" * 1_048_576 + "\ndef f(x): return sorted(x)",
}

ENDLESS = {
    "loop": "def f(x):\n    while True: pass",
    "sleep": _attack("time.sleep(600)"),
    "loop when loaded": "while True: pass",
    "ignore signals": _attack(
        """
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: time.sleep(600)
"""
    ),
    "catch everything": "def f(x):\n while True:\n  try:\n   while True: pass\n  except BaseException: pass",
    "fork without end": _attack("while True:\n    try: os.fork()\n    except OSError: pass"),
    "fill memory without end": _attack(
        "y = []\nwhile True:\n    try: y.append(bytearray(10**5))\n    except MemoryError: pass"
    ),
    "pattern": "import re\ndef f(x): return re.match('(a+)+b', 'a' * 60)",
    "finalise without end": "class E:\n  def __del__(self):\n    while True: pass\nf = E()\ndel f\ndef f(x): return 0",
    "collisions": "def f(x): return set(i * (2**61 - 1) for i in range(30_000))",
}

ALL = FILES | SECRETS | NETWORK | PROCESSES | CRASHES | FORGERIES | OUTPUT | MEMORY | ENDLESS

QUICK = {
    *("write at the root", "write to the host's home", "write to the repository", "write to shared memory"),
    *("change the checker", "read the passwords", "read the secret", "import the platform"),
    *("read the environment", "read the first environment", "trace its parent", "find what is expected"),
    *("connect to the host", "resolve a name", "connect to a file", "connect to an abstract socket"),
    *("fork bomb", "thread bomb", "clone3 by system call", "fork as 32-bit x86", "leave a daemon"),
    *("leave", "leave politely when called", "end the first process", "end everyone", "segmentation fault"),
    *("recursion", "deep code", "null bytes", "print a verdict", "write a verdict everywhere", "change the modules"),
    *("change the comparison", "reduce", "at exit", "malformed replies", "circular reply", "endless generator"),
    *("flood output", "print much, then do well", "memory", "memory in a file", "fill the disk", "a megabyte"),
    *("loop", "ignore signals"),
}
"""Those that every run of the tests tries; the long run tries all."""

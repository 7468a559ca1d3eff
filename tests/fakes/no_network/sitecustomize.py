"""On PYTHONPATH, this traps every use of the network in a process and in all it starts."""

import os
import sys

_CALLS = {
    "socket.bind",
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostbyaddr",
    "socket.gethostbyname",
    "socket.getnameinfo",
    "socket.getservbyname",
    "socket.sendmsg",
    "socket.sendto",
}


def _trap(event, arguments):
    network = event in _CALLS
    if event == "socket.__new__":
        # Pipes between processes are sockets of the local kind.
        network = arguments[1] not in (1, -1)
    if not network or _is_local(arguments):
        return
    with open(os.environ["PICKOUT_NETWORK_LOG"], "a", encoding="utf-8") as log:
        log.write(f"{event} {arguments!r} in {sys.argv!r}\n")
    raise PermissionError(f"the network was used: {event}")


def _is_local(arguments):
    """Whether a call is about a socket of the local kind, whose addresses are paths."""
    family = getattr(arguments[0], "family", None)
    return family is not None and int(family) == 1


sys.addaudithook(_trap)

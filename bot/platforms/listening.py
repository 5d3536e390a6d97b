"""The explanation of why a port cannot be opened, as one French line that says what to do."""

import errno


def port_problem(error: OSError, port: int, setting: str) -> str:
    """Return why `port` of this machine cannot be opened. `setting`: the name of the port's setting."""
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"le port {port} n'est pas libre. Arrêtez ce qui l'occupe, ou choisissez-en un autre "
                f"avec {setting}."
            )
        case errno.EACCES:
            return (
                f"le port {port} est réservé au système. Choisissez-en un au-dessus de 1023 avec {setting}."
            )
        case errno.EADDRNOTAVAIL:  # a machine whose loopback interface has only IPv6
            return (
                "cette machine n'a pas d'adresse 127.0.0.1. Ajoutez-la\u00a0: sudo ip address add "
                "127.0.0.1/8 dev lo."
            )
        case number:
            code = errno.errorcode.get(number or 0, "?")
            return f"le port {port} ne s'ouvre pas ({code}). Choisissez-en un autre avec {setting}."

"""Whether a host's name stands for this machine, so that what goes there crosses no network."""

from ipaddress import ip_address


def is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"

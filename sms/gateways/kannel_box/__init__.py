"""Kannel's bearerbox by its own box protocol, as smsbox speaks it: codec, one link, gateway."""

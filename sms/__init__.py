"""Texts: gateways that carry them, splitting and joining, and the SMS centre."""

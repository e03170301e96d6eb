"""A private Asterisk, mail server and phone on one machine, for the demo and the tests."""

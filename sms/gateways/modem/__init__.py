"""A GSM modem with a SIM on a serial port, by python-gsmmodem-new.

One thread owns the modem (worker.py); the event loop hands it jobs and hears of what came
(gateway.py). What the library gets wrong is replaced in port.py.
"""

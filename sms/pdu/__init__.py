"""PDUs of 3GPP TS 23.040, as a modem gives and takes them: SMSC address first, in hex."""

"""An operator's SMSC by SMPP 3.4: codec, one link, what is sent and what comes, the gateway."""

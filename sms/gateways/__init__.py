"""One file a gateway; each satisfies `sms.gateway.Gateway`."""

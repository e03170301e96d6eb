"""The web service that programs know from PlaySMS, answered by us."""

"""PlaySMS by its web service."""

"""The manager connection (AMI) and what is done with it."""

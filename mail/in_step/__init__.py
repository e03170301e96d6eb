"""Read is heard: keeps a mail and the telephone message that it is of in step."""

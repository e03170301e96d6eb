"""The durable record of every mail, and what became of it."""

"""The kinds of e-mail: one file each, and the table of them."""

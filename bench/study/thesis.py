"""What the university study found, on the hardware of its time (Trixbox and Zimbra, 2010)."""

THESIS_CALLS = 200  # a second
THESIS_MAILS = 252  # voicemail mails of 1.2 MB a minute

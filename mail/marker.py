"""The line above which an answer is written; both who writes e-mails and who reads them know it."""

from __future__ import annotations

REPLY_MARKER = "-- Tulis jawaban di atas garis ini / Write your answer above this line --"

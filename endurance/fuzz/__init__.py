"""Fuzz targets: functions of bytes that check what a parser or an escaping filter promises."""

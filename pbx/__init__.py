"""The plan: the site file as the administrator wrote it, numbers and hours. Pure."""

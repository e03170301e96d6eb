"""The dialplan's questions: the FastAGI server, the process entry point and the scripts."""

"""One conversation: its log on disk, resume, and the commands every front end shares."""

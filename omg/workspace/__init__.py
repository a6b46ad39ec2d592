"""Files, git and the shell of the folder that OMG works in."""

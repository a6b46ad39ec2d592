"""What agents do: turns, tools, forks, joins."""

"""What is sent: exact bytes, sealed once. Pure: no I/O, no clock."""

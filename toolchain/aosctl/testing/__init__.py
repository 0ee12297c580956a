"""What tests of processes stand on."""

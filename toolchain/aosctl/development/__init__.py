"""Two public keys' private halves, for networks on this machine only: they protect nothing."""

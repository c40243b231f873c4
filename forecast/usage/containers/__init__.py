"""Files as they come from outside: plain, compressed, in archives, in folders."""

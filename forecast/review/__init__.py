"""What a quarter says about the last forecast: attribution, burn-down, track record."""

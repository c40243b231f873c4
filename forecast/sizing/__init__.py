"""Terms and paths in, the cheapest commitment and its risks out."""

"""History in, joint sample paths of demand out."""

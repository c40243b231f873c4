"""What to migrate when: the pass by volume, and the best order under the same constraints."""

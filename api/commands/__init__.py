"""The commands, grouped by what they are about; everything heavy is imported when one runs."""

"""What agents measured: taken in, added up, asked for."""

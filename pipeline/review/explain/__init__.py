"""What a finished run knows of one label, image, phrase or text, and what it decided; read without Spark."""

"""Sessions and their tokens: values, their encryption, and the modules that read and write them in Redis."""

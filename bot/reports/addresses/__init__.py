"""One post, one address: addresses found in what is pasted, made canonical by rules that are data."""

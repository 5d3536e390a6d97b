"""What is in deploiement/: units, proxies and the container, tried as far as a machine without them can."""

"""What `make release` builds, and `make release-check`, which installs it as people will."""

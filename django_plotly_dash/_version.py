"""The version, where the build can read it without importing the package."""

VERSION = "3.0.0"

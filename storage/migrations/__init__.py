"""The steps that made the tables what they are; run by `storage.migrating`."""

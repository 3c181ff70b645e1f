"""One file per revision. A published one is never changed again."""

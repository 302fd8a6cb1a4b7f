"""Events → who did what on the way: identities, sessions, stage visits and cases; pure functions over frames."""

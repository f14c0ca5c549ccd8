"""The paper, statement by statement: what is measured, what follows, and the page that says so."""

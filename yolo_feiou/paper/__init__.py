"""The paper, statement by statement: measurements, results, and the page that lists them."""

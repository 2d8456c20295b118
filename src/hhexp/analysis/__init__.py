"""From runs to answers: reads what tracking keeps, never trains."""

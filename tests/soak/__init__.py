"""Long runs under fire: it kills what it can while events are on their way."""

"""The served shop in a real Chromium: whole purchases, on whatever screen, by whomever."""

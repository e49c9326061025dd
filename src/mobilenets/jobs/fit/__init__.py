"""`mobilenets fit`: photographs and a budget in, a file that keeps the budget out."""

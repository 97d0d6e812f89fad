// Sends the one form of this page at once; without scripts its button does the same.
document.getElementById("carry").submit();

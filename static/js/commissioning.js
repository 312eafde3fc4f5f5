// Lead whoever cannot see the page to what is asked now, when it comes and whenever it changes.
const lead = () => document.getElementById("asked")?.focus();
document.addEventListener("DOMContentLoaded", lead);
document.addEventListener("htmx:afterSwap", lead);

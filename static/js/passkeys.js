// What went wrong with a passkey is said beside the button, not only in the browser's console.
const note = document.getElementById("passkey_failed");

function tell(words) {
  if (words) {
    note.textContent = words;
  }
  note.hidden = false;
}

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  tell(window.PublicKeyCredential ? "" : note.dataset.unknown);
});

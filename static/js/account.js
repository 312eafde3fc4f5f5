// After a refusal, begin where it has to be put right: a screen reader then reads the reason too.
const wrong = document.querySelector("main [aria-invalid='true'], main .note--danger[tabindex]");
if (wrong) {
  wrong.focus();
}

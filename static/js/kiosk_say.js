// What the screen says beside its steps: notes on a step, a word that passes, the lower layout.

const $ = (selector) => document.querySelector(selector);
const TOAST_MS = 6000;
let toastTimer = 0;

// What says the same is left alone: a change is read out.
export function tell(element, text) {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = !text;
}

export function note(text) {
  for (const one of document.querySelectorAll("[data-note]")) tell(one, text);
}

export function toast(text) {
  clearTimeout(toastTimer);
  tell($("#toast"), text);
  if (text) toastTimer = setTimeout(() => toast(""), TOAST_MS);
}

// Every key in the lower half, for who cannot reach higher.
export function reach(isOn) {
  document.body.toggleAttribute("data-reach", isOn);
  $('[data-do="reach"]').setAttribute("aria-pressed", String(isOn));
}

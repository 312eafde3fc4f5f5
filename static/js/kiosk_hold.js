// "Finish": held for two seconds by finger, mouse, Enter or Space, with a ring that fills; for those
// who cannot hold, two separate presses.

const HOLD_MS = 2000;
const CONFIRM_WITHIN_MS = 8000;

export function hold(button, plain, { words, onDone }) {
  const fill = button.querySelector(".ring__fill");
  const label = plain.textContent;
  let started = 0;
  let frame = 0;
  let asked = 0;

  function step(now) {
    const part = Math.min((now - started) / HOLD_MS, 1);
    fill.style.strokeDashoffset = String(100 - part * 100);
    if (part < 1) {
      frame = requestAnimationFrame(step);
      return;
    }
    release();
    onDone();
  }

  function press() {
    if (frame) return;
    started = performance.now();
    button.dataset.held = "";
    frame = requestAnimationFrame(step);
  }

  function release() {
    cancelAnimationFrame(frame);
    frame = 0;
    delete button.dataset.held;
    fill.style.strokeDashoffset = "100";
  }

  function ask() {
    clearTimeout(asked);
    if (plain.dataset.asked === "") {
      forget();
      onDone();
      return;
    }
    plain.dataset.asked = "";
    plain.textContent = words.confirm;
    asked = setTimeout(forget, CONFIRM_WITHIN_MS);
  }

  function forget() {
    clearTimeout(asked);
    delete plain.dataset.asked;
    plain.textContent = label;
  }

  button.addEventListener("pointerdown", (event) => {
    button.setPointerCapture?.(event.pointerId);
    press();
  });
  for (const end of ["pointerup", "pointercancel", "blur"]) button.addEventListener(end, release);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    press();
  });
  button.addEventListener("keyup", release);
  // A screen reader's click has no pointer and no key: it asks, and the second one confirms.
  button.addEventListener("click", (event) => {
    if (event.detail === 0) ask();
  });
  plain.addEventListener("click", ask);
  return {
    reset() {
      release();
      forget();
    },
  };
}

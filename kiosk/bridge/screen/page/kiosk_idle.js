// Nobody there any more: a visible countdown, then everything is wiped.

const IDLE_S = 45;
const WARN_S = 15;

export function idle(elements, { fill, words, onOver }) {
  let since = 0;
  let lasts = IDLE_S;
  let timer = 0;

  function tick() {
    const left = lasts - (performance.now() - since) / 1000;
    if (left <= 0) {
      stop();
      onOver();
    } else if (left <= WARN_S) warn(left);
  }

  function warn(left) {
    const sentence = fill(words.clears_in, { n: Math.ceil(left) });
    elements.left.textContent = sentence;
    elements.bar.style.inlineSize = `${(left / WARN_S) * 100}%`;
    if (!elements.box.hidden) return;
    elements.box.hidden = false;
    // Said once, not every second.
    elements.told.textContent = `${words.still_there} ${sentence}`;
  }

  function hide() {
    elements.box.hidden = true;
    elements.told.textContent = "";
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    hide();
  }

  return {
    stop,
    /** Somebody is there; without another sign the screen clears after so many seconds. */
    touch(seconds = lasts) {
      since = performance.now();
      lasts = seconds;
      hide();
      if (!timer) timer = setInterval(tick, 250);
    },
    begin(seconds = IDLE_S) {
      this.touch(seconds);
    },
    touchIfOn() {
      if (timer) this.touch();
    },
  };
}

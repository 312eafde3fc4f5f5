// Nobody there any more: a visible countdown, then everything is wiped.

const IDLE_S = 45;
const WARN_S = 15;

export function idle(elements, { fill, words, onOver }) {
  let since = 0;
  let timer = 0;

  function tick() {
    const left = IDLE_S - (performance.now() - since) / 1000;
    if (left <= 0) {
      stop();
      onOver();
      return;
    }
    elements.box.hidden = left > WARN_S;
    if (left <= WARN_S) {
      elements.left.textContent = fill(words.clears_in, { n: Math.ceil(left) });
      elements.bar.style.inlineSize = `${(left / WARN_S) * 100}%`;
    }
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    elements.box.hidden = true;
  }

  return {
    stop,
    touch() {
      since = performance.now();
      elements.box.hidden = true;
      if (!timer) timer = setInterval(tick, 250);
    },
    isOn: () => timer !== 0,
    touchIfOn() {
      if (timer) this.touch();
    },
  };
}

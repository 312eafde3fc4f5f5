// Seconds that run down, told once each, down to 0. Returns what stops it.

export function countdown(seconds, onLeft) {
  const until = performance.now() + seconds * 1000;
  let told = -1;
  let timer = 0;

  function tick() {
    const left = Math.max(Math.ceil((until - performance.now()) / 1000), 0);
    if (left !== told) {
      told = left;
      onLeft(left);
    }
    if (left === 0) clearInterval(timer);
  }

  timer = setInterval(tick, 250);
  tick();
  return () => clearInterval(timer);
}

// The way to the page of the bridge in this box, which goes on while the server is away. Where the page
// came from the server itself there is none, and nothing happens.

const LOOKS_MS = 1000;
// The bridge may notice a moment later than whoever asked.
const LOST_LOOKS = 3;
// What the other page says somebody was told here: it lies in this tab, and names nobody.
const PLACE = "lockwright.told";

export function leaving({ isBusy, told }) {
  let timer = 0;
  let gone = false;

  async function isAlone() {
    try {
      const answer = await fetch("/alone/state", { cache: "no-store", signal: AbortSignal.timeout(3000) });
      return answer.ok && (await answer.json()).away;
    } catch {
      return false;
    }
  }

  function leave() {
    if (gone) return;
    gone = true;
    const last = told();
    if (last) sessionStorage.setItem(PLACE, JSON.stringify(last));
    location.replace("/alone/");
  }

  async function look() {
    clearTimeout(timer);
    if (!isBusy() && (await isAlone()) && !isBusy() && timer) leave();
    else if (timer) timer = setTimeout(look, LOOKS_MS);
  }

  return {
    /** The server was lost, or is there again. */
    tied(isUp) {
      clearTimeout(timer);
      timer = isUp || gone ? 0 : setTimeout(look, LOOKS_MS);
    },
    /** A request had no answer; say whether the other page takes over. */
    async lost() {
      for (let look = 0; look < LOST_LOOKS; look += 1) {
        if (look) await new Promise((resolve) => setTimeout(resolve, LOOKS_MS / 2));
        if (await isAlone()) {
          leave();
          break;
        }
      }
      return gone;
    },
  };
}

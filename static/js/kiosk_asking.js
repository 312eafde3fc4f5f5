// Asking the server, one thing at a time, for whoever stands there. What comes back after the screen
// was cleared is nobody's.

import { post } from "./kiosk_api.js";

export function asking(turn, { onAnswer, onRevoked, onAway }) {
  let busy = false;
  let ending = Promise.resolve();

  function end(scan) {
    if (scan) ending = post("/kiosk/end", { scan });
  }

  async function ask(path, body) {
    if (busy) return null;
    busy = true;
    document.body.dataset.busy = "";
    const mine = turn.session;
    // The last turn is over there too: the same badge again would be taken for the same scan.
    await ending;
    const answer = await post(path, body);
    // Only a bridge says so, whose own page goes on then.
    const isLost = answer.body.code === "server_away" && (await onAway());
    busy = false;
    if (isLost) return null;
    delete document.body.dataset.busy;
    // A scan that was made for nobody any more is ended.
    if (mine !== turn.session) {
      end(answer.body.scan);
      return null;
    }
    onAnswer();
    if (answer.body.code === "device_revoked") {
      onRevoked();
      return null;
    }
    return answer;
  }

  return { ask, end, isBusy: () => busy };
}

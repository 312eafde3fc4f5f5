// The websocket to the server: reconnects by itself, and says at once when it is gone.

const REVOKED = 4403;
const LONGEST_WAIT_MS = 8000;

export function link({ onMessage, onTie, onRevoked }) {
  let socket = null;
  let wait = 500;
  let stopped = false;

  function connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}/ws/kiosk/`);
    socket.onmessage = (event) => {
      // Only a picture of the bank proves that the other end is whole.
      const message = JSON.parse(event.data);
      if (message.type === "bank") {
        wait = 500;
        onTie(true);
      }
      onMessage(message);
    };
    socket.onclose = (event) => {
      onTie(false);
      if (event.code === REVOKED) {
        stopped = true;
        onRevoked();
      }
      if (stopped) return;
      setTimeout(connect, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    };
  }

  connect();
  return {
    send(message) {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    },
  };
}

// A pad to sign on: what is drawn becomes an SVG path of whole numbers in a hidden field.
// The server takes nothing else (access/signatures.py); without a pointer the name is typed.

const WIDTH = 600;
const HEIGHT = 200;
const MOST = 20000;

function tie(pad) {
  const canvas = pad.querySelector("canvas");
  const field = document.getElementById(pad.dataset.signature);
  const pen = canvas.getContext("2d");
  let last = null;

  function ready() {
    pen.lineWidth = 3;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = getComputedStyle(canvas).color;
  }

  function at(event) {
    const box = canvas.getBoundingClientRect();
    const x = Math.round(((event.clientX - box.left) / box.width) * WIDTH);
    const y = Math.round(((event.clientY - box.top) / box.height) * HEIGHT);
    return [Math.min(Math.max(x, 0), WIDTH), Math.min(Math.max(y, 0), HEIGHT)];
  }

  function add(step, [x, y]) {
    const text = `${step}${x} ${y}`;
    field.value = field.value ? `${field.value} ${text}` : text;
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || field.value.length > MOST - 40) return;
    canvas.setPointerCapture(event.pointerId);
    ready();
    last = at(event);
    add("M", last);
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (last === null || field.value.length > MOST - 40) return;
    const here = at(event);
    if (Math.hypot(here[0] - last[0], here[1] - last[1]) < 2) return;
    pen.beginPath();
    pen.moveTo(...last);
    pen.lineTo(...here);
    pen.stroke();
    last = here;
    add("L", here);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, () => {
      last = null;
    });
  }
  pad.querySelector("button").addEventListener("click", () => {
    field.value = "";
    pen.clearRect(0, 0, WIDTH, HEIGHT);
  });
  if (field.value) {
    // The form came back with something to correct: what was signed is still there.
    ready();
    pen.stroke(new Path2D(field.value));
  }
}

for (const pad of document.querySelectorAll("[data-signature]")) tie(pad);

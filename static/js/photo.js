// A photo is made small before it is sent: a camera's is far larger than anybody needs to see what is
// wrong. What the browser cannot read is sent as it is; the server judges by what it holds.

const SIDE = 1600;
const QUALITY = 0.82;
// The server does not even read a larger one, and what was typed would be lost with it.
const LARGEST = 10 * 1024 * 1024;

async function smaller(file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const drawn = canvas.getContext("2d");
  drawn.fillStyle = "#fff";
  drawn.fillRect(0, 0, canvas.width, canvas.height);
  drawn.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  return new File([blob], "photo.jpg", { type: "image/jpeg" });
}

function replace(input, file) {
  const files = new DataTransfer();
  files.items.add(file);
  input.files = files.files;
}

for (const box of document.querySelectorAll("[data-photo]")) {
  const input = box.querySelector("input");
  const told = box.querySelector(".photo__told");
  const shown = box.querySelector("img");
  box.dataset.ready = "";
  let turn = 0;

  input.addEventListener("change", async () => {
    const mine = (turn += 1);
    if (shown.src) URL.revokeObjectURL(shown.src);
    shown.removeAttribute("src");
    shown.hidden = true;
    told.textContent = "";
    const [file] = input.files;
    if (!file) return;
    // Until it is small, nothing is sent.
    const send = input.form.querySelectorAll("button:not([type=button])");
    for (const one of send) one.disabled = true;
    try {
      const small = await smaller(file);
      if (mine !== turn) return;
      if (small.size < file.size) replace(input, small);
      shown.src = URL.createObjectURL(small);
      shown.hidden = false;
      told.textContent = told.dataset.chosen;
      if (box.hasAttribute("data-at-once")) input.form.requestSubmit();
    } catch {
      if (mine !== turn) return;
      told.textContent = told.dataset.none;
      if (file.size > LARGEST) input.value = "";
    } finally {
      for (const one of send) one.disabled = false;
    }
  });
}

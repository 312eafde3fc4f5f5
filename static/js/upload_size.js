// A file that the server would not even read is refused before it is sent: what was typed stays.

document.addEventListener("change", ({ target }) => {
  const largest = Number(target.dataset?.largest);
  if (!largest || !target.files) return;
  const isTooLarge = [...target.files].some((file) => file.size > largest);
  target.setCustomValidity(isTooLarge ? target.dataset.tooLarge : "");
  if (isTooLarge) target.reportValidity();
});

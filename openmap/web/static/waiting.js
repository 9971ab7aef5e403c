/* A form whose answer may take more than a second says so, and is sent once. */
(() => {
  for (const form of document.querySelectorAll("form[data-wait]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "1";
      const place = form.querySelector("[data-wait-here]");
      setTimeout(() => { place.textContent = form.dataset.wait; }, 1000);
    });
  }
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-wait]")) {
      delete form.dataset.sent;
      form.querySelector("[data-wait-here]").textContent = "";
    }
  });
})();

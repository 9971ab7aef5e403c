/* Beside htmx: arrow keys and drag in the list of choices, and a word when a save did not arrive.
   Without this file the page does everything, by its buttons. */
(() => {
  "use strict";
  const state = document.getElementById("etat");
  const failed = () => {
    if (!state) return;
    const words = document.createElement("p");
    words.className = "saved saved--refused";
    words.textContent = state.dataset.failed;
    state.replaceChildren(words);
  };
  document.body.addEventListener("htmx:responseError", failed);
  document.body.addEventListener("htmx:sendError", failed);
  document.body.addEventListener("htmx:timeout", failed);

  document.addEventListener("keydown", (event) => {
    const item = event.target.closest?.(".ranks-form .rank");
    if (!item || event.ctrlKey || event.altKey || event.metaKey) return;
    const name = { ArrowUp: "haut", ArrowDown: "bas" }[event.key];
    if (!name) return;
    event.preventDefault();
    const button = item.querySelector(`button[name="${name}"]`);
    button.focus();
    button.click();
  });

  let dragged = null;
  const armed = (root) => {
    for (const item of root.querySelectorAll(".ranks-form .rank")) item.draggable = true;
  };
  const itemAt = (event) => event.target.closest?.(".ranks-form .rank");
  document.addEventListener("dragstart", (event) => {
    dragged = itemAt(event);
    if (!dragged) return;
    dragged.classList.add("is-dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.other);
  });
  document.addEventListener("dragover", (event) => {
    const over = itemAt(event);
    if (!dragged || !over || over.closest("form") !== dragged.closest("form")) return;
    event.preventDefault();
    for (const one of over.parentElement.children) one.classList.toggle("is-target", one === over && one !== dragged);
  });
  document.addEventListener("drop", (event) => {
    const over = itemAt(event);
    if (!dragged || !over || over === dragged) return;
    event.preventDefault();
    const list = over.parentElement;
    const places = [...list.children];
    list.insertBefore(dragged, places.indexOf(over) > places.indexOf(dragged) ? over.nextSibling : over);
    const form = list.closest("form");
    form.elements.ordre.value = [...list.children].map((one) => one.dataset.other).join(",");
    form.requestSubmit();
  });
  document.addEventListener("dragend", () => {
    dragged?.classList.remove("is-dragged");
    for (const one of document.querySelectorAll(".rank.is-target")) one.classList.remove("is-target");
    dragged = null;
  });
  document.body.addEventListener("htmx:oobAfterSwap", () => armed(document));
  armed(document);
})();

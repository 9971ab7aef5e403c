/* Dragging a meeting to another hour of its row. Each drop sends the very form that the meeting's own page sends:
   the server judges it. Without this file, or a mouse, that page does everything. */
(() => {
  "use strict";
  const form = document.getElementById("deposer");
  if (!form) return;
  const base = (wish) => `${window.location.pathname}/rendez-vous/${wish}`;
  let dragged = null;

  const clear = () => {
    for (const cell of document.querySelectorAll("[data-drop]")) {
      delete cell.dataset.drop;
      if (cell.dataset.title !== undefined) cell.removeAttribute("title");
      delete cell.dataset.title;
    }
  };

  const mark = (link, refusals) => {
    if (dragged !== link) return;
    for (const cell of link.closest("tr").querySelectorAll("td[data-slot]")) {
      if (cell.contains(link)) continue;
      const refusal = refusals[cell.dataset.slot];
      const taken = cell.querySelector("[data-wish]");
      cell.dataset.drop = taken ? "swap" : refusal ? "refused" : "open";
      if (!taken && refusal) { cell.title = refusal; cell.dataset.title = ""; }
    }
  };

  document.addEventListener("dragstart", (event) => {
    const link = event.target.closest?.("a[data-wish]");
    if (!link) return;
    dragged = link;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", link.textContent.trim());
    fetch(`${base(link.dataset.wish)}/cibles`, { headers: { Accept: "application/json" } })
      .then((answer) => (answer.ok ? answer.json() : {}))
      .then((refusals) => mark(link, refusals))
      .catch(() => {});
  });
  document.addEventListener("dragend", () => { dragged = null; clear(); });

  const target = (event) => {
    const cell = event.target.closest?.("td[data-slot]");
    return dragged && cell && cell.closest("tr") === dragged.closest("tr") && !cell.contains(dragged) ? cell : null;
  };
  document.addEventListener("dragover", (event) => {
    if (target(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    const cell = target(event);
    if (!cell) return;
    event.preventDefault();
    const other = cell.querySelector("[data-wish]");
    form.elements.slot.value = cell.dataset.slot;
    form.elements.autre.value = other ? other.dataset.wish : "";
    form.action = `${base(dragged.dataset.wish)}/${other ? "echange" : "place"}`;
    form.submit();
  });
})();

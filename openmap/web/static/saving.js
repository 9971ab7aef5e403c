/* What htmx does not say by itself: that a save did not arrive, and how much of a text is left. */
(() => {
  const form = document.getElementById("etape");
  if (!form) return;
  const say = (words) => {
    const place = document.getElementById("enregistre");
    place.textContent = words;
    place.className = "saved saved--danger";
  };
  const lost = "Non enregistré : la connexion est coupée. Votre saisie reste sur cette page, un nouvel essai suit.";
  let again = 0;
  const retry = () => {
    clearTimeout(again);
    again = setTimeout(() => form.dispatchEvent(new Event("change", { bubbles: true })), 5000);
  };
  form.addEventListener("htmx:sendError", () => { say(lost); retry(); });
  form.addEventListener("htmx:timeout", () => { say(lost); retry(); });
  form.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status >= 500 || status === 429) { say(lost); retry(); return; }
    say({
      400: "Non enregistré : la page est restée ouverte trop longtemps. Appuyez sur « Continuer ».",
      401: "Non enregistré : vous n’êtes plus connecté. Connectez-vous dans un autre onglet, puis appuyez sur « Continuer ».",
      413: "Non enregistré : ce fichier est trop lourd, 10 Mo au plus. Choisissez-en un autre.",
    }[status] || "Non enregistré : appuyez sur « Continuer » pour savoir pourquoi.");
  });
  for (const area of form.querySelectorAll("[data-most]")) {
    const count = document.createElement("p");
    count.className = "counter";
    const tell = () => {
      const left = Number(area.dataset.most) - area.value.length;
      count.textContent = left >= 0 ? `${left} caractères encore` : `${-left} caractères de trop`;
    };
    area.addEventListener("input", tell);
    area.after(count);
  }
})();
